"""One verdict for one call, by every engine: random policies over the whole language, on hostile logs, row by row.

    python -m tests.conformance.fuzz --pairs 1000000 --seed 1 --processes 2

Of each judged call these are compared: what the history says (by key), whether the arguments are valid, the truth
value of every condition (uncaptured is one of its own), and effect, gates and deciding rules, loosest and strictest.
They come from the reference (`reference`, `history_reference`, `policies.joined`), from one call at a time
(`replay.told`), and from SQL (`replay.bulk`). The same seed gives the same policies and logs. A disagreement is made
small and printed; exit 1.

Where values came from (`origin`) is worked out once for all engines; the reference takes it from the replay.
"""

from __future__ import annotations

import argparse
import copy
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import count as numbered
from itertools import islice
from multiprocessing import get_context
from typing import Any, Final

import duckdb
import jsonschema

from govern.audit import read, schema
from govern.conditions import Condition, bound
from govern.conditions.sql import text_literal
from govern.conditions.tree import Call, Field, Item, Macro, Name, children
from govern.events.canonical import MAX_DEPTH, parse, text_of
from govern.events.model import ActorKind, Event, EventType
from govern.policy.document import sealed, to_document
from govern.policy.model import Policy, Reason, ToolPolicy
from govern.policy.sql import code_columns, truths_of
from govern.policy.verdict import UNCAPTURED, outcome
from govern.replay import bulk
from govern.replay.groups import Key, Kind, Policies
from govern.replay.told import told

from . import policies, reference
from .charters import AGENT, charter_of, loaded, whole
from .history_reference import Before, Log
from .outside import ZONES
from .traces import Trace, log

EVENTS: Final = 700
CODES: Final = {0: "F", 1: "U", 2: "T", 3: "C"}
Verdict = tuple[str, frozenset[str], frozenset[str]]


@dataclass(frozen=True)
class Row:
    """What an engine says of a call.

    Args:
        truths: of its conditions: T, F, U for unknown, C for uncaptured.
        loosest, strictest: effect, gates and deciding rules, with what was not captured taken for either.
    """

    valid: bool
    truths: str
    loosest: Verdict
    strictest: Verdict


Rows = dict[str, Row]


@dataclass(frozen=True)
class Case:
    """A policy, a log, and where and when."""

    policy: Policy
    trace: Trace
    zone: str | None


@dataclass(frozen=True)
class Difference:
    """Two engines that do not say the same of a call."""

    engine: str
    event: Event
    expected: Any
    found: Any

    def __str__(self) -> str:
        of = f"{self.event.tool} {self.event.args}, event {self.event.event_id} of {self.event.trace_id}"
        return f"{self.engine} differs on {of}\n  reference: {self.expected}\n  {self.engine}: {self.found}"


def case(rng: random.Random, events: int = EVENTS) -> Case:
    """A random one; a policy that a charter can mean is taken from the charter."""
    policy = whole(rng)
    if rng.random() < 0.4 and (text := charter_of(policy)) is not None:
        read = loaded(text)
        assert policy == read, f"a charter is not read as the policy that it was written from\n{text}"
        policy = read
    return Case(policy, log(rng, events), rng.choice(ZONES))


def judged(trace: Trace) -> Iterator[Event]:
    """The calls that conditions are asked of."""
    for event in trace.events:
        by_agent = event.actor_kind in (None, ActorKind.AGENT) and event.agent in (None, AGENT)
        if event.type is EventType.TOOL_CALL and by_agent and event.args is not None and event.args_error is None:
            yield event


# -- the reference ---------------------------------------------------------------------------------------


