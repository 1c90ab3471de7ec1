"""What `govern test --new` writes: a suite of calls with the verdicts that they get today, to be confirmed by people.

Of a charter: for every tool a call that asks for nothing, calls that make each condition true, false and unknown, the
boundaries of each comparison, and every argument missing and null. A case is skipped until somebody took its `skip`
away: what a policy does today is no proof that it was meant. Leaves out calls of logs (`skeletons_log`) and the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from govern.charter.cases import AllOrSome, CallStep, Case, ExpectVerdict, Named
from govern.charter.fmt.text import format_bytes
from govern.charter.source import MAX_BYTES
from govern.charter.suite import MOST_CASES, read_suite
from govern.conditions import Inputs
from govern.draft.yaml_text import scalar
from govern.errors import EvidenceError
from govern.events.canonical import text_of
from govern.findings import Location
from govern.policy.engine import Engine
from govern.policy.model import Effect
from govern.policy.probes import About, Probe, probes
from govern.policy.verdict import Verdict
from govern.scenario.judge import judged, told_of_first
from govern.scenario.stanza import stanza

UNCONFIRMED: Final = "as decided today: confirm or correct `expect`, then delete this line"
"""The `skip` of every case that is written; one that has it is counted and shown, and never passes."""
MOST_A_CONDITION: Final = 8
"""Boundaries of one condition."""
LOOKED_AT: Final = 400
"""Probes of one tool that are looked at."""
_HERE: Final = Location("")
_LONGEST_NAME: Final = 160
_ROOM: Final = MAX_BYTES - 8_192  # bytes of cases; the rest is for what stands before them


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the cases.

    Args:
        tests: the suite's name.
        charter: the path of the charter as the suite names it; empty where it stands beside it under the same name.
        deployment: of the deployment file, likewise; empty without one.
    """

    tests: str
    charter: str = ""
    deployment: str = ""

    def lines(self, what: str) -> Iterator[str]:
        yield f"# {what}"
        yield "# Each case says what is decided today, and is skipped until somebody confirms it: look at `expect`,"
        yield "# correct it where something else is meant (then the charter is wrong), and delete `skip`."
        yield "govern: 1"
        yield f"tests: {scalar(self.tests)}"
        if self.charter:
            yield f"charter: {scalar(self.charter)}"
        if self.deployment:
            yield f"deployment: {scalar(self.deployment)}"
        yield "cases:"


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A suite that was made.

    Args:
        text: of the file, in canonical layout.
        cases: how many it has, all of them skipped.
        left_out: why something was left out, with how often: nothing is dropped unsaid.
    """

    text: str
    cases: int
    left_out: Mapping[str, int]


def of_charter(engine: Engine, head: Head, *, charter: str, deployment: str | None = None) -> Skeleton:
    """The skeleton of a charter's tests.

    Args:
        engine: of the charter's policy, with the deployment's time zone.
        charter, deployment: paths of the files, with which the text is loaded once to see that it loads.

    Raises:
        EvidenceError: there is nothing to write.
    """
    made = [_case(engine, probe) for tool in engine.policy.tools for probe in _chosen(engine, tool)]
    what = "Calls at the boundaries of every condition, and every argument missing and null."
    return written(made, head, what, charter=charter, deployment=deployment)


def _chosen(engine: Engine, tool: str) -> Iterator[Probe]:
    """The probes of a tool that somebody should look at: what the schema refuses for another reason is left out."""
    boundaries: Counter[int | None] = Counter()
    for probe in probes(engine, tool, most=LOOKED_AT):
        match probe.about:
            case About.LOOSEST | About.OUTCOME | About.GONE:
                yield probe
            case About.BOUNDARY if engine.prepared(tool, probe.args)[1]:
                boundaries[probe.condition] += 1
                if boundaries[probe.condition] <= MOST_A_CONDITION:
                    yield probe


def _case(engine: Engine, probe: Probe) -> Case:
    return single(engine, probe.tool, probe.args, probe.given, f"{probe.tool}: {probe.why}")


def single(engine: Engine, tool: str, args: Mapping[str, Any], given: Inputs, name: str) -> Case:
    """A call as a case that expects what is decided today.

    Args:
        given: all that is known beside the arguments; what is not there is unknown in the case too.
    """
    facts = {fact: given[fact] for fact in engine.policy.facts if fact in given}
    at = given.get("at")
    clock = at if type(at) is int else None
    bare = CallStep(tool, dict(args), None, _HERE, facts=facts or None)
    alone = told_of_first(engine, bare, clock)
    asked = {key: given.get(key) for key in engine.history.asked(tool) if "(" in key}
    # A test's call is the first of its session: only what differs from that has to be said.
    told = {key: value for key, value in asked.items() if key not in alone or alone[key] != value}
    step = replace(bare, given={key: told[key] for key in sorted(told) if told[key] is not None or key in alone})
    verdict = judged(engine, tool, step.args, told_of_first(engine, step, clock), 0).verdict
    return Case("", name, _HERE, (replace(step, expect=expected(verdict)),), skip=UNCONFIRMED, clock_ns=clock)


def expected(verdict: Verdict) -> ExpectVerdict:
    """A verdict as a person would write it down: the effect, with its gates, or the rules that deny."""
    match verdict.effect:
        case Effect.ALLOW:
            return ExpectVerdict(verdict.effect, _HERE)
        case Effect.APPROVAL:
            return ExpectVerdict(verdict.effect, _HERE, gates=Named(verdict.gates, AllOrSome.SOME))
        case Effect.DENY:
            return ExpectVerdict(verdict.effect, _HERE, causes=verdict.rules or verdict.reasons)


def written(
    cases: Sequence[Case],
    head: Head,
    what: str,
    *,
    charter: str,
    deployment: str | None = None,
    left_out: Mapping[str, int] | None = None,
) -> Skeleton:
    """The suite of cases, without those that a suite cannot say.

    Args:
        what: a line for the top of the file.
        charter, deployment: paths of the files that it is loaded with.
        left_out: what was left out before.

    Raises:
        EvidenceError: no case is left.
    """
    gone = Counter(left_out or {})
    blocks, seen = _blocks(cases, gone), len(cases)
    while blocks:
        raw = _document(head, what, blocks)
        wrong = _wrong(raw, blocks, head, what, charter, deployment)
        if not wrong:
            break
        gone["cannot be written in a suite"] += len(wrong)
        blocks = [block for index, block in enumerate(blocks) if index not in wrong]
    if not blocks:
        told = ", ".join(f"{why}: {count:,}" for why, count in gone.items() if count)
        raise EvidenceError(
            f"no case to write, of {seen:,}", hint=told or "the charter maps no tool, or no call was judged"
        )
    formatted = format_bytes(raw, "new.test.yaml").after
    return Skeleton(
        formatted if formatted is not None else raw.decode(), len(blocks), {k: n for k, n in gone.items() if n}
    )


def _blocks(cases: Sequence[Case], gone: Counter[str]) -> list[str]:
    """The text of each case, one of each kind, under a name of its own, as many as a file may have."""
    said: set[str] = set()
    names: Counter[str] = Counter()
    blocks: list[str] = []
    room = _ROOM
    for case in cases:
        (step,) = case.steps
        if not isinstance(step, CallStep):
            raise TypeError(f"a single call is no {type(step).__name__}")
        key = text_of([step.tool, dict(step.args), dict(step.given), dict(step.facts or {}), case.clock_ns])
        if key in said:
            continue
        said.add(key)
        block = _block(replace(case, name=_unique(case.name, names)))
        if len(blocks) == MOST_CASES or len(block.encode()) > room:
            gone["more than one suite may have"] += 1
            continue
        room -= len(block.encode())
        blocks.append(block)
    return blocks


def _unique(name: str, names: Counter[str]) -> str:
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    names[name] += 1
    return name if names[name] == 1 else _unique(f"{name[: _LONGEST_NAME - 8]} ({names[name]})", names)


def _block(case: Case) -> str:
    """A case as YAML, with why it is skipped in its place."""
    first, rest = stanza(replace(case, skip="")).split("\n", 1)
    return f"{first}\n    skip: {scalar(case.skip)}\n{rest}"


def _document(head: Head, what: str, blocks: Iterable[str]) -> bytes:
    return ("".join(f"{line}\n" for line in head.lines(what)) + "".join(blocks)).encode()


def _wrong(
    raw: bytes, blocks: Sequence[str], head: Head, what: str, charter: str, deployment: str | None
) -> frozenset[int]:
    """Which cases do not load: a name that no tool may have, a fact that is not as it is declared.

    Raises:
        EvidenceError: it is not the cases.
    """
    findings = read_suite(raw, "new.test.yaml", charter=charter, deployment=deployment).findings
    if not findings:
        return frozenset()
    ends: list[int] = []
    line = sum(1 for _ in head.lines(what))
    for block in blocks:
        line += block.count("\n")
        ends.append(line)
    begin = ends[0] - blocks[0].count("\n")
    found = {
        next((index for index, end in enumerate(ends) if each.location.line <= end), len(ends) - 1)
        for each in findings
        if each.location.line > begin
    }
    if not found:
        raise EvidenceError(f"the suite does not load: {findings[0].message}", where=str(findings[0].location))
    return frozenset(found)
