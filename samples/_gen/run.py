"""One run of an agent and the steps of its actions, written to the agent's log and to the audit record.

The two views differ as they do in life: the agent's log has what was said, called and answered; the
audit record has also what was checked, asked, decided, started, retried and escalated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from govern.events.canonical import digest, text_of

from .book import HOUR, SECOND, Book, Dice, fold


@dataclass(frozen=True)
class Check:
    """What the charter says about a call: written by hand in each story, compared with the engine by a test."""

    verdict: str
    reasons: tuple[str, ...]
    tier: str | None = None
    rules: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()


UNMAPPED = Check("deny", ("unmapped",))
Judge = Callable[[str, dict[str, Any]], Check]


def never(pattern: str) -> Check:
    """The verdict on a tool that an entry of `never` names, and that nobody mapped."""
    return Check("deny", ("never", "unmapped"), rules=(f"never:{pattern}",))


def weigh(tier: str, gate: str = "", waived: bool | None = False, **hits: str) -> Check:
    """The strictest of a tool's own authority and the rules that apply.

    Args:
        tier: the tool's tier.
        gate: the gate that the tool itself asks.
        waived: whether that gate's `unless` is true; None where it is unknown, which waives nothing.
        hits: rule id (with `_` for `-`) to `deny` or to the gate that the rule asks.
    """
    rules = {name.replace("_", "-"): effect for name, effect in hits.items()}
    denying = tuple(name for name, effect in rules.items() if effect == "deny")
    if denying:
        return Check("deny", ("rule",), tier, denying)
    gates = tuple(dict.fromkeys([*([gate] if gate and not waived else []), *rules.values()]))
    if not gates:
        return Check("allow", ("waived" if waived else "autonomous",), tier)
    reasons = {"gate": gate and not waived, "rule": rules, "unknown": waived is None}
    return Check("approval", tuple(name for name, holds in reasons.items() if holds), tier, tuple(rules), gates)


@dataclass(frozen=True)
class Office:
    """Who answers for a gate, and what happens when nobody does (hours)."""

    role: str
    seats: int
    asks_after: int = 0
    asks: str = ""
    expires_after: int = 8

    def seat(self, number: int, asker: str) -> str:
        """Who of the office answers: the next one where it is who asked, since nobody approves what they asked for."""
        seat = f"{self.role}-{number}"
        return seat if seat != asker else f"{self.role}-{number % self.seats + 1}"


@dataclass
class Desk:
    """What all runs of a story share."""

    book: Book
    judge: Judge
    offices: dict[str, Office]
    call_ids: str = "toolu_"  # a prefix; "" numbers the calls of each run, as some models do


class Run:
    """One session. Its clock only goes forward; steps of parallel actions may overlap."""

    def __init__(self, desk: Desk, name: str, start: int, replica: str = "") -> None:
        self.desk, self.book, self.name = desk, desk.book, name
        self.dice = Dice(desk.book.story, name)
        self.trace = fold(desk.book.story, name, "trace")[:32]
        self.root = fold(desk.book.story, name, "root")[:16]
        self.replica = replica or self.dice.pick(("gateway-1", "gateway-1", "gateway-2"))
        self.host = self.dice.pick(("agent-host-a", "agent-host-b"))
        self.first = self.t = start + self.dice.between(0, 999_999)
        self.skew = self.dice.between(350, 4_000)
        self.calls = 0
        self.asker = ""
        self.said = self.root  # the span of the latest response: what a call is proposed in

    # -- rows ---------------------------------------------------------------------------------------

    def audit(self, moment: int, kind: str, writer: str = "", **row: Any) -> int:
        """Writes an audit row at that moment, or when the writer is back; returns the moment."""
        writer = writer or self.replica
        moment = self.book.awake(writer, moment)
        self.book.add("audit", moment, self.book.writer_at(writer, moment), self._row(kind, row))
        return moment

    def log(self, moment: int, kind: str, **row: Any) -> None:
        """Writes a row of the agent's own log, whose clock is a little off."""
        self.book.add("log", moment + self.skew, self.host, self._row(kind, row))

    def _row(self, kind: str, row: dict[str, Any]) -> dict[str, Any]:
        own = {"type": kind, "trace_id": self.trace, "agent": self.book.agent, "span_id": self.root}
        session = {} if "call_id" in row else {"session_id": f"s-{self.trace[:8]}"}
        return {**own, **session, **row}

    # -- the conversation ---------------------------------------------------------------------------

    def open(self, text: str, actor: str, kind: str = "human") -> Run:
        """Starts the session and asks the agent for something."""
        version = {"agent_version": self.book.version}
        self.t = self.audit(self.t, "session_start", mode="enforce", actor_kind="service", **version)
        self.log(self.t, "session_start", actor_kind="service", **version)
        self.t = self.audit(self.t + 900, "policy_loaded", policy_digest=self.book.policy, actor_kind="policy")
        self.t += self.dice.between(20, 400) * 1000
        return self.ask(text, actor, kind)

    def ask(self, text: str, actor: str, kind: str = "human") -> Run:
        row = {"content": text, "actor_kind": kind, "actor": actor, "fidelity": "verbatim"}
        self.asker = actor
        self.t = self.audit(self.t, "prompt", **row)
        self.log(self.t, "prompt", **row)
        return self

    def say(self, text: str) -> Run:
        """The model answers, after thinking for 0.6 to 6 s."""
        self.t += self.dice.skewed(600, 6000) * 1000 + self.dice.between(0, 999)
        self.said = fold(self.trace, self.t, "response")[:16]
        row = {"content": text, "actor_kind": "agent", "fidelity": "verbatim"}
        row |= {"span_id": self.said, "parent_span_id": self.root}
        self.t = self.audit(self.t, "response", **row)
        self.log(self.t, "response", **row)
        self.t += self.dice.between(2, 30) * 1000
        return self

    def close(self, status: str = "ok") -> None:
        self.t += self.dice.between(30, 900) * 1000
        self.t = self.audit(self.t, "session_end", status=status, actor_kind="service")
        self.log(self.t, "session_end", status=status, actor_kind="service")

    # -- actions ------------------------------------------------------------------------------------

    def propose(self, tool: str, args: dict[str, Any], start: int = 0, writer: str = "") -> Action:
        """A call as the model wrote it."""
        self.calls += 1
        return Action(self, tool, args, "", start or self.t, writer)

    def garble(self, tool: str, text: str, tier: str, *rules: str) -> Action:
        """A call whose arguments are no JSON: denied, and kept as it was written.

        Denying rules of the tool, whose conditions cannot be known then, take part in the denial.
        """
        reasons = ("rule", "invalid_input", "unknown") if rules else ("invalid_input",)
        self.calls += 1
        action = Action(self, tool, None, text, self.t, "")
        return action.check(Check("deny", reasons, tier, rules)).refused("denied by policy: invalid_input")

    def unasked(self, tool: str, call_id: str, output: Any, what: str) -> None:
        """A result that no call of this run explains: whether anything ran for it here cannot be known."""
        self.t += self.dice.between(1_500, 3_500) * 1000
        row = {"span_id": fold(self.trace, call_id, "span")[:16], "call_id": call_id, "tool": tool, "status": "ok"}
        row["content"] = text_of(output)
        self.t = self.audit(self.t, "tool_result", **row)
        self.log(self.t, "tool_result", **row)
        self.book.incident("result-without-call", self.trace, call_id, what)

    def bypass(self, tool: str, args: dict[str, Any], output: Any, what: str) -> Action:
        """A call that ran past the boundary: the agent's own tracer saw it, no policy did."""
        action = self.propose(tool, args, writer="tracer-1").begin().finish(output)
        self.book.incident("unchecked-execution", self.trace, action.call_id, what)
        return action

    def use(self, tool: str, args: dict[str, Any], output: Any, start: int = 0, **how: Any) -> Action:
        """A whole action, as the charter has it; `how` goes to `Action.settle`."""
        action = self.propose(tool, args, start=start)
        action.settle(output, **how)
        self.t = max(self.t, action.t)
        return action

    def together(self, *calls: tuple[str, dict[str, Any], Any]) -> None:
        """Calls that the model proposed in one message, running side by side."""
        start = self.t
        for index, (tool, args, output) in enumerate(calls):
            self.use(tool, args, output, start=start + index * 1_700)


