"""A suite of real calls: those of a log with the verdicts that they get today, a few of each kind.

Calls are judged as a replay judges them, with the facts and the history that the log tells. What the charter marks as
`sensitive` or `secret` is never written: it is replaced, where the verdict stays the same without it, and else the
call is left out and counted. Leaves out reading logs (`ingest`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from govern.conditions import Inputs
from govern.conditions.inputs import Path, path_text
from govern.conditions.python import ABSENT, WRONG, place
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import Event, EventType
from govern.policy.engine import Engine
from govern.policy.explanation import examples
from govern.policy.explanation.candidates import Proposal
from govern.policy.explanation.masking import masked, overlaps
from govern.policy.explanation.trials import with_change
from govern.policy.history import GOVERNED
from govern.policy.model import FactField
from govern.policy.verdict import Verdict
from govern.replay.groups import Policies
from govern.replay.told import SessionFacts, told
from govern.scenario.expect import told as words
from govern.scenario.skeletons import Head, Skeleton, single, written

EACH: Final = 2
"""Calls with the same tool, verdict, rules and gates."""
_SHORTEST: Final = 4  # characters of a hidden text that is looked for within others
_LARGEST: Final = 4_000  # characters of a call's arguments
_WHAT: Final = (
    "Calls of a log. What the charter marks sensitive or secret is replaced; look at the rest before it is shared."
)
_MALFORMED = "arguments that have no one reading"
_UNCAPTURED = "arguments that the log does not have"
_LARGE = f"arguments of more than {_LARGEST:,} characters"
_HIDDEN = "a verdict that follows from what is sensitive or secret"

Kind = tuple[str, int, tuple[str, ...], tuple[str, ...]]


def of_log(
    engine: Engine,
    events: Iterable[Event],
    head: Head,
    *,
    charter: str,
    deployment: str | None = None,
    session_facts: SessionFacts | None = None,
    each: int = EACH,
) -> Skeleton:
    """The skeleton of a suite out of a log.

    Args:
        engine: of the charter's policy, with the deployment's time zone.
        events: of the log, in any order (`govern.ingest.read`).
        charter, deployment: paths of the files that the suite is loaded with once.
        session_facts: what the host asserted, by session or trace.
        each: how many calls of one kind are written, at most.

    Raises:
        EvidenceError: there is nothing to write: no call of this agent, or none that may be written.
    """
    gone: Counter[str] = Counter()
    kinds: dict[Kind, int] = {}
    cases = []
    for event, given in told(events, Policies({engine.policy.agent: engine.policy}, engine.zone), session_facts):
        for args in _arguments(engine, event, gone):
            tool = event.tool or ""
            verdict = engine.decide(tool, args, given=given)
            kind = (tool, int(verdict.effect), verdict.rules, verdict.gates)
            if kinds.get(kind, 0) >= each:
                continue
            shown = without_hidden(engine, tool, args, given, verdict)
            if shown is None:
                gone[_HIDDEN] += 1
                continue
            if len(text_of(shown[0])) > _LARGEST:
                gone[_LARGE] += 1
                continue
            kinds[kind] = kinds.get(kind, 0) + 1
            cases.append(single(engine, tool, *shown, f"{tool} in trace {event.trace_id}: {words(verdict)}"))
    order = {tool: index for index, tool in enumerate(engine.policy.tools)}
    cases.sort(key=lambda case: order.get(case.name.split(" in trace ", 1)[0], len(order)))
    return written(cases, head, _WHAT, charter=charter, deployment=deployment, left_out=gone)


def _arguments(engine: Engine, event: Event, gone: Counter[str]) -> Iterator[dict[str, Any]]:
    """The arguments of an event that is a call of the agent, if there is one reading of them."""
    mine = event.agent is None or event.agent == engine.policy.agent
    if event.type is not EventType.TOOL_CALL or event.actor_kind not in GOVERNED or not mine:
        return
    if event.args_error is not None:
        gone[_MALFORMED] += 1
        return
    if event.args is None:
        gone[_UNCAPTURED] += 1
        return
    try:
        args = parse(event.args)
    except Malformed:
        args = None
    if isinstance(args, dict):
        yield args
    else:
        gone[_MALFORMED] += 1


def without_hidden(
    engine: Engine, tool: str, args: Mapping[str, Any], given: Inputs, verdict: Verdict
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The call with other values where the charter hides them, decided alike; None where no others would do.

    Args:
        verdict: on the call as it was.
    """
    inputs: dict[str, Any] = {**given, "args": dict(args)}
    hidden = _outermost(path for path in masked(engine.policy, tool).paths if _is_there(inputs, path))
    if not hidden:
        return dict(args), dict(given)
    names = _names(inputs, hidden)
    for value_at in (_renamed(names, inputs), _sampled(engine, tool)):
        made = _elsewhere(inputs, names)
        for path in hidden:
            made = with_change(made, Proposal(path, value_at(path)))
        found = {key: value for key, value in made.items() if key != "args"}
        if _alike(verdict, engine.decide_value(tool, made["args"], given=found)):
            return made["args"], found
    return None


