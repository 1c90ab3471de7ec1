"""Erasing leaves proof: the signed event first, then the rows; everything else still verifies."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from govern.audit import open_segment, redaction, sensitive, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.masking import Sensitive
from govern.audit.read import read_events
from govern.audit.records import Hold, Unhold
from govern.audit.sealing import seal
from govern.audit.verify import verify
from govern.audit.verifying.contract import Kind
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.model import EventType
from govern.signing.keys import of_seed

KEY = of_seed(b"\x01" * 32)
OTHER = of_seed(b"\x02" * 32)
PLACES = {"mail": Sensitive(("args.to", "args.people[*].phone"))}
SAID: dict[str, Any] = {"reason": "asked to", "by": "officer"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two traces with sensitive values, sealed, and an event after that."""
    store_log.init(tmp_path / "store", KEY)
    with AuditLog(tmp_path / "store", "desk", KEY, sensitive=PLACES, commit_key=b"\x09" * 32) as log:
        for trace in ("t", "u"):
            args = {"to": "ann@example.org", "people": [{"phone": "5550100"}, {"phone": "5550101"}]}
            log.append("tool_call", trace_id=trace, tool="mail", args=args)
            log.append("prompt", trace_id=trace, content="ann@example.org of 5550101")
        log.roll()
        seal(tmp_path / "store", KEY)
        log.append("prompt", trace_id="t", content="again ann@example.org")
    return tmp_path / "store"


def findings(store: Path) -> list[tuple[Kind, str]]:
    return [(each.kind, each.detail) for each in verify(store, keys=[KEY.public], processes=1).findings]


def left(store: Path) -> list[tuple[str, Any]]:
    return sorted((placed.row.place, placed.row.value) for _, placed in sensitive.rows(store))


def test_a_trace_loses_its_values_and_the_record_says_so(store: Path) -> None:
    """Wherever in the trace they stood; the other trace keeps its own. Nothing else changes, and all of it verifies."""
    before = left(store)
    values = redaction.of_trace(store, "t")
    assert 3 == len(values)
    (made,) = redaction.redact(store, KEY, values, **SAID)
    assert 11 == len(before)
    assert 5 == len(left(store))
    assert {} == sensitive.opened(store, [value.commitment for value in values])
    assert [] == findings(store)
    (event,) = read_events(store, "type = 'redaction'")
    assert made == event
    assert (EventType.REDACTION, "t", "asked to", "officer") == (event.type, event.trace_id, event.reason, event.actor)
    said = redaction.read(event.content or "", [KEY.public], "event")
    assert tuple(sorted(value.commitment for value in values)) == said.commitments
    assert ("asked to", "officer", verify(store, processes=1).head is not None) == (said.reason, said.by, True)
    seal(store, KEY)
    assert [] == findings(store)
    assert b"ann@" not in b"".join(path.read_bytes() for path in sensitive.files(store)[:1]).splitlines()[0]


@pytest.mark.parametrize(
    ("place", "lost"),
    [
        ("args.to", 3),
        ("args.people[*].phone", 3),
        ("args.people[1].phone", 3),
        ("args.people", 3),
    ],
)
def test_of_a_trace_only_one_place_is_erased(store: Path, place: str, lost: int) -> None:
    """With all that repeats the value; an item of a list stands for all of them."""
    before = left(store)
    redaction.redact(store, KEY, redaction.of_trace(store, "t", place), **SAID)
    assert lost == len(before) - len(left(store))
    assert [] == findings(store)


def test_a_commitment_is_erased_wherever_it_is_named(store: Path) -> None:
    """In every event of its trace, sealed or not."""
    (event, *_) = read_events(store, "trace_id = 'u'")
    values = redaction.by_commitment(store, [event.commitments[0]])
    redaction.redact(store, KEY, values, **SAID)
    assert [("u",)] == [value.traces for value in values]
    assert 9 == len(left(store))
    with pytest.raises(EvidenceError, match="no value of"):
        redaction.by_commitment(store, [event.commitments[0]])


def test_the_event_is_on_the_disk_before_anything_is_erased(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in between, verification says what is left to do, and doing it again finishes it."""

    class Killed(Exception):
        pass

    def killed(path: Path, lines: object) -> None:
        raise Killed

    monkeypatch.setattr(sensitive, "erase", killed)
    with pytest.raises(Killed):
        redaction.redact(store, KEY, redaction.of_trace(store, "t"), **SAID)
    monkeypatch.undo()
    assert 11 == len(left(store))
    assert 1 == len(list(read_events(store, "type = 'redaction'")))
    assert {Kind.UNERASED} == {kind for kind, _ in findings(store)}
    redaction.redact(store, KEY, redaction.of_trace(store, "t"), **SAID)
    assert [] == findings(store)


def test_the_disk_has_the_event_first(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only the operating system: a loss of power must not leave values that are gone and nobody erased."""
    seen: list[str] = []
    fsync, erase = os.fsync, sensitive.erase

    def flushed(handle: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2])
        fsync(handle)

    def erased(path: Path, lines: list[sensitive.Placed]) -> None:
        seen.append("erased")
        erase(path, lines)

    monkeypatch.setattr(open_segment.os, "fsync", flushed)
    monkeypatch.setattr(sensitive, "erase", erased)
    redaction.redact(store, KEY, redaction.of_trace(store, "u"), **SAID)
    monkeypatch.undo()
    assert ["000000000000.jsonl", "erased"] == [name for name in seen if name in ("000000000000.jsonl", "erased")][:2]


