"""Decisions taken again from what was recorded: the same under the same charter, and told apart under another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from govern.audit import store
from govern.charter.load import charter_or_raise, load, load_text
from govern.compile.lower import lower
from govern.events.model import Event, EventType
from govern.ingest import Summary, read
from govern.policy.model import Policy
from govern.reconstruct.build import build
from govern.reconstruct.store import load as load_chain
from govern.redecide import past
from govern.redecide.decisions import Again, Outcome, redecide
from govern.replay.groups import Policies, Recorded

ROOT = Path(__file__).parents[2]
CHARTER = """
govern: 1
agent: payer
version: 1
purpose: Pays bills.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
tools:
  look: {tier: read_only}
  pay:
    tier: irreversible
    approval: {ask: lead}
    input: {type: object, properties: {amount: {type: number}}, required: [amount]}
"""


def policy(text: str = CHARTER) -> Policy:
    return lower(charter_or_raise(load_text(text, "charter.yaml"), "charter.yaml"))


def call(
    number: int, tool: str, args: str | None = '{"amount":5}', *, trace: str = "t", **check: object
) -> list[Event]:
    """A proposal and its check."""
    common = {
        "trace_id": trace, "writer_id": f"w-{trace}", "span_id": f"{trace}-{number}", "agent": "payer", "tool": tool,
    }  # fmt: skip
    at = number * 10**9
    made = [
        Event(event_id=f"{trace}-{number}-c", type=EventType.TOOL_CALL, wseq=number * 2, ts_ns=at, args=args, **common)
    ]
    if check:
        made.append(
            Event(
                event_id=f"{trace}-{number}-p", type=EventType.POLICY_CHECK, wseq=number * 2 + 1, ts_ns=at + 1,
                args=args, **common, **check,
            )
        )  # fmt: skip
    return made


def again(events: list[Event], judged_by: Policies) -> tuple[Again, ...]:
    return redecide(build(events), events, judged_by)


def by(text: str = CHARTER) -> Policies:
    return Policies({"payer": policy(text)})


def test_the_same_charter_says_the_same() -> None:
    """Effect and gates are compared; other reasons for the same verdict are no difference."""
    events = [*call(1, "look", "{}", verdict="allow"), *call(2, "pay", verdict="approval", gates=("lead",))]
    assert [Outcome.SAME, Outcome.SAME] == [each.outcome for each in again(events, by())]


@pytest.mark.parametrize(
    ("check", "how"),
    [
        ({"verdict": "allow"}, ("was allow, is approval",)),
        ({"verdict": "deny"}, ("was deny, is approval",)),
        ({"verdict": "approval", "gates": ("finance",)}, ("gates were finance, are lead",)),
    ],
)
def test_another_verdict_or_another_gate_differs(check: dict[str, object], how: tuple[str, ...]) -> None:
    """What differs is said in words."""
    (found,) = again(call(1, "pay", **check), by())
    assert (Outcome.DIFFERS, how) == (found.outcome, found.how)


def test_gates_that_were_not_recorded_are_not_compared() -> None:
    """The verdict is the same, and that the gates could not be compared is told."""
    (found,) = again(call(1, "pay", verdict="approval"), by())
    assert (Outcome.SAME, True) == (found.outcome, found.gates_unknown)


def test_arguments_that_were_not_captured_are_missing_inputs() -> None:
    """Not the same and not different: what decides is not in the record."""
    text = CHARTER + "    rules:\n      - {id: cap, when: args.amount > 3, then: deny, because: Too much.}\n"
    (found,) = again(call(1, "pay", None, verdict="deny"), by(text))
    assert Outcome.MISSING == found.outcome
    assert ("the arguments",) == found.missing
    assert ("approval", "deny") == found.range


def test_an_unmapped_tool_without_its_arguments_is_denied_all_the_same() -> None:
    """Arguments that decide nothing are not missed."""
    (found,) = again(call(1, "unknown", None, verdict="allow"), by())
    assert (Outcome.DIFFERS, ("was allow, is deny",)) == (found.outcome, found.how)


def test_a_call_without_a_check_is_told_with_what_it_would_have_been() -> None:
    """Nothing was recorded, so nothing can be the same."""
    (found,) = again(call(1, "unknown"), by())
    assert Outcome.UNRECORDED == found.outcome
    assert found.now is not None
    assert "deny" == found.now.effect


def test_a_result_without_a_call_has_nothing_to_decide() -> None:
    """An action that no proposal opened."""
    event = Event(
        event_id="r", trace_id="t", type=EventType.TOOL_RESULT, writer_id="w", wseq=0, span_id="s", tool="pay"
    )
    (found,) = again([event], by())
    assert Outcome.NO_CALL == found.outcome


def test_no_policy_of_the_agent_is_a_missing_input() -> None:
    """The charter speaks for another agent."""
    events = [replace(event, agent="other") for event in call(1, "pay", verdict="allow")]
    (found,) = again(events, Policies({"payer": policy(), "third": policy(CHARTER.replace("payer", "third"))}))
    assert Outcome.MISSING == found.outcome
    assert ("a charter for the agent `other`",) == found.missing


def test_as_recorded_takes_the_policy_that_each_check_names() -> None:
    """A digest that no bundle has is a missing input."""
    mine = policy()
    known = call(1, "pay", verdict="approval", gates=("lead",), policy_digest=mine.digest)
    unknown = call(2, "pay", verdict="approval", gates=("lead",), policy_digest="sha256:" + "0" * 64)
    found = again([*known, *unknown], Recorded({mine.digest: mine}))
    assert [Outcome.SAME, Outcome.MISSING] == [each.outcome for each in found]


def test_a_limit_shared_by_traces_counts_calls_of_the_store(tmp_path: Path) -> None:
    """The second payment of the day was over the limit because of another trace; alone it would not be."""
    how = "within: 1h, for_each: [agent], counts: proposed, otherwise: deny, because: Often."
    text = f"{CHARTER}limits:\n  - {{id: one, tools: [pay], max: 1, {how}}}\n"
    first, second = call(1, "pay", trace="a", verdict="approval"), call(2, "pay", trace="b", verdict="deny")
    store.write([*first, *second], tmp_path)
    chain = load_chain(tmp_path, "b").chain
    judges = by(text)
    (found,) = redecide(chain, past.events(tmp_path, chain, judges), judges)
    assert Outcome.SAME == found.outcome
    (alone,) = redecide(chain, chain.events, judges)
    assert Outcome.DIFFERS == alone.outcome


def test_calls_under_one_id_are_each_decided_by_their_own_arguments(tmp_path: Path) -> None:
    """An id that was used again gives neither call the other's verdict, in one trace or in two."""
    limit = "within: 1h, for_each: [agent], counts: proposed, otherwise: deny, because: Often."
    rule = "    rules:\n      - {id: cap, when: args.amount > 7, then: deny, because: Too much.}\n"
    text = f"{CHARTER}{rule}limits:\n  - {{id: many, tools: [pay], max: 9, {limit}}}\n"
    small, large = call(1, "pay", '{"amount":5}', verdict="approval"), call(2, "pay", '{"amount":9}', verdict="deny")
    other = call(1, "pay", '{"amount":9}', trace="u")
    one_id = [replace(event, event_id="e") for event in (small[0], large[0], other[0])]
    for number, event in enumerate([*one_id, small[1], large[1]]):
        store.write([event], tmp_path / str(number))
    for part in tmp_path.glob("[1-9]/events/dt=*/*.parquet"):
        part.rename(tmp_path / "0/events/dt=1970-01-01" / part.name)
    chain, judges = load_chain(tmp_path / "0", "t").chain, by(text)
    found = redecide(chain, past.events(tmp_path / "0", chain, judges), judges)
    assert [("approval", Outcome.SAME), ("deny", Outcome.SAME)] == [
        (each.now.effect if each.now else None, each.outcome) for each in found
    ]


@pytest.mark.parametrize("name", ["code-review", "crm", "data-pipeline", "scheduling", "support"])
def test_every_recorded_check_of_the_samples_is_the_same_again(name: str, tmp_path: Path) -> None:
    """The samples were recorded under their charter: no decision differs, and none lacks an input."""
    folder = ROOT / "samples" / name
    store.write(Summary().events(read([str(folder / "audit.jsonl")])), tmp_path)
    made = lower(charter_or_raise(load(folder / "charter.yaml"), "charter.yaml"))
    judges = Policies({made.agent: made})
    traces = sorted({event.trace_id for event in Summary().events(read([str(folder / "audit.jsonl")]))})
    outcomes = []
    for trace in traces[:12]:
        chain = load_chain(tmp_path, trace).chain
        outcomes += [each.outcome for each in redecide(chain, past.events(tmp_path, chain, judges), judges)]
    assert Outcome.SAME in outcomes
    assert not {Outcome.DIFFERS, Outcome.MISSING} & set(outcomes)
