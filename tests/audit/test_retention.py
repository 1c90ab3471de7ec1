"""Retention and holds: what is old goes with a tombstone that is signed before; what is held stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from tests.audit.sealing_cases import DAY, KEY, NOW, begun, files, imported, judged, write
from typer.testing import CliRunner

from govern.audit import compaction, holds, read, retention, sealing, snapshot, store, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.masking import Sensitive
from govern.audit.records import Retention
from govern.cli.audit_hold import _full, hold
from govern.cli.audit_proof import proof
from govern.errors import EvidenceError, UsageError
from govern.events.model import Event, EventType
from govern.signing.key_files import pem


def filled(folder: Path) -> Path:
    """A store of five imported days, one event of no time, and a live writer's events of now."""
    begun(folder)
    made = [
        Event(event_id=f"d{day}-{number}", trace_id=f"trace-{day}", type=EventType.PROMPT, writer_id="import:1",
              wseq=day * 10 + number, ts_ns=(18_000 + day) * DAY + number)
        for day in range(5) for number in range(3)
    ]  # fmt: skip
    store.write(made, folder, durable=False)
    with write(folder, events=2):
        pass
    sealing.seal(folder, KEY)
    return folder


def retain(folder: Path, days: int, **more: bool) -> retention.Retained:
    before = (18_000 + days) * DAY
    return retention.retain(folder, KEY, before_ns=before, rule="400 days", by="dpo", now_ns=NOW, **more)


def traces(folder: Path) -> set[str]:
    return {event.trace_id for event in read.read_events(folder) if event.trace_id.startswith("trace")}


def test_old_files_go_and_a_tombstone_stands(tmp_path: Path) -> None:
    """Only files wholly before the time; what was there stays provable, and the store verifies."""
    folder = filled(tmp_path)
    checkpoint = store_log.read(folder).checkpoint
    before = files(folder)
    dry = retain(folder, 2, dry_run=True)
    assert before == files(folder)
    done = retain(folder, 2)
    assert (dry.deleted, dry.rows, dry.bytes) == (done.deleted, done.rows, done.bytes)
    assert (2, 6, 18_000 * DAY, 18_001 * DAY + 2) == (len(done.deleted), done.rows, done.from_ns, done.to_ns)
    assert (4, ()) == (done.younger, done.kept)
    assert set(before) - set(done.deleted) == set(files(folder))
    assert {"trace-2", "trace-3", "trace-4"} == traces(folder)
    record = store_log.read(folder).entries[-1].record
    assert isinstance(record, Retention)
    assert ("400 days", "dpo", NOW, 2) == (record.rule, record.by, record.at_ns, len(record.files))
    found = judged(folder, [checkpoint])
    assert ((), 6) == (found.findings, found.retired)
    assert () == retain(folder, 2).deleted


def test_the_end_is_not_among_them(tmp_path: Path) -> None:
    """A file whose last event happened at the very time, or after it, is kept whole."""
    folder = filled(tmp_path)
    assert () == retention.retain(folder, KEY, before_ns=18_000 * DAY + 2, rule="r", by="b", now_ns=NOW).deleted
    assert 1 == len(retention.retain(folder, KEY, before_ns=18_000 * DAY + 3, rule="r", by="b", now_ns=NOW).deleted)


