"""Verification of real stores: every changed byte is found, nothing breaks it, and the command says what it found."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from govern.audit import (
    compaction,
    journal,
    log_keys,
    redaction,
    retention,
    schema,
    store,
    store_log,
    verify_sql,
    writers,
)
from govern.audit.sealing import seal
from govern.audit.verify import verify
from govern.audit.verifying import statements
from govern.audit.verifying.contract import Finding, Kind, Status, Verified, status
from govern.cli import audit_verify
from govern.errors import EvidenceError
from govern.events.model import Event, EventType
from govern.report import verify_text
from govern.signing import key_files, keys

from .attacks import hands
from .attacks.kinds import ATTACKS
from .attacks.making import LOG, START, STRANGER, Made, make

SCHEMA = json.loads((Path(__file__).parent.parent.parent / "schemas" / "audit-verify.v1.json").read_text())
APP = typer.Typer(pretty_exceptions_enable=False)
APP.command()(audit_verify.verify)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("made") / "store")


@pytest.fixture
def made(original: Made, tmp_path: Path) -> Made:
    return original.copy(tmp_path / "store")


def kinds(made: Made) -> set[Kind]:
    return {found.kind for found in verify(made.folder).findings}


def test_every_changed_byte_is_found(original: Made, tmp_path: Path) -> None:
    """In sealed files, the log, the journal, statements and side tables; wherever it is, by a finding.

    But for the `place` of a side row, which only tells people where the value stood first: no commitment covers it.
    """
    chance = random.Random(7)
    paths = [
        path.relative_to(original.folder)
        for path in sorted(original.folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    ]
    made = original.copy(tmp_path / "store")
    missed = []
    for path in paths:
        file = made.folder / path
        raw = file.read_bytes()
        free = {
            at for found in re.finditer(rb'"place":"[^"]*"', raw) for at in range(found.start() + 9, found.end() - 1)
        }
        covered = [at for at in range(len(raw)) if path.parts[0] != "values" or at not in free]
        for _ in range(4):
            place = chance.choice(covered)
            changed = bytes([raw[place] ^ (1 << chance.randrange(8))])
            file.write_bytes(raw[:place] + changed + raw[place + 1 :])
            if not verify(made.folder).findings:
                missed.append((str(path), place))
        file.write_bytes(raw)
    assert [] == missed
    assert () == verify(made.folder).findings


@pytest.mark.parametrize("length", [0, 1, 4, 100, -1, -9])
def test_what_is_cut_short_is_named(original: Made, tmp_path: Path, length: int) -> None:
    """A truncated file of any kind is a finding with its name, and never an error."""
    for pattern in ("events/*/*.parquet", "log/*[0-9].json", "writers/*.start.json"):
        made = original.copy(tmp_path / pattern.replace("/", "-").replace("*", "x"))
        path = sorted(made.folder.glob(pattern))[1]
        path.write_bytes(path.read_bytes()[:length])
        found = verify(made.folder)
        assert Status.TAMPERED == found.status
        assert path.relative_to(made.folder).as_posix() in {each.file for each in found.findings}


def test_a_bad_file_does_not_keep_the_rest_from_being_judged(made: Made) -> None:
    """The others are hashed all the same, and what is wrong with them is named too."""
    hands.path_of(made, made.first).write_bytes(b"PAR1")
    hands.set_column(hands.path_of(made, made.third), "tool", 0, "lookup")
    found = verify(made.folder)
    assert {Kind.DAMAGED, Kind.COLUMN} == {each.kind for each in found.findings}
    assert 53 == found.events


@pytest.mark.parametrize("rows", [0, 1, 200_000])
def test_a_file_that_says_it_is_large_is_not_believed(made: Made, rows: int) -> None:
    """Another number of rows than recorded is a finding, whatever the metadata says."""
    path = hands.path_of(made, made.first)
    table = pq.read_table(path)
    hands.put_table(path, table.slice(0, rows) if rows < 2 else pa.concat_tables([table] * (rows // len(table))))
    assert Status.TAMPERED == verify(made.folder).status


def test_a_record_that_names_a_file_elsewhere_is_refused(made: Made, tmp_path: Path) -> None:
    """Nothing outside of `events` is read, also not through a link."""
    found = hands.batches(made)
    record = next(each for batch in found for each in batch["records"] if each["kind"] == "file")
    outside = tmp_path / "outside.parquet"
    (made.folder / record["path"]).rename(outside)
    (made.folder / record["path"]).symlink_to(outside)
    assert Kind.MISSING in kinds(made) or Kind.EDITED in kinds(made)
    record["path"] = "events/../../outside.parquet"
    hands.put_batches(made, found, LOG)
    assert Kind.EDITED in kinds(made)


def test_a_rotated_key_leads_to_the_next_and_back(made: Made) -> None:
    """Whoever trusts the first key trusts the second, and the other way round; a stranger's fits neither."""
    log = store_log.read(made.folder)
    new = keys.of_seed(b"\x07" * 32)
    store_log.append(made.folder, log, log_keys.rotation(log.store.id, log.size, LOG, new, START), new)
    for key in (LOG, new):
        assert Status.OK == verify(made.folder, keys=[key.public], since=[made.outside]).status
    assert {Kind.UNKNOWN_KEY} == {each.kind for each in verify(made.folder, keys=[STRANGER.public]).findings}


