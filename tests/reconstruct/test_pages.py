"""How a chain is told, whatever shows it: every event once, gaps at their places, times as exact as the source."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from govern.audit.verifying.contract import Anchored, Finding, Kind, Verified
from govern.audit.verifying.contract import Step as Judged
from govern.events.canonical import text_of
from govern.events.model import Event, EventType
from govern.reconstruct.gaps.registry import KINDS
from govern.reconstruct.judge import Gap, reconstruct
from govern.report import chain_holes, chain_html, chain_json, chain_markdown, chain_masks, chain_record, chain_text
from govern.report.chain_holes import Hole
from govern.report.chain_told import Story, told

from .reading import Case, cases, events_of

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "reconstruct.v1.json").read_text("utf-8"))
CASES = [case for case in cases() if case.expect["gaps"]]
EVIL = (
    "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script><img src=x onerror=alert(2)>[red]x[/red]`|**b** @team #1 "
    "</pre></details>--><!--\n✓ whole\u202egnp.exe\u2028\x85\u200b"
)
SPAN = [
    {"is": "session_start", "span": "root"},
    {"is": "prompt", "content": "pay the bill", "actor": "clerk-1", "actor_kind": "human"},
    {"is": "response", "content": "Paying it."},
    {"is": "tool_call", "call_id": "c1"},
    {"is": "policy_check", "verdict": "approval", "gates": ["lead"], "reasons": ["gate"], "policy_digest": "sha256:ab"},
    {"is": "approval_request", "id": "ap", "gates": ["lead"], "role": "team-lead"},
    {"is": "policy_loaded", "policy_digest": "sha256:ab", "reason": "restart"},
    {"is": "tool_start"},
    {"is": "tool_result", "content": "paid"},
    {"is": "response", "content": "Done."},
    {"is": "session_end", "span": "root"},
]


def text_lines(events: list[Event], width: int = 80, **options: Any) -> list[str]:
    return [line.plain for line in chain_text.lines(reconstruct(events), width, **options)]


def order(story: Story) -> list[str]:
    """The types of events and the ids of gaps, in the order in which people see them."""
    return [
        item.gap.id if isinstance(item, Hole) else str(item.event.type)
        for block in story.blocks
        for item in block.items
    ]


def good(actions: int, **columns: Any) -> list[Event]:
    """A chain without holes, of so many actions."""
    rows: list[dict[str, Any]] = [{"is": "prompt", "content": "pay all of them"}]
    for number in range(actions):
        own = {"span": f"s{number}", "args": {"amount": number}}
        rows += [
            {"is": "response", "content": f"Paying {number}."},
            {"is": "tool_call", **own, "call_id": f"c{number}", **columns},
            {"is": "policy_check", **own, "verdict": "allow"},
            {"is": "tool_start", **own},
            {"is": "tool_result", "span": f"s{number}", "content": "paid"},
        ]
    return events_of(rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_event_and_every_gap_is_told_once(case: Case) -> None:
    """Nothing of a trace is left out of its story, and nothing is told twice."""
    made = reconstruct(case.events)
    story = told(made)
    items = [item for block in story.blocks for item in block.items]
    steps = [item.event.event_id for item in items if not isinstance(item, Hole) and item.again is None]
    assert sorted(event.event_id for event in made.chain.events) == sorted(steps)
    assert sorted(map(repr, made.gaps)) == sorted(repr(item.gap) for item in items if isinstance(item, Hole))
    assert [action.index for action in made.chain.actions] == [
        block.action.index for block in story.blocks if block.action is not None
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_output_names_every_gap_and_its_cause(case: Case) -> None:
    """Text, Markdown, page and JSON all say each gap, and no line of the text is wider than its terminal."""
    made = reconstruct(case.events)
    lines = list(chain_text.lines(made, 80))
    text = "\n".join(line.plain for line in lines)
    page, markdown = chain_html.page(made), chain_markdown.markdown(made)
    for gap in made.gaps:
        assert f"✗ {gap.id}" in text
        assert f"✗ {gap.id}" in page
        assert f"✗ {gap.id}" in markdown
        assert gap.cause.split("`")[0][:30] in " ".join(part.strip("│┆└ ") for part in text.split("\n"))
    assert [] == [line.plain for line in lines if line.cell_len > 80]
    document = json.loads(json.dumps(chain_json.document(made)))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    told_of = [step["event_id"] for action in document["actions"] for step in action["steps"]]
    told_of += [step["event_id"] for step in document["outside"]]
    assert sorted(event.event_id for event in made.chain.events) == sorted(told_of)
    holes = [item["gap"] for block in document["blocks"] for item in block["items"] if "gap" in item]
    assert list(range(len(made.gaps))) == sorted(holes)


def test_every_gap_has_its_place() -> None:
    """A gap that is added says where it is drawn, and whose step is missing."""
    assert {kind.id for kind in KINDS} == set(chain_holes._KNOWN)


def test_a_gap_stands_where_the_missing_event_should() -> None:
    """The approval that is missing is drawn after its request and before the run; the restart stands between."""
    story = told(reconstruct(events_of(SPAN)))
    shown = [one for one in order(story) if one not in ("sequence-gap", "no-session-end", "prompt-not-verbatim")]
    expected = ["approval_request", "policy_loaded", "gate-did-not-hold", "tool_start", "tool_result"]
    start = shown.index("approval_request")
    assert expected == shown[start : start + 5]
    hole = next(one for block in story.blocks for one in block.holes if one.gap.id == "gate-did-not-hold")
    assert ("human", "an approving decision") == (hole.lane, hole.missing)
    assert "missing here: an approving decision" in "\n".join(text_lines(events_of(SPAN)))


def test_an_unknown_gap_stands_after_what_it_names() -> None:
    """A gap of a newer version is never lost: it follows the last event that it names, or ends its block."""
    events = events_of(SPAN)
    gap = Gap("made-up", KINDS[0].pattern, 1, (events[3].event_id, events[4].event_id), None, "why")
    assert 5 == chain_holes.place(gap, events)
    assert len(events) == chain_holes.place(replace(gap, events=("elsewhere",)), events)


def test_lost_events_after_a_missing_run_do_not_hide_it() -> None:
    """A prompt and a final answer without any action are told as well."""
    story = told(reconstruct(events_of([{"is": "prompt", "content": "hi"}, {"is": "response", "content": "hello"}])))
    assert ["prompt", "response"] == [one for one in order(story) if one in tuple(EventType)]


def test_times_are_as_exact_as_the_source() -> None:
    """Whole seconds are shown as such and said to be; finer ones with their digits; none where there is none."""
    seconds = "\n".join(text_lines(good(2)))
    assert "times are whole seconds (±1 s)" in seconds
    assert "+4s" in seconds
    assert "+4.0" not in seconds
    fine = [replace(event, ts_ns=(event.ts_ns or 0) + 120_000_000 + place) for place, event in enumerate(good(2))]
    exact = "\n".join(text_lines(fine))
    assert "22:13:21.120Z" in exact
    assert "±1 s" not in exact
    bare = [replace(event, ts_ns=None) for event in good(2)]
    assert "no times recorded" in "\n".join(text_lines(bare))
    assert "<svg" not in chain_html.page(reconstruct(bare))
    assert "<time" not in chain_html.page(reconstruct(bare))
    some = [replace(event, ts_ns=None) if place == 3 else event for place, event in enumerate(good(2))]
    assert "1 event without a time" in " ".join(text_lines(some))


def test_waits_and_runs_are_measured() -> None:
    """How long a decision was waited for, and how long a tool ran, stand beside them."""
    rows = [*SPAN[:6], {"is": "approval_decision", "id": "ap", "decision": "approve", "at": 400}, {"is": "tool_start"},
            {"is": "tool_result", "at": 700}]  # fmt: skip
    text = "\n".join(text_lines(events_of(rows), 120))
    assert "after 6 min 34 s" in text
    assert "took 4 min 59 s" in text


def test_arguments_that_ran_are_shown_where_they_differ() -> None:
    """A start on other arguments says so and has them in full; one on the same does not repeat them."""
    same = events_of(SPAN)
    story = told(reconstruct([replace(e, args=text_of({"amount": 5})) if e.type == "tool_start" else e for e in same]))
    other = told(reconstruct([replace(e, args=text_of({"amount": 9})) if e.type == "tool_start" else e for e in same]))
    (start,) = [step for block in story.blocks for step in block.steps if step.what == "start"]
    (changed,) = [step for block in other.blocks for step in block.steps if step.what == "start"]
    assert ("", ()) == (start.said, start.texts)
    assert changed.said.startswith("on OTHER arguments than proposed, digest ")
    assert ['{"amount":9}'] == [text.text for text in changed.texts]


def test_long_input_is_cut_and_whole_on_demand() -> None:
    """A title stays one line, the input below it is cut with a hint, `--verbatim` has every byte."""
    events = good(1)
    long = {"q": "word " * 3_000, "end": "the very end"}
    events = [replace(e, args=text_of(long)) if e.type == "tool_call" else e for e in events]
    short, whole = text_lines(events), text_lines(events, verbatim=True)
    assert any("--verbatim shows all of it" in line for line in short)
    assert max(map(len, short)) < 130
    assert any(text_of(long) in line for line in whole)


def hostile() -> list[Event]:
    return events_of(
        [
            {"is": "prompt", "content": EVIL, "actor": EVIL},
            {"is": "response", "content": EVIL},
            {"is": "tool_call", "tool": EVIL, "call_id": EVIL, "args": {EVIL: EVIL}, "agent": EVIL,
             "agent_version": EVIL},
            {"is": "policy_check", "tool": EVIL, "args": {EVIL: EVIL}, "verdict": EVIL, "reasons": [EVIL],
             "rules": [EVIL], "gates": [EVIL], "policy_digest": EVIL, "tier": EVIL},
            {"is": "approval_request", "id": EVIL, "gates": [EVIL], "role": EVIL, "content": EVIL},
            {"is": "approval_decision", "id": EVIL, "decision": EVIL, "actor": EVIL, "role": EVIL, "reason": EVIL},
            {"is": "tool_result", "tool": EVIL, "content": EVIL, "error": EVIL, "status": EVIL},
            {"is": "escalation", "role": EVIL, "reason": EVIL},
            {"is": "halt", "span": None, "actor": EVIL, "reason": EVIL},
            {"is": "tool_call", "span": "s9", "args": None, "args_error": EVIL, "content": EVIL},
        ]
    )  # fmt: skip


def test_hostile_text_is_text_everywhere() -> None:
    """Escapes, markup, marks that turn text and table cells of a log reach no medium as anything but text."""
    made = reconstruct(hostile())
    record = chain_record.Record("tampered", EVIL, (EVIL,))
    text = "\n".join(line.plain for line in chain_text.lines(made, 80, verbatim=True, record=record))
    page = chain_html.page(made, record=record)
    markdown = chain_markdown.markdown(made, verbatim=True, record=record)
    for bad in ("\x1b", "\x07", "\u202e", "\u2028", "\x85", "\u200b"):
        assert bad not in text
        assert bad not in page
        assert bad not in markdown
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("</details>") == page.count("<details>")
    outside = markdown
    while "```" in outside:  # what is fenced is text by itself
        before, _, rest = outside.partition("\n```")
        outside = before + rest.partition("\n```")[2]
    for mark in ("<script", "<img", "@team", "</pre>", "[red]x"):
        assert mark not in "".join(part for place, part in enumerate(outside.split("`")) if place % 2 == 0)


COMMITMENT = "hmac-sha256:" + "5e" * 32


def masked() -> list[Event]:
    args = text_of({"to": {"$sensitive": COMMITMENT}, "pin": {"$secret": True}, "amount": 5})
    return [
        replace(event, args=args, commitments=(COMMITMENT,)) if event.type == "tool_call"
        else replace(event, content=f"sent to [sensitive {COMMITMENT}]", commitments=(COMMITMENT,))
        if event.type == "tool_result" else event
        for event in good(1)
    ]  # fmt: skip


def test_sensitive_values_are_marks_until_they_are_opened() -> None:
    """A mark is short where people read, whole in the recorded text; opened values stand where they stood."""
    made = reconstruct(masked())
    text = "\n".join(text_lines(masked(), 120))
    assert "amount: 5, pin: [secret], to: [sensitive 5e5e5e5e…]" in text
    assert "sent to [sensitive 5e5e5e5e…]" in text
    opened = {COMMITMENT: "ada@example.org"}
    shown = "\n".join(text_lines(masked(), 120, verbatim=True, opened=opened))
    assert 'to: "ada@example.org"' in shown
    assert "sent to ada@example.org" in shown
    assert "sensitive values shown" in shown
    page = chain_html.page(made, opened=opened)
    assert "1 sensitive value shown in clear" in page
    assert "ada@example.org" not in chain_html.page(made)
    document = chain_json.document(made, opened=opened)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(document)))
    assert opened == document["opened"]
    assert {"$sensitive": COMMITMENT} == document["actions"][0]["args"]["to"]  # the record stays the record


def test_a_digest_is_of_the_recorded_text() -> None:
    """Opening a value changes what is shown, never the bytes and the digest that stand beside it."""
    step = next(e for e in masked() if e.type == "tool_result")
    plain, opened = (
        next(text for text in told(reconstruct(masked()), given).blocks[0].steps[-1].texts if text.name == "output")
        for given in ({}, {COMMITMENT: "ada@example.org"})
    )
    assert (plain.size, plain.digest) == (opened.size, opened.digest)
    assert len(step.content or "") == plain.size
    assert (False, True) == (plain.opened, opened.opened)


def test_marks_within_texts() -> None:
    """Only whole marks of known values are opened; what looks like one stays."""
    mark = f"[sensitive {COMMITMENT}]"
    assert "a 7 b" == chain_masks.opened_text(f"a {mark} b", {COMMITMENT: 7})
    assert mark[:-1] == chain_masks.opened_text(mark[:-1], {COMMITMENT: 7})
    assert mark == chain_masks.opened_text(mark, {})
    value = {"$sensitive": COMMITMENT, "more": 1}
    assert value == chain_masks.opened_json(value, {COMMITMENT: 7})


def verified(findings: tuple[Finding, ...] = (), *, anchored: bool = True) -> Verified:
    anchor = Anchored(4, 1_700_000_000_000_000_000) if anchored else None
    step = Judged("leaves", "12 events hashed", findings)
    return Verified((step,), 12, 10 if anchored else 0, 0, 0, 0, 0, None, anchor, (), None)


def test_the_head_says_whether_the_record_was_verified() -> None:
    """Not verified is said as such; anchored, not anchored and tampered are told apart in words."""
    made = reconstruct(good(1))
    assert "record not verified here" in text_lines(good(1), 200)[2]
    ok = chain_record.record_of(verified())
    assert "record verified and anchored up to 14 Nov 2023 22:13:20Z: 10 of 12 events" in ok.said
    assert "2 later ones only agree with themselves" in ok.said
    bare = chain_record.record_of(verified(anchored=False))
    assert "not anchored" in bare.said
    bad = chain_record.record_of(verified((Finding(Kind.EDITED, "events/a.parquet", "row 3 differs", 3),)))
    assert "FAILED verification, 1 finding" in bad.said
    for record in (ok, bare, bad):
        assert record.said in " ".join(text_lines(good(1), 400, record=record))
        assert record.said in chain_html.page(made, record=record)
        assert record.status == chain_json.document(made, record=record)["record"]["status"]
    assert "edited: events/a.parquet, row 3: row 3 differs" in "\n".join(text_lines(good(1), record=bad))


def test_what_an_approval_was_about_is_said() -> None:
    """What the approver was shown stands with the request; a decision on other arguments says so, with their digest."""
    rows = [*SPAN[:5], {**SPAN[5], "content": "Pay 5 to the printer?"}]
    rows.append({"is": "approval_decision", "id": "ap", "decision": "approve", "args": {"amount": 9}})
    text = "\n".join(text_lines(events_of(rows), 160))
    assert 'ap  shown: "Pay 5 to the printer?"' in text
    assert text.count("on OTHER arguments than proposed") == 1


def test_a_trace_over_midnight_has_dates() -> None:
    """Where a trace goes on into another day, the first time of each block has its date."""
    day = 86_400 * 10**9
    events = [replace(e, ts_ns=(e.ts_ns or 0) + (day if place > 5 else 0)) for place, e in enumerate(good(2))]
    lines = text_lines(events)
    assert any("2023-11-14 22:13:21Z" in line for line in lines)
    assert any("2023-11-15 22:13:2" in line for line in lines)
    assert max(map(len, lines[2:])) <= 80
