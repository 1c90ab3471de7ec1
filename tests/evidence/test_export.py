"""What goes into a package of evidence, what it proves, and what it refuses to say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.evidence.forging import relisted
from tests.evidence.stores import CUSTODY, KEY, NOW, SECOND, STRANGER, TRACE, action, kept, package, store

from govern.audit import checkpoint, compaction, log_keys, redaction, sealing, sensitive, store_log
from govern.audit import store as plain_store
from govern.audit.audit_log import AuditLog
from govern.audit.masking import Sensitive
from govern.errors import EvidenceError, UsageError
from govern.events.model import Event, EventType
from govern.evidence.export import assembled
from govern.evidence.gathering import gather
from govern.evidence.verify_evidence import Case, unpacked
from govern.report import chain_json
from govern.signing import keys
from govern.signing.keys import PrivateKey


def checked(raw: bytes, anchors: Sequence[str] = (), key: PrivateKey = KEY) -> Case:
    return Case(raw, [key.public.raw], anchors)


def found(case: Case, step: str) -> tuple[str, str]:
    return next((state, said) for state, name, said in case.steps if name == step)


def document(raw: bytes, name: str) -> Any:
    return json.loads(unpacked(raw)[name])


def committing(folder: Path) -> Path:
    """A store with one event that committed to a value."""
    store_log.init(folder, KEY, "test/desk")
    sensitive = {"refund": Sensitive(("args.email",))}
    with AuditLog(folder, "desk", KEY, sensitive=sensitive, commit_key=b"k" * 32) as log:
        args = {"email": "someone@example.org", "order_id": "7"}
        log.append("tool_call", trace_id=TRACE, ts_ns=NOW, tool="refund", args=args, span_id="s")
    sealing.seal(folder, KEY, now_ns=NOW)
    return folder


def test_the_events_are_the_bytes_that_were_hashed(tmp_path: Path) -> None:
    """`events.jsonl` has one canonical text a line, in the order of the file, of this trace alone."""
    folder = store(tmp_path / "audit")
    lines = unpacked(package(folder).raw)["events.jsonl"].decode().splitlines()
    events = [json.loads(line) for line in lines]
    assert 5 == len(lines)
    assert {TRACE} == {event["trace_id"] for event in events}
    assert "✓" in lines[0]


def test_an_anchor_covers_what_was_logged_before_it(tmp_path: Path) -> None:
    """Events after the checkpoint that somebody kept are counted as not anchored, and the exit code is 3."""
    folder = store(tmp_path / "audit")
    anchor = kept(folder)
    with AuditLog(folder, "desk", KEY) as log:
        action(log, TRACE, 9)
    sealing.seal(folder, KEY, now_ns=NOW)
    raw = package(folder).raw
    case = checked(raw, [anchor])
    assert ("open", "5 of 10 events lie under a checkpoint that you hold") == found(case, "anchored")
    assert 3 == case.verdict()[0]
    assert 0 == case.verdict(allow_unanchored=True)[0]
    assert 0 == checked(raw, [anchor, kept(folder)]).verdict()[0]


def test_a_log_that_was_made_again_with_the_key(tmp_path: Path) -> None:
    """Whoever has the log's key can make another log; the checkpoint that was kept tells, and no other way does."""
    anchor = kept(store(tmp_path / "audit"))
    other = tmp_path / "again"
    store(other, ("trace-0000", TRACE))
    one = store_log.read(tmp_path / "audit").store.id
    raw = package(other).raw
    assert 0 == checked(raw).verdict(allow_unanchored=True)[0]
    case = checked(raw, [anchor])
    assert (1, "FAILED") == (case.verdict()[0], found(case, "anchored")[0])
    assert "THE LOG WAS REWRITTEN" in found(case, "anchored")[1]
    assert one != store_log.read(other).store.id


def test_a_checkpoint_without_a_proof(tmp_path: Path) -> None:
    """One of another size than the package proves is no failure and no pass: it says what to ask for."""
    folder = store(tmp_path / "audit")
    raw = package(folder).raw
    with AuditLog(folder, "desk", KEY) as log:
        action(log, "other", 9)
    sealing.seal(folder, KEY, now_ns=NOW)
    case = checked(raw, [kept(folder)])
    assert 3 == case.verdict()[0]
    assert "ask for an export with --since it" in found(case, "anchored")[1]
    assert 3 == case.verdict(allow_unanchored=True)[0]


def test_a_checkpoint_of_another_log(tmp_path: Path) -> None:
    """An anchor that this log did not grow out of: nothing is exported."""
    folder = store(tmp_path / "audit")
    other = store_log.init(tmp_path / "other", KEY, "test/desk")
    with pytest.raises(EvidenceError, match="did not grow out of it"):
        package(folder, since=[checkpoint.read(other.checkpoint, "kept.txt")])