def test_a_value_that_is_gone_without_a_redaction_is_missing(store: Path) -> None:
    """Also where somebody wrote a redaction event that the store's keys did not sign."""
    for path in sensitive.files(store):
        sensitive.erase(path, sensitive.read(path).rows)
    assert {Kind.MISSING} == {kind for kind, _ in findings(store)}


def test_values_can_be_erased_under_a_writer_that_goes_on(store: Path) -> None:
    """Its next rows are where they belong."""
    with AuditLog(store, "desk", KEY, sensitive=PLACES, commit_key=b"\x09" * 32) as log:
        log.append("tool_call", trace_id="v", tool="mail", args={"to": "bob@example.org"})
        redaction.redact(store, KEY, redaction.of_trace(store, "v"), **SAID)
        log.append("tool_call", trace_id="v", tool="mail", args={"to": "eve@example.org"})
        assert ["eve@example.org"] == [
            value for place, value in left(store) if value in ("bob@example.org", "eve@example.org")
        ]
    seal(store, KEY)
    assert [] == findings(store)


def test_a_redaction_that_was_changed_counts_for_nothing(store: Path) -> None:
    """Or one of another key, another type, another form."""
    (made,) = redaction.redact(store, KEY, redaction.of_trace(store, "t"), **SAID)
    content = made.content or ""
    with pytest.raises(EvidenceError, match="none of the given keys"):
        redaction.read(content, [OTHER.public], "event")
    document = json.loads(content)
    document["payload"] = document["payload"][:-8] + "AAAA" + document["payload"][-4:]
    for changed in (content[:-1], json.dumps(document), "", "\ud800"):
        with pytest.raises(EvidenceError):
            redaction.read(changed, [KEY.public], "event")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"reason": " ", "by": "officer"}, "says why"),
        ({"reason": "asked", "by": ""}, "says why"),
        ({"reason": "ann@example.org asked", "by": "officer"}, "repeats a value"),
        ({"reason": "asked", "by": "ann@example.org"}, "repeats a value"),
    ],
)
def test_a_reason_is_needed_and_repeats_nothing(store: Path, said: dict[str, str], message: str) -> None:
    """It stays in the record for ever."""
    with pytest.raises(UsageError, match=message):
        redaction.redact(store, KEY, redaction.of_trace(store, "t"), **said)
    assert 11 == len(left(store))
    assert [] == list(read_events(store, "type = 'redaction'"))


def test_a_key_that_is_not_admitted_erases_nothing(store: Path) -> None:
    """The event could not be written."""
    with pytest.raises(EnvironmentFailed, match="does not admit key"):
        redaction.redact(store, OTHER, redaction.of_trace(store, "t"), **SAID)
    assert 11 == len(left(store))


def test_what_is_not_there_cannot_be_erased(store: Path) -> None:
    """An unknown trace, place, commitment, or a word that is none."""
    for trace, place in (("none", None), ("t", "args.cc")):
        with pytest.raises(EvidenceError):
            redaction.of_trace(store, trace, place)
    with pytest.raises(EvidenceError, match="no value of"):
        redaction.by_commitment(store, ["hmac-sha256:" + "0" * 64])
    with pytest.raises(UsageError, match="no commitment"):
        redaction.by_commitment(store, ["sha256:" + "0" * 64])


@pytest.mark.parametrize(
    ("traces", "from_ns", "held"), [(["t"], None, True), (None, 0, True), (["u"], None, False), (None, 2**62, False)]
)
def test_a_legal_hold_stops_it(store: Path, traces: list[str] | None, from_ns: int | None, held: bool) -> None:
    """Until it is lifted."""
    hold = Hold(id="h1", reason="case 7", by="counsel", traces=traces, from_ns=from_ns, to_ns=None, at_ns=1)
    store_log.append(store, store_log.read(store), [hold], KEY)
    values = redaction.of_trace(store, "t")
    if held:
        with pytest.raises(EvidenceError, match="legal hold `h1` keeps trace `t`: case 7"):
            redaction.redact(store, KEY, values, **SAID)
        assert 11 == len(left(store))
        lifted = Unhold(id="h1", reason="over", by="counsel", at_ns=2)
        store_log.append(store, store_log.read(store), [lifted], KEY)
    redaction.redact(store, KEY, values, **SAID)
    assert 5 == len(left(store))
