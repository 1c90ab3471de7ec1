"""What a policy does not want shown: places of a tool that are `sensitive` or `secret`, and facts made from such.

A place hides what lies below it, and what it lies in. Leaves out how a hidden value is written; reports do that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.conditions import ConditionError
from govern.conditions.inputs import Path, path_of
from govern.conditions.parse import parse
from govern.policy.model import Fact, Policy


@dataclass(frozen=True, slots=True)
class Masked:
    """Input paths that are not shown."""

    paths: tuple[Path, ...] = ()

    def hides(self, paths: Iterable[Path]) -> bool:
        """Whether a value made from these inputs is not shown."""
        return any(overlaps(path, hidden) for path in paths for hidden in self.paths)


def masked(policy: Policy, tool: str) -> Masked:
    """What is not shown of a call of a tool: its own places, and facts that other tools' results or calls say."""
    own = policy.tools.get(tool)
    found = [place(each) for each in (*own.sensitive, *own.secret)] if own else []
    for fact in policy.facts.values():
        found += _of_fact(policy, fact)
    return Masked(tuple(dict.fromkeys(found)))


def overlaps(one: Path, other: Path) -> bool:
    """Whether one path is the other, lies in it, or holds it."""
    return all(left == right for left, right in zip(one, other, strict=False))


def place(text: str) -> Path:
    """A place as conditions write it, as a path (of `x[*]…`, that of `x`); what is none stands for all arguments."""
    try:
        return path_of(parse(text.partition("[*]")[0])) or ("args",)
    except ConditionError:
        return ("args",)


def _of_fact(policy: Policy, fact: Fact) -> Iterable[Path]:
    sources = [policy.tools[name] for name in fact.result_of if name in policy.tools]
    hidden = [place(each) for source in sources for each in (*source.sensitive, *source.secret)]
    for field in fact.fields:
        # A fact is read from the result of the source, or from its call, whose arguments are `args` there.
        path = place(field.path) if field.path else ()
        path = ("args", *path[1:]) if path[:1] == ("call",) else path
        if path and any(overlaps(path, each) for each in hidden):
            yield (fact.name, field.name)