def test_events_that_are_not_sealed(tmp_path: Path) -> None:
    """They go out with their writer's chain, and are open: no record of the log covers them."""
    folder = store(tmp_path / "audit")
    with AuditLog(folder, "desk", KEY) as log:
        action(log, TRACE, 9)
        made = package(folder)
        case = checked(made.raw, [kept(folder)])
        assert "5 not sealed yet" in found(case, "events")[1]
        assert (3, "VERIFIED IN PART, not proven: events, anchored") == case.verdict()
        assert any("not sealed yet" in each for each in made.manifest["not_proven"])
        assert 5 == made.manifest["traces"][0]["unsealed"]
    files = unpacked(made.raw)
    before, _, after = files["events.jsonl"].rpartition(b'"status":"ok"')
    forged = relisted({**files, "events.jsonl": before + b'"status":"no"' + after})
    assert ("FAILED", "an unsealed event does not follow in its journal") == found(checked(forged), "events")


def test_events_that_are_withheld(tmp_path: Path) -> None:
    """Of a withheld event the leaf goes out and its proof, and not a word of it anywhere in the package."""
    folder = store(tmp_path / "audit")
    made = package(folder, withhold=["prompt"])
    assert b"money" not in made.raw
    case = checked(made.raw, [kept(folder)])
    assert 0 == case.verdict()[0]
    assert "4 shown byte for byte, 1 withheld" in found(case, "events")[1]
    assert (["prompt"], 1) == (made.manifest["withheld"], made.manifest["traces"][0]["withheld"])
    chain = gather(folder, [TRACE], withhold=["prompt"]).traces[0].made.chain
    assert [None, None] == [chain.events[0].content, chain.events[0].args_digest]
    assert EventType.PROMPT is chain.events[0].type
    both = package(folder, withhold_content=True)
    assert (b"money", b'"done"') != (both.raw, both.raw)
    assert b"money" not in both.raw
    assert 2 == both.manifest["traces"][0]["withheld"]


def test_a_gap_of_a_withheld_event_keeps_its_words(tmp_path: Path) -> None:
    """A cause may quote the record: where it concerns a withheld event it does not go out."""
    folder = store(tmp_path / "audit")
    whole = gather(folder, [TRACE]).traces[0].made
    hidden = gather(folder, [TRACE], withhold=["tool_call", "tool_start", "tool_result", "policy_check"]).traces[0].made
    assert [gap.id for gap in whole.gaps] == [gap.id for gap in hidden.gaps]
    for gap in hidden.gaps:
        assert any(one.startswith("withheld-") for one in gap.events) == gap.cause.startswith("withheld:")
    assert any(gap.cause.startswith("withheld:") for gap in hidden.gaps)


def test_a_place_that_hides_nothing(tmp_path: Path) -> None:
    """A typo would disclose what was to be withheld: it is refused."""
    with pytest.raises(UsageError, match="neither a type nor an id"):
        package(store(tmp_path / "audit"), withhold=["promt"])


def test_one_event_is_withheld_by_its_id(tmp_path: Path) -> None:
    """Its id does not go out, not even in the chain or the command line: its random bits are what keeps the leaf from
    being guessed."""
    folder = store(tmp_path / "audit")
    whole = gather(folder, [TRACE]).traces[0].made
    first = whole.chain.events[0].event_id
    case = gather(folder, [TRACE], withhold=[first])
    custody = replace(CUSTODY, command=["govern", "--withhold", first, f"--withhold={first}"])
    documents = {"chain-1.json": json.dumps(chain_json.document(case.traces[0].made)).encode()}
    made = assembled(case, documents, custody)
    assert ["1 named events"] == made.manifest["withheld"]
    assert first.encode() not in made.raw
    assert b'"event_id": "withheld-1"' in made.raw
    assert "withheld-1" == case.traces[0].made.chain.events[0].event_id


def test_several_traces(tmp_path: Path) -> None:
    """Each trace of a case is counted for itself, and proven."""
    folder = store(tmp_path / "audit")
    made = package(folder, "trace-0002", "trace-0000")
    assert [("trace-0002", 5), ("trace-0000", 5)] == [(t["trace_id"], t["events"]) for t in made.manifest["traces"]]
    assert 0 == checked(made.raw, [kept(folder)]).verdict()[0]


def test_after_the_key_was_rotated(tmp_path: Path) -> None:
    """The package shows the rotation: the old key and the new one both lead to the checkpoint, another does not."""
    folder = store(tmp_path / "audit")
    anchor = kept(folder)
    fresh = keys.of_seed(b"\x03" * 32)
    log = store_log.read(folder)
    records = log_keys.rotation(log.store.id, log.size, KEY, fresh, NOW)
    store_log.append(folder, log, records, fresh)
    with AuditLog(folder, "desk", fresh) as writing:
        action(writing, TRACE, 9)
    sealing.seal(folder, fresh, now_ns=NOW)
    raw = package(folder, key=fresh).raw
    for key in (KEY, fresh):
        assert 0 == checked(raw, [anchor, kept(folder)], key).verdict()[0]
    assert 1 == checked(raw, [anchor], STRANGER).verdict()[0]
    proofs = document(raw, "proofs.json")
    assert {"log"} == {json.loads(each["text"]).get("role") for each in proofs["records"] if '"role"' in each["text"]}