class Action:
    """One call through its steps; every step moves its own clock `t` (microseconds)."""

    def __init__(self, run: Run, tool: str, args: dict[str, Any] | None, text: str, start: int, writer: str) -> None:
        self.run, self.tool, self.args, self.t = run, tool, args, start
        self.span = fold(run.trace, run.calls, "span")[:16]
        prefix = run.desk.call_ids
        self.call_id = f"{prefix}{fold(run.trace, run.calls, 'call')[:12]}" if prefix else f"call_{run.calls}"
        self.digest = digest(text_of(args)) if args is not None else None
        self.approval = ""
        self.writer = writer
        proposed = {"actor_kind": "agent", "args": args, "args_text": text or None, "parent_span_id": run.said}
        self.began = self._audit("tool_call", **proposed)
        self._log("tool_call", **proposed)

    def _own(self) -> dict[str, Any]:
        return {"span_id": self.span, "call_id": self.call_id, "tool": self.tool}

    def _audit(self, kind: str, **row: Any) -> int:
        self.t = self.run.audit(self.t, kind, self.writer, **{**self._own(), **row})
        self.run.t = max(self.run.t, self.t)
        return self.t

    def _log(self, kind: str, **row: Any) -> None:
        self.run.log(self.t, kind, **{**self._own(), **row})

    def wait(self, low_ms: int, high_ms: int) -> Action:
        self.t += self.run.dice.skewed(low_ms, high_ms) * 1000 + self.run.dice.between(0, 999)
        return self

    def check(self, verdict: Check) -> Action:
        self.wait(1, 6)._audit(
            "policy_check",
            actor_kind="policy",
            verdict=verdict.verdict,
            reasons=list(verdict.reasons),
            rules=list(verdict.rules),
            gates=list(verdict.gates),
            tier=verdict.tier,
            policy_digest=self.run.book.policy,
            args_digest=self.digest,
        )
        return self

    def request(self, gate: str, role: str) -> str:
        """Asks a gate; returns the approval id, which the next decision answers."""
        self.approval = f"ap-{fold(self.run.trace, self.call_id, gate)[:12]}"
        self.wait(3, 20)._audit(
            "approval_request",
            approval_id=self.approval,
            gates=[gate],
            role=role,
            args_digest=self.digest,
            actor_kind="policy",
        )
        return self.approval

    def decide(self, decision: str, actor: str, role: str, reason: str, kind: str = "human", **other: Any) -> Action:
        """An answer to the request; `other` replaces what ties it to this call."""
        tied = {"approval_id": self.approval, "args_digest": self.digest, "decision": decision}
        row = {**tied, "actor": actor, "role": role, "reason": reason, "actor_kind": kind, **other}
        self._audit("approval_decision", **row)
        return self

    def begin(self, attempt: int = 1) -> Action:
        self.wait(1, 12)._audit(
            "tool_start",
            args=self.args,
            args_digest=self.digest,
            attempt=attempt,
            mode="enforce",
        )
        return self

    def finish(self, output: Any, error: str = "", low_ms: int = 60, high_ms: int = 2400) -> Action:
        before = self.t
        self.wait(low_ms, high_ms)
        answer = {
            "status": "error" if error else "ok",
            "error": error or None,
            "content": None if error else (output if isinstance(output, str) else text_of(output)),
        }
        self._audit("tool_result", duration_ns=(self.t - before) * 1000, **answer)
        self._log("tool_result", **answer)
        return self

    def stumble(self, error: str, attempt: int = 1) -> Action:
        """A failed attempt that the boundary repeats by itself; the agent's log never sees it."""
        self.wait(4000, 6000)._audit("error", error=error, attempt=attempt, actor_kind="service")
        self.wait(400, 1500)._audit("retry", attempt=attempt + 1, reason=error, actor_kind="service")
        return self

    def expire(self, hours: int) -> Action:
        """The deadline of the request passes, hours from now, and the call does not run."""
        self.t += hours * HOUR
        self.decide("expired", "approval-clock", "", "no answer in time", "service")
        return self.refused("the approval expired")

    def refused(self, why: str) -> Action:
        """What the agent is told when a call does not run."""
        self._log("tool_result", status="error", error=why, actor_kind="service")
        return self

    def settle(
        self,
        output: Any,
        error: str = "",
        stumble: str = "",
        answers: Sequence[tuple[str, str]] = (("approve", "looks right"),),
        patience: tuple[int, int] = (25, 5400),
    ) -> None:
        """Takes the call to its end as its verdict demands.

        Args:
            output: what the tool gives back.
            error: what it says instead where it fails.
            stumble: the error of a first attempt that is repeated.
            answers: decision and stated reason, one for each gate in turn (the last stands for the rest).
            patience: how long people take to answer, in seconds.
        """
        if self.args is None:
            raise ValueError("a call without readable arguments is not settled but refused")
        verdict = self.run.desk.judge(self.tool, self.args)
        self.check(verdict)
        if verdict.verdict == "deny":
            reason = (verdict.rules or verdict.reasons)[0]
            if {"unmapped", "never"} & set(verdict.reasons):
                self.wait(2, 9)._audit("escalation", reason=reason, role=self.run.desk.offices["owner"].role)
            self.refused(f"denied by policy: {reason}")
            return
        for index, gate in enumerate(verdict.gates):
            decision, reason = answers[min(index, len(answers) - 1)]
            if not self._ask(gate, decision, reason, patience):
                return
        self.begin()
        if stumble:
            self.stumble(stumble).begin(2)
        self.finish(output, error)

    def _ask(self, gate: str, decision: str, reason: str, patience: tuple[int, int]) -> bool:
        office = self.run.desk.offices[gate]
        self.request(gate, office.role)
        if decision == "expired":
            asked = self.t
            if office.asks:
                self.t = asked + office.asks_after * HOUR
                self._audit(
                    "escalation",
                    gates=[office.asks],
                    role=self.run.desk.offices[office.asks].role,
                    approval_id=self.approval,
                    reason="no answer",
                )
            self.t = asked
            self.expire(office.expires_after)
            return False
        self.t += self.run.dice.skewed(*patience) * SECOND + self.run.dice.between(0, 999_999)
        seat = office.seat(self.run.dice.between(1, office.seats), self.run.asker)
        self.decide(decision, seat, office.role, reason)
        if decision == "deny":
            self.refused(f"denied by {office.role}: {reason}")
        return decision == "approve"


def reload_open_runs(book: Book, runs: Sequence[Run]) -> None:
    """After an outage the new writer loads the policy again, once in every run that it takes over."""
    for outage in book.outages:
        taken = [r for r in runs if r.replica == outage.writer and r.first < outage.down and r.t >= outage.up]
        for index, run in enumerate(taken):
            run.audit(
                outage.up + index * 900,
                "policy_loaded",
                policy_digest=book.policy,
                actor_kind="policy",
                reason="restart",
            )