@pytest.mark.parametrize(
    ("hold", "kept"),
    [
        ({"traces": ["trace-1"]}, {"trace-1"}),
        ({"traces": ["trace-1", "trace-3"], "from_ns": 18_002 * DAY}, {"trace-3"}),
        ({"from_ns": 18_001 * DAY + 2, "to_ns": 18_002 * DAY + 1}, {"trace-1", "trace-2"}),
        ({"to_ns": 18_001 * DAY}, {"trace-0"}),
        ({"traces": ["no such trace"]}, set()),
    ],
)
@pytest.mark.parametrize("compacted", [False, True])
def test_what_a_hold_covers_is_kept(tmp_path: Path, hold: dict[str, object], kept: set[str], compacted: bool) -> None:
    """A hold of traces, of times, of traces within times: their files stay and are named, the rest goes on."""
    folder = filled(tmp_path)
    holds.add(folder, KEY, id="case", reason="claim", by="legal", now_ns=NOW, **hold)  # type: ignore[arg-type]
    if compacted:  # a day more, so that there is something to compact
        late = 18_001 * DAY + 2
        more = [
            Event(
                event_id="d1-9",
                trace_id="trace-1",
                type=EventType.PROMPT,
                writer_id="w",
                wseq=0,
                ts_ns=late,
            )
        ]
        store.write(more, folder, durable=False)
        sealing.seal(folder, KEY)
        assert 1 == len(compaction.compact(folder, KEY).made)
    done = retain(folder, 4)
    assert kept | {"trace-4"} == traces(folder)
    assert {("case",)} >= {each.holds for each in done.kept}
    assert len(kept) == len(done.kept)
    assert () == judged(folder).findings
    holds.remove(folder, KEY, id="case", reason="settled", by="legal")
    retain(folder, 4)
    assert {"trace-4"} == traces(folder)
    assert () == judged(folder).findings