class Reference:
    """What the text of the language says of each call.

    Args:
        origins: what a replay was told of where values came from, by event and key.
    """

    def __init__(self, case: Case, origins: dict[str, dict[str, Any]]) -> None:
        self.case, self.origins = case, origins
        self.before = Before(
            Log(case.trace.events),
            case.policy,
            case.zone,
            lambda *call: self.prepared(*call)[0],
            case.trace.session_facts,
        )
        self.given: dict[str, dict[str, Any]] = {}
        self.conditions = {name: conditions(case.policy, tool) for name, tool in case.policy.tools.items()}

    def rows(self) -> Rows:
        return {event.event_id: self.row(event) for event in judged(self.case.trace)}

    def row(self, event: Event) -> Row:
        policy, name = self.case.policy, event.tool or ""
        if name not in policy.tools:
            verdict = frozen(policies.joined(policy, name, [], True))
            return Row(True, "", verdict, verdict)
        args, valid = self.prepared(name, parse(event.args or ""))
        given = self.before.of(event, args) | self.origins.get(event.event_id, {})
        if event.ts_ns is not None:
            given["at"] = event.ts_ns
        self.given[event.event_id] = given
        truths = [self.truth(each, args, given) for each in self.conditions[name]]
        verdicts = [frozen(policies.joined(policy, name, side, valid)) for side in self.sides(name, truths)]
        return Row(valid, "".join(truths), *verdicts)

    def truth(self, asked: Asked, args: dict[str, Any], given: dict[str, Any]) -> str:
        found = [reference.evaluate(asked.tree, args, given, self.case.zone) if asked.tree is not None else "T"]
        if asked.opposite:
            found = [policies.NOT[found[0]]]
        if asked.history is not None:
            said: Any = given.get(asked.history)
            found.append("U" if said is None else "T" if said else "F")
        truth = found[0] if len(found) == 1 else policies.both(*found)
        return "C" if truth == "U" and any(key not in given for key in asked.keys) else truth

    def sides(self, name: str, truths: list[str]) -> tuple[list[str], list[str]]:
        loose = [
            each.loose if truth == "C" else truth for each, truth in zip(self.conditions[name], truths, strict=True)
        ]
        tight = [
            policies.NOT[each.loose] if truth == "C" else truth
            for each, truth in zip(self.conditions[name], truths, strict=True)
        ]
        return loose, tight

    def prepared(self, name: str, args: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Arguments with defaults, and whether they are valid, by another library than the engines'."""
        tool = self.case.policy.tools.get(name)
        if tool is None or tool.schema is None:
            return args, True
        filled = with_defaults(parse(tool.schema), args)
        if has_twins(filled) or depth(filled) > MAX_DEPTH:
            return args, False
        return filled, checker(tool.schema).is_valid(filled)


@dataclass(frozen=True)
class Asked:
    """A condition as the reference takes it.

    Args:
        tree: None where only the history is asked.
        opposite: whether the tree must not hold.
        history: what is asked of the history besides.
        keys: all inputs but arguments that it reads.
        loose: the truth value that makes a verdict no stricter.
    """

    tree: Any
    keys: frozenset[str]
    loose: str
    history: str | None = None
    opposite: bool = False


def conditions(policy: Policy, tool: ToolPolicy) -> list[Asked]:
    """In the order of a decision's truth values: `unless`, rules, limits, after reading."""

    def tree(condition: Condition) -> Any:
        return bound(condition, tool=tool.name, agent=policy.agent)

    made = [] if tool.unless is None else [Asked(tree(tool.unless), keys_of(tree(tool.unless)), "T")]
    for rule in tool.rules:
        if rule.reason is Reason.RULE:
            loose = "F" if rule.form is policies.When.WHEN else "T"
            made.append(Asked(tree(rule.condition), keys_of(tree(rule.condition)), loose))
    for limit in policy.limits:
        if tool.name in limit.tools:
            key = f"exceeded('{limit.id}')"
            made.append(Asked(None, frozenset({key}), "F", key))
    for each in policies.requirements(policy, tool.name):
        key, node = "tainted('session')", None if each.unless is None else tree(each.unless)
        made.append(Asked(node, {key} | (frozenset() if node is None else keys_of(node)), "F", key, node is not None))
    return made


def keys_of(node: Any, names: frozenset[str] = frozenset()) -> frozenset[str]:
    """The inputs that a condition reads besides arguments."""
    if isinstance(node, Name):
        return frozenset() if node.name in names or node.name == "args" else frozenset({node.name})
    if isinstance(node, Call) and node.fn in ("calls", "succeeded", "origin", "named_by_user"):
        return frozenset({f"{node.fn}({reference.written(node.operands[0])})"})
    if isinstance(node, Macro):
        return keys_of(node.source, names) | keys_of(node.body, names | {node.var})
    if isinstance(node, Field | Item):
        return keys_of(node.base, names)
    return frozenset().union(*(keys_of(child, names) for child in children(node)))


def with_defaults(of: dict[str, Any], value: Any) -> Any:
    """What a schema's defaults make of a value, of `properties` only."""
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for name, inner in of.get("properties", {}).items():
        if name not in made and "default" in inner:
            made[name] = copy.deepcopy(inner["default"])
        if name in made:
            made[name] = with_defaults(inner, made[name])
    return made


def has_twins(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(has_twins, value))
    if not isinstance(value, dict):
        return False
    return len({key.casefold() for key in value}) < len(value) or any(map(has_twins, value.values()))


def depth(value: Any) -> int:
    """How deep collections stand in one another, a leaf in a value included."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inside)) if inside else 0


@cache
def checker(schema_text: str) -> Any:
    return jsonschema.Draft202012Validator(parse(schema_text))


def frozen(verdict: tuple[str, set[str], set[str]]) -> Verdict:
    effect, gates, rules = verdict
    return effect, frozenset(gates), frozenset(rules)


# -- the engines -----------------------------------------------------------------------------------------


def one_by_one(case: Case, judges: Policies) -> tuple[Rows, dict[str, dict[str, Any]]]:
    """One call at a time, and what each was told."""
    engine = judges.engines[AGENT]
    rows: Rows = {}
    inputs: dict[str, dict[str, Any]] = {}
    wanted = {event.event_id for event in judged(case.trace)}
    for event, given in told(case.trace.events, judges, case.trace.session_facts):
        if event.event_id not in wanted:
            continue
        inputs[event.event_id] = dict(given)
        name = event.tool or ""
        args, valid = engine.prepared(name, parse(event.args or ""))
        truths = engine.recorded_truths(name, args, given) if name in case.policy.tools else ()
        rows[event.event_id] = row_of(case, judges, name, valid, truths)
        if UNCAPTURED not in truths and name in case.policy.tools:
            alone = verdict_of(engine.decide_text(name, event.args or "", given=given))
            assert alone == rows[event.event_id].loosest, (event, alone)
    return rows, inputs


def in_sql(case: Case, judges: Policies) -> Rows:
    """All calls at once."""
    con = read.connect(threads=1)
    try:
        con.register("gv_log", schema.table(list(case.trace.events)))
        con.execute("CREATE TEMP VIEW events AS SELECT * FROM gv_log")
        bulk.prepare(con)
        engine = judges.engines[AGENT]
        codes = ", ".join(f"code{index}" for index in range(code_columns(case.policy)))
        rows: Rows = {}
        for agent in sorted({event.agent for event in judged(case.trace)}, key=str):
            mine = "agent IS NULL" if agent is None else f"agent = {text_literal(agent)}"
            query = bulk.decided(con, engine, agent, mine, case.trace.session_facts).query
            for event_id, name, valid, *packed in con.execute(
                f"SELECT event_id, tool, valid, {codes} FROM ({query})"
            ).fetchall():
                tool = case.policy.tools.get(name)
                truths = truths_of(tuple(packed), tool) if tool is not None else ()
                assert event_id not in rows, f"a call is judged twice: {event_id}"
                rows[event_id] = row_of(case, judges, name, valid, truths)
        return rows
    finally:
        con.close()


def row_of(case: Case, judges: Policies, name: str, valid: bool, truths: tuple[int, ...]) -> Row:
    judgement = judges.judge(Key(AGENT, name, Kind.JUDGED, valid, truths))
    assert judgement is not None
    if UNCAPTURED not in truths:
        assert verdict_of(judgement.loosest) == verdict_of(outcome(case.policy, name, truths, valid=valid))
    said = "".join(CODES[truth] for truth in truths)
    return Row(valid, said, verdict_of(judgement.loosest), verdict_of(judgement.strictest))


def verdict_of(verdict: Any) -> Verdict:
    return verdict.effect.label, frozenset(verdict.gates), frozenset(verdict.rules)


Engines = Callable[[Case, Policies], Rows]
ENGINES: dict[str, Engines] = {"SQL": in_sql}
"""Those that are compared besides the per-call engine, by name."""


# -- the comparison --------------------------------------------------------------------------------------


def difference(case: Case, engines: Mapping[str, Engines] | None = None) -> tuple[Difference | None, Rows]:
    """The first call that two engines do not say the same of, and what the reference says of all.

    Args:
        engines: those besides the per-call engine; all where that is None.
    """
    judges = Policies({AGENT: case.policy}, zone=case.zone)
    alone, inputs = one_by_one(case, judges)
    origins = {
        id: {key: value for key, value in given.items() if key.startswith(("origin(", "named_by_user("))}
        for id, given in inputs.items()
    }
    plain = Reference(case, origins)
    rows = plain.rows()
    asked = judges.engines[AGENT].history.asked
    for event in judged(case.trace):
        id = event.event_id
        if id not in inputs:
            return Difference("per call", event, rows[id], "nothing"), rows
        keys = asked(event.tool or "")
        expected = {key: plain.given[id][key] for key in keys if key in plain.given.get(id, {})}
        found = {key: inputs[id][key] for key in keys if key in inputs[id]}
        if not same(expected, found):
            return Difference("the history", event, expected, found), rows
        if rows[id] != alone[id]:
            return Difference("per call", event, rows[id], alone[id]), rows
    for name, engine in (ENGINES if engines is None else engines).items():
        many = engine(case, judges)
        for event in judged(case.trace):
            if rows[event.event_id] != many.get(event.event_id):
                return Difference(name, event, rows[event.event_id], many.get(event.event_id)), rows
        assert len(many) == len(rows), f"{name} judges calls that are none"
    return None, rows


def same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: True is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


# -- making a disagreement small -------------------------------------------------------------------------


def smaller(case: Case, fails: Callable[[Case], bool], seconds: float = 60) -> Case:
    """A case that still fails, with what could be left out left out.

    Args:
        seconds: how long to look for it.
    """
    end = time.monotonic() + seconds
    case = _fewer(case, fails, time.monotonic() + seconds / 3)  # the larger part of an attempt's time
    size = len(case.trace.events)
    while size and time.monotonic() < end:  # events, in ever smaller pieces
        start = 0
        while start < len(case.trace.events) and time.monotonic() < end:
            events = case.trace.events[:start] + case.trace.events[start + size :]
            made = replace(case, trace=replace(case.trace, events=events))
            if fails(made):
                case = made
            else:
                start += size
        size //= 2
        if size * 8 < len(case.trace.events):  # by now every attempt is quick, once the policy is small too
            case = _fewer(case, fails, end)
    return _fewer(case, fails, end)


def _fewer(case: Case, fails: Callable[[Case], bool], end: float) -> Case:
    """With parts of the policy, of what the host said and, where there are few, of each event left out."""
    again = True
    while again and time.monotonic() < end:
        again = False
        for made in _cuts(case):
            if time.monotonic() > end:
                break
            if fails(made):
                case, again = made, True
                break
    return case


def _cuts(case: Case) -> Iterator[Case]:
    """Cases with something left out, the most first."""
    events, policy = case.trace.events, case.policy
    for name, tool in policy.tools.items():
        if len(policy.tools) > 1:
            yield from _with(case, tools={name: tool})
    for name, tool in policy.tools.items():
        rest = {each: other for each, other in policy.tools.items() if each != name}
        yield from _with(case, tools=rest)
        rules = [rule for rule in tool.rules if rule.reason is Reason.RULE]
        for rule in rules:
            kept = tuple(each for each in rules if each is not rule)
            yield from _with(case, tools={**policy.tools, name: replace(tool, rules=kept)})
        if tool.schema is not None:
            yield from _with(case, tools={**policy.tools, name: replace(tool, schema=None)})
        if tool.unless is not None:
            yield from _with(case, tools={**policy.tools, name: replace(tool, unless=None)})
    for field in ("limits", "never"):
        items = getattr(policy, field)
        for at in range(len(items)):
            yield from _with(case, **{field: items[:at] + items[at + 1 :]})
    for at, limit in enumerate(policy.limits):
        for key in limit.for_each:
            less = replace(limit, for_each=tuple(each for each in limit.for_each if each != key))
            yield from _with(case, limits=(*policy.limits[:at], less, *policy.limits[at + 1 :]))
    if policy.untrusted is not None:
        after = policy.untrusted.after_reading
        for at in range(len(after)):
            yield from _with(case, untrusted=replace(policy.untrusted, after_reading=after[:at] + after[at + 1 :]))
    if case.trace.session_facts:
        of = {event.trace_id for event in events} | {event.session_id for event in events}
        needed = {name: found for name, found in case.trace.session_facts.items() if name in of}
        if len(needed) < len(case.trace.session_facts):
            yield replace(case, trace=replace(case.trace, session_facts=needed))
        for name in needed:
            rest = {each: found for each, found in case.trace.session_facts.items() if each != name}
            yield replace(case, trace=replace(case.trace, session_facts=rest))
    if len(events) <= 12:
        for at, event in enumerate(events):
            if event.args is not None:
                args = parse(event.args)
                for key in args:
                    text = text_of({name: value for name, value in args.items() if name != key})
                    made = (*events[:at], replace(event, args=text), *events[at + 1 :])
                    yield replace(case, trace=replace(case.trace, events=made))
            for name in ("session_id", "content", "mode", "actor_kind", "fidelity", "error", "tool"):
                if getattr(event, name) is not None and not (name == "tool" and event.type is EventType.TOOL_CALL):
                    made = (*events[:at], replace(event, **{name: None}), *events[at + 1 :])
                    yield replace(case, trace=replace(case.trace, events=made))


def _with(case: Case, **changes: Any) -> Iterator[Case]:
    """The policy changed, where it is still one."""
    made = replace(case.policy, **changes)
    if made.tools:
        yield replace(case, policy=sealed(made))


def shown(case: Case, found: Difference) -> str:
    """A case as text, to be read and to be made again."""
    document = to_document(case.policy)
    wanted = {name: document[name] for name in ("tools", "limits", "untrusted", "never", "facts") if document.get(name)}
    events = "\n".join(
        "  " + " ".join(f"{name}={getattr(event, name)!r}" for name in SHOWN if getattr(event, name) is not None)
        for event in case.trace.events
    )
    facts = case.trace.session_facts
    return f"{found}\nzone: {case.zone}\nsession facts: {facts}\npolicy: {text_of(wanted)}\nevents:\n{events}"


SHOWN = (
    "event_id", "type", "trace_id", "span_id", "session_id", "writer_id", "wseq", "ts_ns", "agent", "actor_kind",
    "tool", "args", "args_error", "verdict", "decision", "status", "error", "content", "mode", "fidelity",
)  # fmt: skip


# -- running ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Round:
    """What one case gave.

    Args:
        failed: a small case that shows the disagreement, as text.
    """

    number: int
    pairs: int
    by_effect: dict[str, int]
    truths: dict[str, int]
    failed: str | None = None


def run(seed: int, number: int, events: int = EVENTS, *, shrink: float = 60) -> Round:
    """The case of a number, compared."""
    made = case(random.Random(f"{seed}:{number}"), events)
    found, rows = attempt(made)
    if found is None:
        effects = [f"{row.loosest[0]}…" if row.loosest != row.strictest else row.strictest[0] for row in rows.values()]
        truths = "".join(row.truths for row in rows.values())
        return Round(
            number,
            len(rows),
            {each: effects.count(each) for each in {*effects}},
            {each: truths.count(each) for each in "TFUC"},
        )
    small = smaller(made, lambda each: _fails_alike(each, found), shrink)
    again = attempt(small)[0] or found
    return Round(number, len(rows), {}, {}, f"seed {seed}, case {number}\n{shown(small, again)}")


def attempt(case: Case, engines: Mapping[str, Engines] | None = None) -> tuple[Difference | None, Rows]:
    """The same as `difference`; an engine that breaks differs too."""
    try:
        return difference(case, engines)
    except (duckdb.Error, AssertionError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        nobody = Event(event_id="", trace_id="", type=EventType.TOOL_CALL, writer_id="", wseq=0)
        return Difference(f"{type(error).__name__}", nobody, "an answer", str(error)[:2_000]), {}


def _fails_alike(case: Case, found: Difference) -> bool:
    other = attempt(case)[0]
    return other is not None and other.engine == found.engine


def rounds(seed: int, pairs: int, processes: int, events: int) -> Iterator[Round]:
    """Cases until there were so many pairs, or one failed."""
    numbers = numbered()
    if processes == 1:
        yield from (run(seed, number, events) for number in numbers)
        return
    with get_context("spawn").Pool(processes) as pool:
        while True:
            yield from pool.imap(_Run(seed, events), list(islice(numbers, 4 * processes)))


@dataclass(frozen=True)
class _Run:
    seed: int
    events: int

    def __call__(self, number: int) -> Round:
        return run(self.seed, number, self.events)


def compare(
    seed: int, pairs: int, *, processes: int = 1, events: int = EVENTS, say: bool = False
) -> tuple[int, str | None]:
    """Compares so many pairs of a policy and a call.

    Returns:
        How many there were, and the first disagreement as text.
    """
    started, done = time.monotonic(), 0
    effects: dict[str, int] = {}
    truths: dict[str, int] = {}
    shown_at = started
    for made in rounds(seed, pairs, processes, events):
        done += made.pairs
        for total, part in ((effects, made.by_effect), (truths, made.truths)):
            for name, count in part.items():
                total[name] = total.get(name, 0) + count
        ended = made.failed is not None or done >= pairs
        if say and (ended or time.monotonic() - shown_at > 10):
            shown_at = time.monotonic()
            rate = done / (shown_at - started)
            print(f"{done:,} pairs, case {made.number}, {rate:,.0f} pairs/s, {effects}, {truths}", flush=True)
        if ended:
            return done, made.failed
    return done, None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=1_000_000, help="how many (policy, call) pairs at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--events", type=int, default=EVENTS, help="events in a log")
    parser.add_argument("--case", type=int, help="only the case of this number")
    given = parser.parse_args()
    if given.case is not None:
        failed = run(given.seed, given.case, given.events).failed
    else:
        done, failed = compare(given.seed, given.pairs, processes=given.processes, events=given.events, say=True)
        print(f"{done:,} pairs: {'a disagreement' if failed else 'all engines agree'}")
    if failed:
        print(failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