def _is_there(inputs: Inputs, path: Path) -> bool:
    found = place(inputs, path)
    return found is not ABSENT and found is not WRONG and found is not None


def _alike(one: Verdict, other: Verdict) -> bool:
    return (one.effect, one.reasons, one.rules, one.gates, one.unknown) == (
        other.effect, other.reasons, other.rules, other.gates, other.unknown,
    )  # fmt: skip


def _names(inputs: Inputs, hidden: Iterable[Path]) -> dict[str, str]:
    """A word for each text at hidden places: the same for what is the same, so that comparisons come out alike."""
    found: dict[str, str] = {}
    waiting = [place(inputs, path) for path in hidden]
    while waiting:
        match waiting.pop(0):
            case str() as text:
                found.setdefault(text, f"hidden-{len(found) + 1}")
            case list() as items:
                waiting = [*items, *waiting]
            case dict() as fields:
                waiting = [*fields.keys(), *fields.values(), *waiting]
    return found


def _renamed(names: Mapping[str, str], inputs: Inputs) -> Callable[[Path], Any]:
    """Each value with the words for its texts, and 1 for every number."""

    def renamed(value: Any) -> Any:
        match value:
            case bool() | None:
                return value
            case int() | float():
                return 1
            case str():
                return names[value]
            case list():
                return [renamed(item) for item in value]
            case _:
                return {names[key]: renamed(item) for key, item in value.items()}

    return lambda path: renamed(place(inputs, path))


def _sampled(engine: Engine, tool: str) -> Callable[[Path], Any]:
    """What the schema, or the fact's declaration, takes."""
    mapped = engine.policy.tools.get(tool)
    schema = parse(mapped.schema) if mapped is not None and mapped.schema else {}
    fields: dict[Path, FactField] = {
        (fact.name, each.name): each for fact in engine.policy.facts.values() for each in fact.fields
    }

    def sampled(path: Path) -> Any:
        field = fields.get(path)
        if field is not None:
            return next(iter(field.values or examples.of_kind(field.kind)), None)
        return examples.filled(schema if path == ("args",) else examples.schema_at(schema, path))

    return sampled


def _elsewhere(inputs: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The inputs with the words for hidden texts wherever else these stand, also within a text."""
    longest = sorted((text for text in names if len(text) >= _SHORTEST), key=lambda text: (-len(text), text))

    def replaced(value: Any) -> Any:
        match value:
            case str():
                for text in longest:
                    value = value.replace(text, names[text])
                return names.get(value, value)
            case list():
                return [replaced(item) for item in value]
            case dict():
                return {replaced(key): replaced(item) for key, item in value.items()}
            case _:
                return value

    return {key: value if "(" in key else replaced(value) for key, value in inputs.items()}


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Places that lie in no other of them."""
    every = sorted(set(paths), key=lambda path: (len(path), path_text(path)))
    return [path for index, path in enumerate(every) if not any(overlaps(path, other) for other in every[:index])]