def test_what_has_no_time_is_kept_and_said(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    imported(folder)
    sealing.seal(folder, KEY)
    done = retention.retain(folder, KEY, before_ns=NOW, rule="r", by="b", now_ns=NOW)
    assert [()] == [each.holds for each in done.kept]
    assert "dt=unknown" in done.kept[0].path
    assert 1 == len(list(read.read_events(folder)))


def test_side_tables_go_with_their_files(tmp_path: Path) -> None:
    """The values of deleted events go with them; those of others stay."""
    marks = {"mail": Sensitive(("args.to",))}
    folder = begun(tmp_path)
    now = [18_000 * DAY]
    with AuditLog(folder, "desk", KEY, sensitive=marks, commit_key=b"c" * 32, clock=lambda: now[0]) as log:
        for _ in range(2):
            log.append("tool_call", trace_id="t", tool="mail", args={"to": "somebody@example.org"})
            now[0] += 10 * DAY
    sealing.seal(folder, KEY)
    assert 2 == len(list(folder.glob("values/*/*.jsonl")))
    done = retain(folder, 5)
    assert (1, 1) == (done.rows, done.values)
    assert 1 == len(list(folder.glob("values/*/*.jsonl")))
    assert () == judged(folder).findings


def test_what_is_being_read_is_deleted_later(tmp_path: Path) -> None:
    """The tombstone stands, nobody begins to read the files any more, and the next run deletes them."""
    folder = filled(tmp_path)
    reader = snapshot.take(folder)
    done = retain(folder, 1)
    assert (1, done.deleted) == (len(done.waiting), done.waiting)
    assert "trace-0" not in traces(folder)
    del reader
    sealing.seal(folder, KEY)
    assert done.deleted[0] not in files(folder)


def test_holds_are_named_once(tmp_path: Path) -> None:
    """A name serves once, an empty reason or range is refused, and only what is in force can be removed."""
    folder = begun(tmp_path)
    made = holds.add(folder, KEY, id="a", reason="r", by="b", from_ns=5, now_ns=NOW)
    assert [made] == holds.in_force(store_log.read(folder))
    for bad, words in (
        ({"id": "a"}, "was put before"),
        ({"id": " "}, "`id` of a hold is empty"),
        ({"id": "b", "reason": ""}, "`reason` of a hold is empty"),
        ({"id": "b", "from_ns": 5, "to_ns": 5}, "ends before it begins"),
        ({"id": "b", "traces": []}, "a hold names 1 to"),
    ):
        with pytest.raises(UsageError, match=words):
            holds.add(folder, KEY, **({"reason": "r", "by": "b"} | bad))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no hold `b` is in force"):
        holds.remove(folder, KEY, id="b", reason="r", by="b")
    holds.remove(folder, KEY, id="a", reason="r", by="b")
    assert [] == holds.in_force(store_log.read(folder))
    with pytest.raises(UsageError, match="was put before"):
        holds.add(folder, KEY, id="a", reason="r", by="b")


def test_what_is_needed(tmp_path: Path) -> None:
    """A log, a key, words, and a time that is past: else nothing is touched."""
    imported(tmp_path)
    with pytest.raises(EvidenceError, match="the store has no log"):
        retain(tmp_path, 1)
    begun(tmp_path)
    with pytest.raises(UsageError, match="ends in the future"):
        retention.retain(tmp_path, KEY, before_ns=NOW + 1, rule="r", by="b", now_ns=NOW)
    with pytest.raises(UsageError, match="`rule` of a retention is empty"):
        retention.retain(tmp_path, KEY, before_ns=1, rule="", by="b", now_ns=NOW)
    with pytest.raises(UsageError, match="no key to sign"):
        retention.retain(tmp_path, None, before_ns=1, rule="r", by="b", now_ns=NOW)


def test_a_hold_is_put_on_what_is_there(tmp_path: Path) -> None:
    """A trace is named by its beginning; an unknown one is refused, unless it is said to be still to come."""
    begun(tmp_path)
    long = Event(event_id="e", trace_id="4f1c9a2e77", type=EventType.PROMPT, content="x", writer_id="import:1", wseq=0)
    store.write([long, replace(long, event_id="f")], tmp_path)
    sealing.seal(tmp_path, KEY)
    log = write(tmp_path, events=8)
    (tmp_path / "log.key").write_text(pem("PRIVATE KEY", bytes.fromhex("302e020100300506032b657004220420") + KEY.seed))

    def run(id: str, trace: str, *more: str) -> tuple[int, str, list[str] | None]:
        words = ["add", id, "--reason", "r", "--by", "b", "--trace-id", trace, *more]
        done = CliRunner().invoke(hold, [*words, "--audit", str(tmp_path), "--sign", str(tmp_path / "log.key")])
        found = {each.id: each.traces for each in holds.in_force(store_log.read(tmp_path))}
        return done.exit_code, f"{done.stdout}{done.exception}", found.get(id)

    code, said, traces = run("a", "4f1c9a")
    assert (0, ["4f1c9a2e77"]) == (code, traces)
    assert "it covers 2 events and 1 file now\n" in said
    code, said, traces = run("b", "t1")
    assert (0, ["t1"]) == (code, traces)
    assert "it covers 2 events and 0 files now, 2 of them in no file yet" in said
    for wrong in ("4f1c", "4f1c9b00"):
        code, said, traces = run("c", wrong)
        assert (True, None) == (code != 0, traces)
        assert wrong in said
    code, said, traces = run("d", "4f1c9b00", "--not-yet-there")
    assert (0, ["4f1c9b00"]) == (code, traces)
    assert "it covers 0 events and 0 files now" in said
    log.close()


def test_an_unknown_trace_to_hold_says_how_to(tmp_path: Path) -> None:
    """The hint names the option, and it is exit code 3: nothing is held by mistake."""
    begun(tmp_path)
    imported(tmp_path)
    with pytest.raises(EvidenceError) as error:
        _full(str(tmp_path), ["nowhere-at-all"])
    assert (3, True) == (error.value.exit_code, "--not-yet-there" in error.value.hint)


def test_a_proof_takes_the_beginning_of_a_trace(tmp_path: Path) -> None:
    """As `export` and `reconstruct` do; what begins no trace is exit code 3."""
    begun(tmp_path)
    made = Event(event_id="e", trace_id="4f1c9a2e77", type=EventType.PROMPT, content="x", writer_id="import:1", wseq=0)
    store.write([made], tmp_path)
    sealing.seal(tmp_path, KEY)
    app = typer.Typer()
    app.command()(proof)
    done = CliRunner().invoke(app, ["--audit", str(tmp_path), "--trace-id", "4f1c9a"])
    assert 0 == done.exit_code
    assert 1 == len(json.loads(done.stdout)["events"])
    done = CliRunner().invoke(app, ["--audit", str(tmp_path), "--trace-id", "4f1c9b"])
    assert isinstance(done.exception, EvidenceError)