def test_events_that_come_are_verified_as_they_come(made: Made) -> None:
    """Sealed later, they are anchored by a later checkpoint; journal events are never a failure."""
    before = verify(made.folder)
    newest = seal(made.folder, LOG).checkpoint
    after = verify(made.folder, since=[made.outside, newest])
    assert (Status.UNANCHORED, Status.OK) == (before.status, after.status)
    assert before.events == after.events == after.anchored + after.unsealed


def test_what_is_compacted_or_buried_stays_proven(made: Made) -> None:
    """Old roots are computed again out of new files; tombstones stand for what was deleted by right; SQL agrees."""
    compaction.compact(made.folder, LOG)
    seal(made.folder, LOG)
    compaction.compact(made.folder, LOG)
    packed = verify(made.folder, since=[made.outside])
    assert (Status.OK, 59, 30) == (packed.status, packed.events, packed.anchored)
    retention.retain(made.folder, LOG, before_ns=START, rule="older than 90 days", by="operations")
    buried = verify(made.folder, since=[made.outside])
    assert (Status.OK, 53, 24, 6) == (buried.status, buried.events, buried.anchored, buried.retired)
    sql = verify_sql.verify(made.folder)
    assert ([], 53, 9) == (sql.findings, sql.events, len(sql.roots))


def test_a_changed_row_of_a_compacted_file_is_found(made: Made) -> None:
    """By its old root, also where leaf and columns were made to fit."""
    compaction.compact(made.folder, LOG)
    (path,) = (file for file in made.folder.glob("events/*/*.parquet") if len(pq.read_table(file)) == 36)
    table = pq.read_table(path)
    events = hands.events_of(path)
    forged = hands.table_of([replace(events[0], args='{"order":999}'), *events[1:]])
    for name in ("file", "row"):
        forged = forged.append_column(name, table.column(name))
    hands.put_table(path, forged)
    found = verify(made.folder)
    assert {Kind.EDITED} == {each.kind for each in found.findings}
    assert {Kind.EDITED} == {each.kind for each in verify_sql.verify(made.folder).findings}


def test_a_redacted_value_is_erased_by_right(made: Made) -> None:
    """A signed redaction names it: nothing is missing, and every digest stays; put back, it is said to be there."""
    path = next(made.folder.glob(f"values/{made.first}/*.jsonl"))
    before = path.read_bytes()
    commitment = json.loads(before.splitlines()[0])["commitment"]
    values = redaction.by_commitment(made.folder, [commitment])
    redaction.redact(made.folder, LOG, values, reason="asked to", by="privacy desk")
    found = verify(made.folder, since=[made.outside])
    assert (Status.OK, ()) == (found.status, found.findings)
    seal(made.folder, LOG)
    assert () == verify(made.folder, since=[made.outside]).findings
    path.write_bytes(before)
    assert {Kind.UNERASED} == kinds(made)


