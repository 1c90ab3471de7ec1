"""A charter's text with suggestions written into it, as far as the result loads, lints without errors and maps them.

What does not is left out with its reason, and the rest is kept. Leaves out writing the file.
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.charter.load import Loaded
from govern.compile.lower import lower
from govern.draft.stanza import Stanza
from govern.errors import AuthorError
from govern.findings import Fix, Severity
from govern.lint.config import Configuration
from govern.lint.mend import edited
from govern.lint.run import judge
from govern.policy.model import Policy
from govern.suggest import gates, spots
from govern.suggest.model import Edited, Target


class DoesNotFit(Exception):
    """Suggestions cannot be written into a charter.

    Args:
        reason: why, as a part of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sound(target: Target, configuration: Configuration) -> None:
    """Asks for a charter in which lint finds no error: what is added to another could not be told from it.

    Raises:
        AuthorError: there are errors; the message has the first.
    """
    errors = _errors(target, target.again(target.text), configuration)
    if errors:
        hint = "mend it first, then ask again: `govern lint` shows it"
        raise AuthorError(f"lint finds an error in the charter as it is: {errors[0]}", where=target.name, hint=hint)


def written(target: Target, stanzas: Sequence[Stanza], configuration: Configuration) -> tuple[Edited, Policy]:
    """The charter with all of these tools, and what it means.

    Raises:
        DoesNotFit: the result does not load, lint finds an error in it, or it says something else than was meant.
    """
    if not stanzas:
        return Edited(target, target.text, (), None), target.policy
    needed = {stanza.gate for stanza in stanzas if stanza.gate is not None} - target.charter.gates.keys()
    gate = gates.drafted(target.charter) if needed else None
    try:
        after = edited(target.text, [Fix("", spots.edits(target.text, stanzas, gate))])
    except spots.NoPlace as error:
        raise DoesNotFit(error.reason) from None
    loaded = target.again(after)
    if loaded.charter is None:
        raise DoesNotFit(f"the charter would not load: {loaded.findings[0].message}")
    if errors := _errors(target, loaded, configuration):
        raise DoesNotFit(f"lint would find an error: {errors[0]}")
    made, names = loaded.charter, [stanza.name for stanza in stanzas]
    if [*made.tools] != [*target.charter.tools, *names] or made.version != target.charter.version + 1:
        raise DoesNotFit("the text would map something else than this tool")
    for stanza in stanzas:
        tool = made.tools[stanza.name]
        gate_read = tool.approval.gate.name if tool.approval else None
        if (stanza.tier or tool.tier, stanza.gate) != (tool.tier, gate_read):
            raise DoesNotFit("the text would say something else than was meant")
    policy = lower(made)
    if any(policy.tools[name] != tool for name, tool in target.policy.tools.items()):
        raise DoesNotFit("what the charter says of other tools would change")
    return Edited(target, after, tuple(names), gate), policy


def fitting(
    target: Target, stanzas: Sequence[Stanza], configuration: Configuration
) -> tuple[Edited, Policy, dict[str, str]]:
    """The charter with those of the tools that fit, what it means, and why the others do not, by name."""
    refused: dict[str, str] = {}
    kept: list[Stanza] = []
    made, policy = written(target, (), configuration)
    waiting = [list(stanzas)] if stanzas else []
    while waiting:
        some = waiting.pop()
        try:
            made, policy = written(target, [*kept, *some], configuration)
        except DoesNotFit as error:
            if len(some) == 1:
                refused[some[0].name] = error.reason
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
        else:
            kept += some
    return made, policy, refused


def _errors(target: Target, loaded: Loaded, configuration: Configuration) -> list[str]:
    """What lint calls an error; suppressed findings are none, and those of loading always are."""
    found = judge(target.path or target.name, loaded, configuration).findings
    return [each.message for each in found if each.severity is Severity.ERROR]
