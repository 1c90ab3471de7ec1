"""What may be shown of arguments: of a mapped tool all but what its charter calls sensitive or secret, of an unmapped
one their shapes alone unless values were asked for.

Nobody has said of an unmapped tool's arguments what is sensitive. So places that have the name of one that is, anywhere
in the charter, are never shown; and argument names that are no plain words may be data themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from govern.events.canonical import Malformed, parse, text_of
from govern.policy.explanation.masking import Masked, masked, overlaps, place
from govern.policy.model import Policy
from govern.replay.details import Place, Shapes
from govern.replay.looked import Held, Lacking
from govern.replay.shadow_model import Sample
from govern.replay.shapes import kind_of

MASKED: Final = "(masked)"
LONGEST: Final = 400
"""Characters of a sample's arguments."""
_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,63}")
_OTHER: Final = "*"
_WORDS: Final = {
    Lacking.MALFORMED: "its arguments are malformed",
    Lacking.UNCAPTURED: "the log does not have its arguments",
    Lacking.LONG: "its arguments are too long to show",
}


def shown(shapes: Shapes, policy: Policy | None, *, values: bool) -> Shapes:
    """The shapes of an unmapped tool's arguments as they may be shown.

    Args:
        policy: of its agent.
        values: whether values were asked for.
    """
    secret = hidden_names(policy)
    made: dict[str, Place] = {}
    for each in shapes.places:
        found = _place(each, secret, values=values)
        made[found.path] = _together(made[found.path], found) if found.path in made else found
    return replace(shapes, places=tuple(made.values()))


def hidden_names(policy: Policy | None) -> frozenset[str]:
    """The names, in lower case, of all that a charter calls sensitive or secret."""
    if policy is None:
        return frozenset()
    tools = policy.tools.values()
    paths = (place(text) for tool in tools for text in (*tool.sensitive, *tool.secret))
    return frozenset(str(path[-1]).casefold() for path in paths if len(path) > 1)


def _place(of: Place, secret: frozenset[str], *, values: bool) -> Place:
    names = of.path.split(".")
    shown_as = of if values else replace(of, path=".".join(map(_named, names)))
    if any(name.rstrip("[]").casefold() in secret for name in names):
        return _without(shown_as, "the charter calls a place of this name sensitive or secret")
    return shown_as if values else _without(shown_as, "")


def _named(part: str) -> str:
    """A name as it may be shown; `[]` behind it stays."""
    name = part.rstrip("[]")
    return part if not name or _PLAIN.fullmatch(name) else _OTHER + part[len(name) :]


def _without(of: Place, why: str) -> Place:
    return replace(of, low=None, high=None, values=(), hidden=why)


def _together(one: Place, other: Place) -> Place:
    """Places that are shown by one name: `*`, for names that may be data."""
    kinds = Counter(dict(one.kinds)) + Counter(dict(other.kinds))
    short = [each for each in (one.shortest, other.shortest) if each is not None]
    long = [each for each in (one.longest, other.longest) if each is not None]
    return replace(
        one, kinds=tuple(sorted(kinds.items(), key=lambda each: (-each[1], each[0]))),
        present=one.present + other.present, shortest=min(short, default=None), longest=max(long, default=None),
        distinct=None, form=one.form if one.form == other.form else "",
    )  # fmt: skip


def sample(held: Held, tool: str, policy: Policy | None, *, values: bool) -> Sample:
    """A call as it may be shown.

    Args:
        policy: that judges it.
        values: whether those of unmapped tools may be shown.
    """
    args, why = None, _WORDS.get(held.lacking, "")
    if held.args is not None:
        try:
            value = parse(held.args)
        except Malformed:
            value = None
        if isinstance(value, dict):
            args = cut(text_of(_shown(value, policy, tool, values=values)))
        else:
            why = _WORDS[Lacking.MALFORMED]
    return Sample(held.event_id, held.trace_id, tool, held.ts_ns, args, why)


def cut(text: str) -> str:
    """A text as long as a sample's may be; `…` where there is more."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _shown(value: dict[str, Any], policy: Policy | None, tool: str, *, values: bool) -> Any:
    if policy is not None and tool in policy.tools:
        return _masked(value, ("args",), masked(policy, tool))
    secret = hidden_names(policy)
    return _by_name(value, secret) if values else _kinds(value)


def _masked(value: Any, path: tuple[str, ...], hidden: Masked) -> Any:
    inside = [each for each in hidden.paths if overlaps(path, each)]
    if any(len(each) <= len(path) for each in inside):
        return MASKED
    match value:
        case dict() if inside:
            return {name: _masked(each, (*path, name), hidden) for name, each in value.items()}
        case list() if inside:  # a place below a list cannot be told apart
            return MASKED
        case _:
            return value


def _by_name(value: Any, secret: Iterable[str]) -> Any:
    match value:
        case dict():
            return {
                name: MASKED if name.casefold() in secret else _by_name(each, secret) for name, each in value.items()
            }
        case list():
            return [_by_name(each, secret) for each in value]
        case _:
            return value


def _kinds(value: dict[str, Any]) -> dict[str, str]:
    """What stands where, and nothing of what it is."""
    made: dict[str, str] = {}
    for name, each in value.items():
        plain = name if _PLAIN.fullmatch(name) else _OTHER
        made[plain] = f"({kind_of(each)})" if plain not in made else "(…)"
    return made