def test_a_writer_that_begins_meanwhile_is_left_out(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is judged the next time; a journal whose signed start is nowhere is a finding at once."""
    usual = statements.gather

    def early(*arguments: Any) -> Any:
        found = usual(*arguments)
        del found.writers[made.live]
        return found

    monkeypatch.setattr(statements, "gather", early)
    found = verify(made.folder)
    assert ((), 54) == (found.findings, found.events)
    monkeypatch.undo()
    (made.folder / "writers" / f"{made.live}.start.json").unlink()
    assert {Kind.MISSING} == kinds(made)


def test_an_interrupted_import_is_said(made: Made) -> None:
    """The store is incomplete until the import is repeated."""
    (made.folder / f"importing-{'0' * 32}.json").write_text('{"logs":["x.jsonl"],"pid":1}')
    found = verify(made.folder)
    assert (Status.INCOMPLETE, Kind.UNFINISHED) == (found.status, found.findings[0].kind)


def test_processes_of_their_own_say_the_same(made: Made) -> None:
    """However many there are."""
    next(attack for attack in ATTACKS if attack.id == "column").run(made)
    from govern.audit import verify as module

    usual = module._WORTH
    module._WORTH = 0
    try:
        many = verify(made.folder, processes=2)
    finally:
        module._WORTH = usual
    assert verify(made.folder, processes=1) == many


@pytest.mark.parametrize("attack", [None, *ATTACKS], ids=lambda attack: attack.id if attack else "none")
def test_sql_finds_the_same_files_and_roots(original: Made, tmp_path: Path, attack: object) -> None:
    """What is wrong with sealed rows and the newest root is wrong in SQL too, and nothing else is."""
    made = original.copy(tmp_path / "store")
    if attack is not None:
        next(each for each in ATTACKS if each is attack).run(made)
    found = verify(made.folder)
    try:
        sql = verify_sql.verify(made.folder)
    except EvidenceError:
        assert Kind.NO_LOG in {each.kind for each in found.findings}
        return
    try:
        log = store_log.read(made.folder)
    except EvidenceError:
        assert sql.findings
        return
    assert (log.size, hands.merkle.root(log.leaves).hex()) == (sql.size, sql.log_root)
    live = {entry.record.path for entry in log.files()}
    ours = {
        each.file
        for step in found.steps
        if step.name in ("leaves", "columns", "files", "sequence")
        for each in step.findings
        if each.file in live
    }
    assert ours == {each.file for each in sql.findings if each.file != "log"}
    recorded = {entry.index: entry.record.root for entry in log.files() if entry.record.path not in ours}
    assert recorded.items() <= sql.roots.items()


def test_the_worst_finding_makes_the_status() -> None:
    """In the order tampered, unverifiable, incomplete, unanchored, ok; every kind has a meaning."""
    made = {kind: status([Finding(kind, "", "")], anchored=True) for kind in Kind}
    assert {Status.TAMPERED, Status.UNVERIFIABLE, Status.INCOMPLETE} == set(made.values())
    assert Status.TAMPERED == status([Finding(kind, "", "") for kind in Kind], anchored=True)
    assert (Status.OK, Status.UNANCHORED) == (status([], anchored=True), status([], anchored=False))
    assert all(kind.meaning for kind in Kind)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(APP, list(arguments))
    return done.exit_code, done.output


def test_the_command_says_it_and_exits_by_it(made: Made, tmp_path: Path) -> None:
    """Text for people, a document for machines, and the documented exit codes."""
    held = tmp_path / "held.checkpoint"
    held.write_text(made.outside)
    pub = tmp_path / "log.pub"
    pub.write_text(key_files.pem("PUBLIC KEY", LOG.public.der))
    store = ["--audit", str(made.folder)]
    code, text = run(*store, "--key", str(pub), "--since", str(held), "--sql")
    assert 0 == code
    assert "30 events anchored; 29 later ones only self-consistent" in text
    assert 3 == run(*store)[0]
    assert 0 == run(*store, "--allow-unanchored")[0]
    hands.path_of(made, made.first).unlink()
    code, text = run(*store, "--format", "json")
    document = json.loads(text)
    Draft202012Validator(SCHEMA).validate(document)
    assert (1, "tampered", "missing") == (code, document["status"], document["findings"][0]["kind"])
    assert "TAMPERED" in run(*store)[1]


def test_an_id_that_is_there_twice_is_named(made: Made) -> None:
    """In whatever file the later one is: by its file, row and id. What says the same is one event."""
    path = hands.path_of(made, None)
    day, events = path.parent, hands.events_of(path)
    again = [replace(event, source_ref="elsewhere", recorded_ns=START) for event in events]
    part = hands.put_part(day, schema.table(again))
    assert {Kind.UNSEALED} == kinds(made)
    part.unlink()
    twice = hands.events_of(hands.path_of(made, made.first))[2]
    part = hands.put_part(day, schema.table([*events, replace(events[0], event_id=twice.event_id, content="no")]))
    (found,) = (each for each in verify(made.folder).findings if each.kind is not Kind.UNSEALED)
    assert (Kind.DOUBLED, 6, twice.event_id) == (found.kind, found.row, found.event_id)
    assert part.relative_to(made.folder).as_posix() == found.file
    assert hands.path_of(made, made.first).name in found.detail
    part.unlink()
    hands.rewrite(
        made,
        made.third,
        lambda events: [replace(each, event_id=twice.event_id) if each.wseq == 1 else each for each in events],
    )
    sealed = verify(made.folder)
    assert (Status.TAMPERED, [Kind.DOUBLED]) == (sealed.status, [each.kind for each in sealed.findings])
    assert hands.path_of(made, made.third).name in sealed.findings[0].file
    assert "1 finding (1 doubled). First: doubled" in shown(sealed)


def test_an_id_that_is_twice_in_one_journal_is_named(made: Made) -> None:
    """Also twice in one file, by the line of the later one."""
    path = journal.segments(made.folder)[made.live][-1]
    hands.rechain(path, lambda events: [*events[:-1], replace(events[-1], event_id=events[0].event_id)])
    (found,) = verify(made.folder).steps[3].findings
    assert (Kind.DOUBLED, 6) == (found.kind, found.row)
    assert path.relative_to(made.folder).as_posix() == found.file


def test_writers_without_an_end_are_counted(made: Made) -> None:
    """One that runs is said to run; one that does not, and signed no end, may have lost its last events."""
    found = verify(made.folder)
    assert (1, 0, ()) == (found.unended, found.running, found.findings)
    words = "1 writer has no end (crashed, or cut): what it wrote last may be missing"
    assert found.steps[5].said.endswith(words)
    assert shown(found).endswith(words)
    handle = os.open(writers.lock_path(made.folder, made.live), os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        found = verify(made.folder)
    finally:
        os.close(handle)
    assert (0, 1) == (found.unended, found.running)
    assert found.steps[5].said.endswith("1 writer running")
    assert "no end" not in shown(found)
    seal(made.folder, LOG)  # the log says that it crashed: still nobody knows what it wrote last
    assert 1 == verify(made.folder).unended


def test_parts_that_are_not_sealed_are_no_failure(tmp_path: Path) -> None:
    """They wait, and it is said so; nothing is called wrong, and nothing is marked."""
    store_log.init(tmp_path, LOG, "audit.example.org/desk")
    store.write([Event(event_id="a", trace_id="t", type=EventType.PROMPT, writer_id="w", wseq=0)], tmp_path)
    found = verify(tmp_path)
    assert (Status.INCOMPLETE, "1 part not sealed yet (1 imported event)") == (found.status, found.steps[2].said)
    text = shown(found)
    assert "✗" not in text
    assert "wrong" not in text.split("sequence")[0]
    assert "incomplete: 1 part (1 event) imported and not sealed yet: `govern audit seal`; " in text


@pytest.mark.parametrize("by", ["bytes", "rows"])
def test_a_part_that_is_none_is_damaged(made: Made, by: str) -> None:
    """Its bytes must be those that it is named by, and its rows events; sealing asks the same."""
    day = hands.path_of(made, None).parent
    table = schema.table(hands.events_of(hands.path_of(made, None)))
    if by == "rows":
        place = table.schema.get_field_index("type")
        path = hands.put_part(day, table.set_column(place, "type", pa.array(["nothing"] * len(table))))
    else:
        path = hands.put_part(day, table)
        raw = path.read_bytes()
        path.write_bytes(raw[:60] + bytes([raw[60] ^ 1]) + raw[61:])
    (found,) = verify(made.folder).findings
    assert (Kind.DAMAGED, path.relative_to(made.folder).as_posix()) == (found.kind, found.file)


def test_a_changed_checkpoint_from_outside_speaks_against_itself(made: Made, tmp_path: Path) -> None:
    """It is named by its path and proves nothing about the log; one that is signed does."""
    held = tmp_path / "held.checkpoint"
    head, size, root, *rest = made.outside.split("\n")
    swapped = "A" if root[0] != "A" else "B"
    held.write_text("\n".join((head, size, swapped + root[1:], *rest)))
    code, text = run("--audit", str(made.folder), "--since", str(held), "--format", "json")
    document = json.loads(text)
    assert (3, "unverifiable", ["checkpoint"]) == (
        code,
        document["status"],
        [each["kind"] for each in document["findings"]],
    )
    assert str(held) in document["findings"][0]["detail"]
    held.write_text("x\n")
    with pytest.raises(EvidenceError) as raised:
        verify(made.folder, since=["x\n"], names=[str(held)])
    assert str(held) == raised.value.where
    sorted((made.folder / "log").glob("[0-9]*.json"))[-1].unlink()
    sorted((made.folder / "log").glob("[0-9]*.json"))[-1].unlink()
    assert Kind.CUT in {each.kind for each in verify(made.folder, since=[made.outside]).findings}


def test_the_last_line_names_what_is_gone_by_right(made: Made) -> None:
    """Deletions by retention, and redactions."""
    path = next(made.folder.glob(f"values/{made.first}/*.jsonl"))
    commitment = json.loads(path.read_bytes().splitlines()[0])["commitment"]
    redaction.redact(
        made.folder, LOG, redaction.by_commitment(made.folder, [commitment]), reason="asked to", by="privacy desk"
    )
    retention.retain(made.folder, LOG, before_ns=START, rule="older than 90 days", by="operations")
    found = verify(made.folder, since=[made.outside])
    assert (Status.OK, 6) == (found.status, found.retired)
    answer = shown(found).rpartition("\nok ")[2]
    assert "6 events deleted by retention. " in answer
    assert found.redacted > 0
    assert f"{found.redacted} sensitive value" in answer


def shown(found: Verified) -> str:
    """The text for people."""
    return "\n".join(line.plain for line in verify_text.lines(found, 10_000)).rstrip()


def test_no_store_is_said(tmp_path: Path) -> None:
    """A folder without a store, and a text that is no checkpoint, are errors of who supplies them."""
    with pytest.raises(EvidenceError, match="no audit store"):
        verify(tmp_path)
    (tmp_path / "events").mkdir()
    assert {Kind.NO_LOG} == {each.kind for each in verify(tmp_path).findings}
    with pytest.raises(EvidenceError, match="no signed note"):
        verify(tmp_path, since=["x\n"])