def test_a_writer_with_a_key_of_its_own(tmp_path: Path) -> None:
    """A writer's key that the log admitted signs its start; the record that admits it is in the package."""
    folder = store(tmp_path / "audit")
    log = store_log.read(folder)
    admitted = log_keys.Key(role="writer", action="add", key=log_keys.text(STRANGER.public), envelope=None, at_ns=NOW)
    store_log.append(folder, log, [admitted], KEY)
    with AuditLog(folder, "other", STRANGER) as writing:
        action(writing, TRACE, 9)
    sealing.seal(folder, KEY, now_ns=NOW)
    case = checked(package(folder).raw, [kept(folder)])
    assert (0, "2 registered") == (case.verdict()[0], found(case, "writers")[1][:12])


def test_imported_events_that_were_sealed(tmp_path: Path) -> None:
    """They have no writer and no chain, and are proven as all others are."""
    folder = store(tmp_path / "audit")
    event = Event(event_id="e1", trace_id="imported", type=EventType.PROMPT, writer_id="file", wseq=3, content="hello")
    plain_store.write([event], folder)
    guessable = package(folder, "imported", withhold_content=True).manifest["not_proven"]
    assert any("1 event withheld cannot be guessed" in each for each in guessable)
    before = checked(package(folder, "imported").raw, [kept(folder)])
    assert "1 not sealed yet" in found(before, "events")[1]
    sealing.seal(folder, KEY, now_ns=NOW)
    assert 0 == checked(package(folder, "imported").raw, [kept(folder)]).verdict()[0]


def test_sensitive_values_are_revealed_on_request(tmp_path: Path) -> None:
    """Without it the commitment goes out alone; with it value and salt, which open it, and a false value is told."""
    folder = committing(tmp_path / "audit")
    closed = package(folder)
    assert b"someone@example.org" not in closed.raw
    assert {"committed": 1, "revealed": None, "redacted": 0, "missing": 0} == closed.manifest["values"]
    opened = package(folder, reveal=True)
    case = checked(opened.raw, [kept(folder)])
    assert (0, "events committed to 1: 1 revealed, 0 redacted") == (case.verdict()[0], found(case, "values")[1])
    files = unpacked(opened.raw)
    forged = {**files, "values.jsonl": files["values.jsonl"].replace(b"someone", b"another")}
    assert ("FAILED", "a value of no commitment") == found(checked(relisted(forged)), "values")
    more = files["values.jsonl"] + sensitive.line(sensitive.row_of(b"k" * 32, TRACE, "e", "args.email", "more"))
    named = files["values.jsonl"].replace(b"hmac-sha256:", b"hmac-sha256:0")
    for rows in (more, named):
        assert "FAILED" == found(checked(relisted({**files, "values.jsonl": rows})), "values")[0]


def test_a_store_without_a_log(tmp_path: Path) -> None:
    """Nothing of it can be proven, so nothing is exported."""
    event = Event(event_id="e1", trace_id=TRACE, type=EventType.PROMPT, writer_id="file", wseq=3, ts_ns=NOW + SECOND)
    plain_store.write([event], tmp_path / "audit")
    with pytest.raises(EvidenceError, match="the store has no log"):
        package(tmp_path / "audit")


def test_a_store_that_was_changed(tmp_path: Path) -> None:
    """A file with other bytes than were sealed gives no package, whatever it says."""
    folder = store(tmp_path / "audit")
    other = store(tmp_path / "other")
    (file,) = folder.glob("events/dt=*/seal-*.parquet")
    (theirs,) = other.glob("events/dt=*/seal-*.parquet")
    shutil.copy(theirs, file)
    with pytest.raises(EvidenceError):
        package(folder)


def test_a_value_that_was_redacted(tmp_path: Path) -> None:
    """The redaction's own event goes out with its proof: the value is redacted and not missing."""
    folder = committing(tmp_path / "audit")
    redaction.redact(folder, KEY, redaction.of_trace(folder, TRACE), reason="asked for", by="the officer")
    sealing.seal(folder, KEY, now_ns=NOW)
    made = package(folder, reveal=True)
    assert {"committed": 1, "revealed": 0, "redacted": 1, "missing": 0} == made.manifest["values"]
    case = checked(made.raw, [kept(folder)])
    assert (0, "events committed to 1: 0 revealed, 1 redacted") == (case.verdict()[0], found(case, "values")[1])


