"""Runs a sequence of steps: facts, limits, counts, taint and origin out of its own events, approvals by the gate.

What a step does is recorded as an event of one trace, in order, at the time of a clock that only steps move: so what
is judged is what a log of it would be judged. An allowed call runs at once, one that waits runs once it is approved,
decided again then. Deadlines pass at their own nanosecond, whichever step lets it pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, assert_never

from govern import gate
from govern.charter.cases import CLOCK_NS, AnswerStep, CallStep, Case, SayStep, Step, WaitStep
from govern.events.canonical import Malformed, normalise, parse, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode
from govern.policy.engine import Engine
from govern.policy.history import APPROVE, Scope
from govern.policy.model import Effect
from govern.policy.origin import Said
from govern.policy.origin.hearing import SAYING, answers, asked, hear, trusted_tools
from govern.policy.verdict import Verdict
from govern.scenario.asked import differences, final
from govern.scenario.judge import arguments, compared, judged
from govern.scenario.outcome import Decision, Failure, Outcome, State

NS = 10**9
_TRACE = "test"
_SERVED = "session.person"


@dataclass(slots=True)
class Waiting:
    """A call that waits, or waited, for approval.

    Args:
        step: which of the case's steps.
        use_ns: when an approval is to be used; None before it is approved.
    """

    step: int
    call: CallStep
    event: Event
    standing: gate.Standing
    use_ns: int | None = None


def run_sequence(engine: Engine, case: Case) -> Outcome:
    """Runs a test whose history is worked out from its steps."""
    sequence = _Sequence(engine, case)
    for index, step in enumerate(case.steps):
        sequence.take(index, step)
    failures = tuple(sequence.failures)
    answered = tuple(each for waiting in sequence.waiting for each in final(waiting.standing, waiting.step))
    state = State.FAILED if failures else State.PASSED
    return Outcome(case, state, failures, tuple(sequence.decisions), answered)


class _Sequence:
    """One run of one case."""

    def __init__(self, engine: Engine, case: Case) -> None:
        self.engine = engine
        self.policy = engine.policy
        self.case = case
        self.now_ns = CLOCK_NS if case.clock_ns is None else case.clock_ns
        self.count = 0
        self.states: dict[Scope, Any] = {}
        self.said = Said()
        self.asked = asked(engine.policy)
        self.trusted = trusted_tools(engine.policy)
        self.facts = None if case.facts is None else normalise(dict(case.facts))
        self.decisions: list[Decision] = []
        self.failures: list[Failure] = []
        self.waiting: list[Waiting] = []

    def take(self, index: int, step: Step) -> None:
        match step:
            case SayStep(text, by, after_s):
                self.pass_time(after_s)
                who = (ActorKind.HUMAN, None) if by == "user" else (ActorKind.SERVICE, "system")
                self.record(
                    self.event(
                        EventType.PROMPT,
                        actor_kind=who[0],
                        actor=who[1],
                        content=text,
                        fidelity=Fidelity.VERBATIM,
                    )
                )
            case CallStep():
                self.pass_time(step.after_s)
                self.call(index, step)
            case AnswerStep():
                self.pass_time(step.after_s)
                self.answer(index, step)
            case WaitStep(wait_s, of, expect, at):
                self.pass_time(wait_s)
                if expect is not None:
                    found = self.meant(of)
                    if found is None:
                        self.failures.append(Failure("request", "a call that waits for an answer", "none", at, index))
                    else:
                        self.failures += differences(expect, found.standing, (), index)
            case _:
                assert_never(step)

    # -- calls --

    def call(self, index: int, step: CallStep) -> None:
        args = arguments(step.args)
        event = self.event(
            EventType.TOOL_CALL,
            span_id=f"step-{index}",
            tool=step.tool,
            args=None if args is None else text_of(args),
            args_error=None if args is not None else "no canonical form",
        )
        decision = self.judge(index, step, event)
        self.failures += compared(step.expect, decision)
        self.record(event)
        verdict = decision.verdict
        runs = verdict.effect is Effect.ALLOW if step.released is None else step.released
        checked = Mode.SHADOW if runs and verdict.effect is not Effect.ALLOW else Mode.ENFORCE
        self.record(self.follows(event, EventType.POLICY_CHECK, verdict=verdict.effect.label, mode=checked))
        if runs:
            self.run(event, step)
        elif verdict.effect is Effect.APPROVAL:
            self.record(self.follows(event, EventType.APPROVAL_REQUEST, gates=verdict.gates))
            tired = frozenset(name for name in verdict.gates if self.tired(name))
            made = Waiting(index, step, event, gate.opened(self.request(step.tool, verdict), tired))
            self.waiting.append(made)
            if not made.standing.state.open:  # nobody is there whom it could ask, or who was not asked too often
                self.record(self.follows(event, EventType.APPROVAL_DECISION, decision=made.standing.state.value))
        elif verdict.effect is Effect.ALLOW:  # allowed, and called off: an allowed call counts as released without it
            self.record(self.follows(event, EventType.APPROVAL_DECISION, decision="cancelled"))

    def judge(self, index: int, step: CallStep, event: Event) -> Decision:
        """The decision on a call as everything stands now."""
        args = arguments(step.args)
        given: dict[str, Any] = {"at": self.now_ns}
        if args is not None:
            filled = self.engine.filled(step.tool, args)
            given |= self.engine.history.inputs(self.states, event, filled, at_ns=self.now_ns, session=self.facts)
            if step.tool in self.asked:
                given |= answers(self.said, self.asked[step.tool], filled)
        made = judged(self.engine, step.tool, step.args, given, index)
        self.decisions.append(made)
        return made

    def run(self, call: Event, step: CallStep) -> None:
        """The call runs, and gives its result."""
        self.record(self.follows(call, EventType.TOOL_START))
        if step.error is not None:
            failed = self.follows(call, EventType.TOOL_RESULT, status="error", error=step.error)
            self.record(replace(failed, fidelity=Fidelity.VERBATIM))
            return
        content, fidelity = _written(step.result)
        done = self.follows(call, EventType.TOOL_RESULT, status="ok", content=content)
        self.record(replace(done, fidelity=fidelity))

    def request(self, tool: str, verdict: Verdict) -> gate.Request:
        identity = self.policy.identity
        account = (identity.service_account,) if identity else ()
        return gate.Request(
            self.policy.gates,
            verdict.gates,
            self.now_ns,
            self.case.session.person,
            frozenset((*self.case.session.chain, self.policy.agent, *account)),
            gate.silence_may_allow(self.policy, tool, verdict),
            told_at_once=True,
        )

    def tired(self, name: str) -> bool:
        """Whether a gate takes no further request of the session now."""
        earlier = [
            gate.Earlier(
                standing.request.at_ns,
                standing.state is gate.State.PENDING,
                standing.at_ns if standing.state is gate.State.DENIED and standing.votes else None,
            )
            for standing in (each.standing for each in self.waiting)
            if name in standing.request.asks
        ]
        return gate.tired(self.policy.gates[name].fatigue, earlier, self.now_ns) is not None

    # -- answers and time --

    def answer(self, index: int, step: AnswerStep) -> None:
        found = self.meant(step.of)
        if found is None:
            self.failures.append(Failure("answer", "a call that waits for an answer", "none", step.at, index))
            return
        refused: list[gate.Why] = []
        for person in step.people:
            name = self.case.session.person or _SERVED if person.name == _SERVED else person.name
            given = gate.answered(found.standing, gate.Answer(name, frozenset(person.roles), step.approve, self.now_ns))
            if isinstance(given, gate.Refused):
                refused.append(given.why)
                given = given.standing
            self.move(found, given)
        self.use_due(self.now_ns)
        if step.expect is not None:
            self.failures += differences(step.expect, found.standing, tuple(refused), index)

    def meant(self, of: str) -> Waiting | None:
        """The call that an answer is to: by its name, else the latest that waits, else the latest that waited."""
        if of:
            return next((each for each in self.waiting if each.call.name == of), None)
        still = [each for each in self.waiting if each.standing.state is gate.State.PENDING]
        found = still or self.waiting
        return found[-1] if found else None

    def pass_time(self, seconds: int) -> None:
        """Time passes; what is due on the way happens at its own nanosecond."""
        until = self.now_ns + seconds * NS
        while (due := min(self.due(), default=None)) is not None and due <= until:
            self.now_ns = due
            for each in self.waiting:
                if each.standing.state.open:
                    self.move(each, gate.at(each.standing, due))
            self.use_due(due)
        self.now_ns = until
        for each in self.waiting:
            if each.standing.state.open:
                self.move(each, gate.at(each.standing, until))

    def due(self) -> Iterator[int]:
        """When something happens by itself."""
        for each in self.waiting:
            next_ns = gate.next_ns(each.standing)
            if next_ns is not None:
                yield next_ns
            if each.standing.state is gate.State.APPROVED and each.use_ns is not None:
                yield each.use_ns

    def move(self, waiting: Waiting, standing: gate.Standing) -> None:
        """A request came to stand otherwise: that is recorded."""
        before, waiting.standing = waiting.standing, standing
        if before.state is standing.state:
            return
        match standing.state:
            case gate.State.APPROVED:
                self.record(self.follows(waiting.event, EventType.APPROVAL_DECISION, decision=APPROVE))
                if waiting.call.released is not False:
                    waiting.use_ns = standing.at_ns + waiting.call.used_after_s * NS
            case gate.State.DENIED | gate.State.EXPIRED | gate.State.VOID:
                decided = standing.state.value
                self.record(self.follows(waiting.event, EventType.APPROVAL_DECISION, decision=decided))
            case gate.State.PENDING | gate.State.CLAIMED:
                pass
            case _:
                assert_never(standing.state)

    def use_due(self, now_ns: int) -> None:
        """Approved calls whose time has come are decided again, and run."""
        for each in self.waiting:
            if each.standing.state is gate.State.APPROVED and each.use_ns is not None and each.use_ns <= now_ns:
                decision = self.judge(each.step, each.call, each.event)
                verdict = decision.verdict
                again = None
                if verdict.effect is not Effect.DENY:
                    silent = gate.silence_may_allow(self.policy, each.call.tool, verdict)
                    again = gate.Again(verdict.gates, self.policy.gates, silent)
                claimed = gate.claimed(each.standing, again, now_ns)
                self.move(each, claimed)
                if claimed.state is gate.State.CLAIMED:
                    self.run(each.event, each.call)

    # -- events --

    def event(self, type: EventType, **said: Any) -> Event:
        self.count += 1
        whose = {"agent": self.policy.agent, "actor_kind": ActorKind.AGENT} | said
        return Event(
            event_id=f"event-{self.count}",
            trace_id=_TRACE,
            session_id=_TRACE,
            type=type,
            writer_id=_TRACE,
            wseq=self.count,
            ts_ns=self.now_ns,
            **whose,
        )

    def follows(self, call: Event, type: EventType, **said: Any) -> Event:
        """An event of what became of a call."""
        return self.event(type, span_id=call.span_id, tool=call.tool, **said)

    def record(self, event: Event) -> None:
        self.states.update(self.engine.history.changes(self.states, event, event.ts_ns, self.facts))
        if event.type in SAYING:
            self.said = hear(self.said, event, self.trusted)


def _written(result: Any) -> tuple[str, Fidelity]:
    """A result as an event has it: text as it is, unless it could be read as other data."""
    if isinstance(result, str):
        try:
            parse(result)
        except Malformed:
            return result, Fidelity.VERBATIM
    try:
        return text_of(normalise(result)), Fidelity.RESERIALISED
    except Malformed:  # as a log may have it: two readings, and so no data
        return json.dumps(result), Fidelity.VERBATIM
