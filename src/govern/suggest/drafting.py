"""One suggestion of what was seen of a tool: tier, gate, input, and what a person should know beside them.

Words of a log stand in the stanza only as names that a reviewer reads as names; ids of traces only where they are
plain. Leaves out what holds the tool (`held`) and writing it down (`changed`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from govern.charter.load import load_text
from govern.charter.model import Charter, RaisesTier, Tool
from govern.draft.stanza import Stanza, lines
from govern.draft.tiers import Guess
from govern.lint.rules import secret_not_marked
from govern.policy.glob import is_glob
from govern.policy.terms import Tier
from govern.policy.verbs import SAYS_NOTHING
from govern.replay.shadow import instant_text
from govern.suggest import gates
from govern.suggest.infer import infer, pieces
from govern.suggest.model import Action, Step, Suggestion, Target
from govern.suggest.tier import guess

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}")
_IDS_WIDE = 100  # characters: what fits beside `as in` on a line
_MARKS = re.compile(r"add `secret: \[(.*)\]`")
_PROBE = (
    "govern: 1\nagent: probe\nversion: 1\npurpose: Holds one tool.\nowner: nobody\nroles: [nobody]\n"
    "approvals:\n  probe: {roles: [nobody], if_no_answer: [{after: 4h, then: deny}]}\ntools:\n"
)


def drafted(target: Target, action: Action, gate: str | None, *, values: bool) -> Suggestion:
    """The suggestion as it is made first.

    Args:
        gate: asked where a call cannot be undone, in place of the one that the charter's tools ask; one of its gates.
        values: whether closed sets of values may be written, since somebody asked to see values.
    """
    entry = target.entries.get(action.tool)
    found = infer(action.shapes, values=values)
    said = guess(action.tool, found.schema, action.shapes, entry)
    steps = found.steps if entry is None or entry.input is None else (Step.TYPES,)  # the library says what it takes
    step = Step.VALUES if Step.VALUES in steps else Step.TYPES
    asked = gate or gates.chosen(target.charter) or gates.drafted(target.charter).name
    return suggestion(target, action, said, said.tier, asked, step, steps, entry)


def suggestion(
    target: Target,
    action: Action,
    said: Guess,
    tier: Tier,
    gate: str,
    step: Step,
    steps: tuple[Step, ...],
    entry: Tool | None,
) -> Suggestion:
    """A suggestion of this tier and this tightness.

    Args:
        gate: asked where the tier is irreversible.
        entry: the library's, None without one.
    """
    asked = gate if tier is Tier.IRREVERSIBLE or _raised(entry) else None
    schema: dict[str, Any] | None = None
    decide: list[str] = []
    secret: tuple[str, ...] = ()
    if entry is None or entry.input is None:
        found = infer(action.shapes)
        secret = secrets(found.schema) if found.schema is not None else ()
        masked = frozenset(_path(place) for place in secret)
        found = infer(action.shapes, step, values=Step.VALUES in steps, masked=masked)
        schema, decide = found.schema, list(found.decide)
    if said.doubt or said.why == SAYS_NOTHING:
        decide.insert(0, f"its tier; {said.doubt or said.why}")
    decide += _near(target.charter, action.tool)
    decide += _rules(target.charter, action)
    why = said.why if tier is said.tier else f"stricter than guessed: {said.why}"
    same = entry is not None and tier is entry.tier
    stanza = Stanza(
        name=action.tool,
        tier=None if same else tier,
        why="" if same else why,
        external="" if entry is not None and entry.external else said.external,
        gate=asked,
        gate_note=_gate_note(target.charter, asked),
        secret=secret,
        input=schema,
        notes=(*seen(action), *_library(entry), *(f"decide: {each}" for each in decide)),
    )
    library = entry.described.library if entry is not None and entry.described is not None else ""
    return Suggestion(target.name, action, said, tier, asked, step, steps, library, tuple(decide), stanza)


def _raised(entry: Tool | None) -> bool:
    """Whether a library's rule calls some calls of it irreversible, and leaves to the charter who is asked."""
    effects = [rule.effect for rule in entry.rules] if entry is not None else []
    return any(
        isinstance(effect, RaisesTier) and effect.tier is Tier.IRREVERSIBLE and effect.gate is None
        for effect in effects
    )


def secrets(schema: dict[str, Any]) -> tuple[str, ...]:
    """Places below `args` that look like secrets by their name, as lint's rule `secret-not-marked` tells them."""
    text = _PROBE + "\n".join(lines(Stanza("probe", Tier.IRREVERSIBLE, gate="probe", input=schema))) + "\n"
    charter = load_text(text).charter
    if charter is None:
        return ()  # it is refused where it is written, with the reason
    found = [_MARKS.fullmatch(hit.hint) for hit in secret_not_marked.check(charter)]
    return tuple(match[1] for match in found if match is not None)


def _path(place: str) -> str:
    return place.removeprefix("args.").replace("[*]", "[]")


def seen(action: Action) -> Iterator[str]:
    """How often, when and where it was seen."""
    days = [text[:10] for at in (action.first_ns, action.last_ns) if (text := instant_text(at)) is not None]
    when = f", {' to '.join(dict.fromkeys(days))}" if days else ""
    errors = f"; {_count(action.errors, 'error')}" if action.errors else ""
    plain: list[str] = []
    for each in action.samples:
        if _PLAIN_ID.fullmatch(each) and sum(map(len, plain)) + len(each) <= _IDS_WIDE:
            plain.append(each)
    yield f"{_count(action.calls, 'call')} in {_count(action.runs, 'run')}{when}{errors}"
    if plain:
        yield f"as in {', '.join(plain)}"


def _library(entry: Tool | None) -> Iterator[str]:
    if entry is not None and entry.described is not None:
        yield f"takes the entry of the library {entry.described.library}"


def _gate_note(charter: Charter, gate: str | None) -> str:
    if gate is None:
        return ""
    if gate not in charter.gates:
        return "decide: who is asked; the charter has no gate for this yet"
    return "decide: whether this gate is the one" if len(charter.gates) > 1 else ""


def _near(charter: Charter, tool: str) -> Iterator[str]:
    """A mapped tool that may be the same one under another name."""
    own = tool.rpartition("/")[2]
    for name in charter.tools:
        if name.lower() == tool.lower():
            yield f"whether it is `{name}`, which differs only by case"
        elif name.rpartition("/")[2] == own:
            yield f"whether it is `{name}`, which is mapped"


def _rules(charter: Charter, action: Action) -> Iterator[str]:
    """A rule that names other tools one by one, and reads an argument that this tool has too."""
    own = {pieces(place.path)[0] for place in action.shapes.places if pieces(place.path)}
    for rule in charter.rules:
        names = [word.name for word in rule.tools]
        shared = [
            str(read.path[1])
            for read in rule.clause.condition.reads
            if len(read.path) > 1 and read.path[0] == "args" and read.path[1] in own
        ]
        if names and shared and not any(is_glob(name) for name in names) and charter.here(rule.at):
            yield f"whether rule {rule.id.name} is about it too, which reads `args.{shared[0]}`"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