def test_a_value_that_somebody_took(tmp_path: Path) -> None:
    """A row that is gone without a redaction is missing: it is said in the manifest, and is open to the verifier."""
    folder = committing(tmp_path / "audit")
    for path in folder.glob("values/*/*.jsonl"):
        path.write_bytes(b"")
    made = package(folder, reveal=True)
    assert 1 == made.manifest["values"]["missing"]
    assert any("neither kept nor redacted" in each for each in made.manifest["not_proven"])
    case = checked(made.raw, [kept(folder)])
    assert (3, "open") == (case.verdict()[0], found(case, "values")[0])


def test_after_a_compaction(tmp_path: Path) -> None:
    """Rows that moved to another file are proven where they were sealed."""
    folder = store(tmp_path / "audit")
    before = package(folder)
    with AuditLog(folder, "desk", KEY) as log:
        action(log, TRACE, 9)
    sealing.seal(folder, KEY, now_ns=NOW)
    done = compaction.compact(folder, KEY, now_ns=NOW)
    after = package(folder)
    assert done.problems == []
    assert not list(folder.glob("events/dt=*/seal-*.parquet")) or len(store_log.read(folder).files()) == 1
    assert 0 == checked(after.raw, [kept(folder)]).verdict()[0]
    old = document(before.raw, "proofs.json")["events"]
    assert old == [each for each in document(after.raw, "proofs.json")["events"] if each["file"] == old[0]["file"]]


def test_somebody_else_signs_the_package(tmp_path: Path) -> None:
    """A key that is not the log's: good for whoever knows it, and open for all others."""
    folder = store(tmp_path / "audit")
    raw = package(folder, key=STRANGER).raw
    case = checked(raw, [kept(folder)])
    assert (3, f"signed by {STRANGER.public.keyid}" in found(case, "signature")[1]) == (case.verdict()[0], True)
    assert 0 == Case(raw, [KEY.public.raw], [kept(folder)], [STRANGER.public.raw]).verdict()[0]


def test_an_unsigned_package(tmp_path: Path) -> None:
    """Nobody signed it: its manifest says so, and the verifier."""
    folder = store(tmp_path / "audit")
    made = package(folder, key=None)
    assert "signature.json" not in unpacked(made.raw)
    assert any("nobody signed them" in each for each in made.manifest["not_proven"])
    assert (3, "VERIFIED IN PART, not proven: signature") == checked(made.raw, [kept(folder)]).verdict()


@pytest.mark.parametrize("column", ["tool", "canon", "leaf"])
def test_a_column_that_was_edited(tmp_path: Path, column: str) -> None:
    """The chain is told from columns and proven is `canon`: where one of them was edited, nothing is exported."""
    folder = store(tmp_path / "audit")
    (file,) = folder.glob("events/dt=*/seal-*.parquet")
    table = pq.read_table(file, partitioning=None)
    values = table.column(column).to_pylist()
    row = table.column("trace_id").to_pylist().index(TRACE) + 1
    values[row] = b"\0" * 32 if column == "leaf" else values[row].replace("refund", "refuse")
    place = table.schema.get_field_index(column)
    pq.write_table(
        table.set_column(place, table.schema.field(place), pa.array(values, table.schema.types[place])), file
    )
    with pytest.raises(EvidenceError) as told:
        package(folder)
    assert str(file.relative_to(folder)) in told.value.where


def test_two_events_of_one_id_are_both_there(tmp_path: Path) -> None:
    """Rows are looked up where they stand, not by id: an honest store is not called damaged, and withholding fits."""
    one = Event(event_id="e1", trace_id="trace-1", type=EventType.PROMPT, writer_id="a", wseq=0, ts_ns=1, content="A")
    two = replace(one, writer_id="b", ts_ns=2, content="B")
    made = store(tmp_path / "store", ())
    for event in (one, two):
        plain_store.write([event], tmp_path / event.writer_id)
    with_both = [tmp_path / event.writer_id for event in (one, two)]
    records = []
    for number, folder in enumerate(with_both):
        (part,) = folder.glob("events/dt=*/*.parquet")
        place = made / f"events/dt=1970-01-0{number + 1}"
        place.mkdir(parents=True)
        part.rename(place / part.name)
        records.append(place / part.name)
    loose = gather(made, ("trace-1",))
    assert (2, 0) == (loose.unsealed, len(loose.proofs["events"]))
    aside = records[1].rename(tmp_path / "aside.parquet")
    sealing.seal(made, KEY)
    aside.rename(records[1])
    case = gather(made, ("trace-1",))
    assert {b'"A"', b'"B"'} == {line.split(b'"content":')[1][:3] for line in case.lines}
    assert (1, 1) == (case.unsealed, len(case.proofs["events"]))
