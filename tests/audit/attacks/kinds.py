"""The attacks: what is done, and the least that one must be to do it. What each run shows is not said here.

Each function changes a copy of the store that `making.make` made. `BY` says who can:

    agent           has events written through the boundary, and no files
    store           may change files of the store, and has no key (a store administrator, a stolen disk)
    host            root where a writer runs: files, and the writer's key
    operator        whoever has the log's key
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow.parquet as pq

from govern.audit import canon, journal, log_keys, records, store_log, writers
from govern.audit.audit_log import AuditLog
from govern.events.model import Event, EventType
from govern.signing import dsse, keys

from . import hands
from .making import DAY, LOG, START, STRANGER, WRITER, Clock, Made, make

BY = {
    "agent": "agent",
    "store": "store administrator",
    "host": "host root",
    "operator": "operator with the key",
}


@dataclass(frozen=True)
class Attack:
    """One attack.

    Args:
        id: of its test.
        what: as the README's table says it.
        by: a key of `BY`: the least that can do it.
        run: does it to a store.
    """

    id: str
    what: str
    by: str
    run: Callable[[Made], None]


ATTACKS: list[Attack] = []


def attack(what: str, by: str) -> Callable[[Callable[[Made], None]], Callable[[Made], None]]:
    def add(run: Callable[[Made], None]) -> Callable[[Made], None]:
        ATTACKS.append(Attack(run.__name__, what, by, run))
        return run

    return add


def _lie(event: Event) -> Event:
    return replace(event, args='{"order":999}')


def _lie_first(events: list[Event]) -> list[Event]:
    return [_lie(events[0]), *events[1:]]


@attack("edit an event", "store")
def edit(made: Made) -> None:
    path = hands.path_of(made, made.first)
    hands.set_column(path, "canon", 1, canon.text(_lie(hands.events_of(path)[1])))


@attack("edit an event and hash it again", "store")
def edit_rehash(made: Made) -> None:
    path = hands.path_of(made, made.first)
    hands.put_table(path, hands.table_of(_lie_first(hands.events_of(path))))


@attack("edit, hash again, and correct the record in the log", "store")
def edit_record(made: Made) -> None:
    found = hands.batches(made)
    record = next(
        each
        for batch in found
        for each in batch["records"]
        if each.get("writer") == made.first and each["kind"] == "file"
    )
    path = made.folder / record["path"]
    hands.replace_file(made, record, hands.table_of(_lie_first(hands.events_of(path))))
    hands.put_batches(made, found)


@attack("compute all of it again, with keys of one's own", "store")
def recompute(made: Made) -> None:
    hands.rewrite(made, made.first, _lie_first, log=STRANGER, sign=keys.of_seed(b"\x06" * 32))


@attack("compute all of it again, with the stolen keys", "operator")
def stolen_key(made: Made) -> None:
    hands.rewrite(made, made.first, _lie_first)


@attack("change a column, not the bytes that are hashed", "store")
def column(made: Made) -> None:
    hands.set_column(hands.path_of(made, made.first), "tool", 2, "lookup")


@attack("delete an event inside a file", "store")
def delete_inside(made: Made) -> None:
    path = hands.path_of(made, made.first)
    events = hands.events_of(path)
    hands.put_table(path, hands.table_of([*events[:2], *events[3:]]))


@attack("delete a file", "store")
def delete_file(made: Made) -> None:
    hands.path_of(made, made.first, 1).unlink()


@attack("delete a file and its record", "store")
def delete_file_record(made: Made) -> None:
    found = hands.batches(made)
    record = hands.file_records(made, made.first)[1]
    (made.folder / record["path"]).unlink()
    for batch in found:
        batch["records"] = [each for each in batch["records"] if each != record]
    hands.put_batches(made, found)


@attack("delete an imported file and its record, and sign the log again", "operator")
def delete_import_signed(made: Made) -> None:
    record = hands.file_records(made, None)[0]
    (made.folder / record["path"]).unlink()
    hands.put_batches(made, hands.without(hands.batches(made), lambda each: each == record), LOG)


@attack("delete an imported file and its record", "store")
def delete_import(made: Made) -> None:
    found = hands.batches(made)
    record = hands.file_records(made, None)[0]
    (made.folder / record["path"]).unlink()
    for batch in found:
        batch["records"] = [each for each in batch["records"] if each != record]
    hands.put_batches(made, found)


def _cut_batches(made: Made, left: int) -> None:
    """Takes the last batches of the log and everything that they record."""
    found = hands.batches(made)
    for batch in found[left:]:
        for record in batch["records"]:
            if record["kind"] == "file":
                (made.folder / record["path"]).unlink()
            if record["kind"] == "writer":
                _remove_writer(made, record["writer"])
    hands.put_batches(made, found[:left])


def _remove_writer(made: Made, writer: str) -> None:
    for path in (made.folder / "writers").glob(f"{writer}.*"):
        path.unlink()
    for name in ("journal", "values"):
        shutil.rmtree(made.folder / name / writer, ignore_errors=True)


@attack("cut the last file off a writer, and its records off the log", "store")
def cut_last_file(made: Made) -> None:
    found = hands.batches(made)
    for record in hands.file_records(made, made.third):
        (made.folder / record["path"]).unlink()
    hands.put_batches(made, found[:-1])


@attack("cut everything after the checkpoint held elsewhere", "store")
def cut_after_anchor(made: Made) -> None:
    _cut_batches(made, 4)
    for writer in (made.ended, made.live):
        _remove_writer(made, writer)


@attack("cut the tail: the newest batches with all that they record", "store")
def cut_tail(made: Made) -> None:
    _cut_batches(made, 3)
    for writer in (made.ended, made.live):
        _remove_writer(made, writer)


@attack("cut the journal of a writer that ended", "store")
def cut_journal(made: Made) -> None:
    path = journal.segments(made.folder)[made.ended][-1]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))


@attack("cut the journal of a writer that still writes", "store")
def cut_live(made: Made) -> None:
    path = journal.segments(made.folder)[made.live][-1]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))


@attack("edit a line of a journal", "store")
def edit_journal(made: Made) -> None:
    path = journal.segments(made.folder)[made.live][0]
    path.write_bytes(path.read_bytes().replace(b'\\"order\\":1}', b'\\"order\\":7}'))


@attack("edit the journal of a writer that ended, and chain it again", "store")
def rechain_ended(made: Made) -> None:
    chain, _ = b"", 0
    first, second = journal.segments(made.folder)[made.ended]
    chain, _ = hands.rechain(first, _lie_first)
    hands.rechain(second, list, chain)


@attack("edit the journal of a writer that still writes, and chain it again", "store")
def rechain_live(made: Made) -> None:
    hands.rechain(journal.segments(made.folder)[made.live][0], _lie_first)


@attack("reorder the rows of a file", "store")
def reorder(made: Made) -> None:
    path = hands.path_of(made, made.first)
    hands.put_table(path, hands.table_of(list(reversed(hands.events_of(path)))))


@attack("swap two events, numbers and all, and hash them again", "store")
def swap(made: Made) -> None:
    path = hands.path_of(made, made.first)
    one, two, *rest = hands.events_of(path)
    hands.put_table(path, hands.table_of([replace(two, wseq=one.wseq), replace(one, wseq=two.wseq), *rest]))


@attack("insert an event into a file", "store")
def insert(made: Made) -> None:
    path = hands.path_of(made, made.first)
    events = hands.events_of(path)
    hands.put_table(path, hands.table_of([*events, replace(events[-1], event_id="forged")]))


@attack("add a sealed file", "store")
def add_file(made: Made) -> None:
    path = hands.path_of(made, made.first)
    forged = [replace(event, event_id=f"forged-{place}") for place, event in enumerate(hands.events_of(path))]
    hands.put_table(path.with_name(f"seal-{'0' * 32}.parquet"), hands.table_of(forged))


@attack("add an unsealed file among the imported ones", "store")
def add_part(made: Made) -> None:
    path = hands.path_of(made, None)
    table = pq.read_table(path).drop_columns(["canon", "leaf"])
    hands.put_part(path.parent, table)


@attack("write another event under the id of a sealed one", "host")
def doubled(made: Made) -> None:
    taken = hands.events_of(hands.path_of(made, made.first))[0].event_id
    path = journal.segments(made.folder)[made.live][-1]
    hands.rechain(path, lambda events: [*events[:-2], replace(events[-2], event_id=taken), events[-1]])


@attack("add a writer with a key of one's own", "store")
def forged_writer(made: Made) -> None:
    _forged(made, STRANGER)


def _forged(made: Made, key: keys.PrivateKey) -> None:
    store = store_log.read(made.folder).store.id
    writer = writers.register(made.folder, store, "ghost", key, START)
    event = Event(event_id="forged", trace_id="t", type=EventType.PROMPT, writer_id=writer.start.writer, wseq=0)
    text = canon.text(event).encode()
    chain = journal.first_chain(writer.envelope)
    folder = made.folder / "journal" / event.writer_id
    folder.mkdir()
    header = journal.header(journal.Header(store, event.writer_id, 0, chain.hex()))
    line = journal.line(journal.next_chain(chain, canon.leaf(text)), text)
    (folder / journal.name(0)).write_bytes(header + line)
    writers.release(writer)


@attack("add a writer with the writer's key", "host")
def forged_writer_host(made: Made) -> None:
    _forged(made, WRITER)


@attack("back-date: put an event of last week into an old file", "store")
def back_date(made: Made) -> None:
    path = hands.path_of(made, made.first)
    one, *rest = hands.events_of(path)
    hands.put_table(path, hands.table_of([replace(one, ts_ns=START - 7 * DAY, recorded_ns=START - 7 * DAY), *rest]))


@attack("back-date: say that an event of now happened last week", "agent")
def back_date_said(made: Made) -> None:
    with AuditLog(made.folder, "desk", WRITER, clock=Clock(START + DAY)) as log:
        log.append("tool_call", trace_id="old", tool="refund", ts_ns=START - 7 * DAY)


@attack("back-date: set the clock back before writing", "host")
def back_date_clock(made: Made) -> None:
    with AuditLog(made.folder, "desk", WRITER, clock=Clock(START - 7 * DAY)) as log:
        log.append("tool_call", trace_id="old", tool="refund")


@attack("remove a whole writer that is sealed, with its records", "store")
def remove_writer(made: Made) -> None:
    found = hands.batches(made)
    for batch in found:
        for record in batch["records"]:
            if record["kind"] == "file" and record["writer"] == made.first:
                (made.folder / record["path"]).unlink()
        batch["records"] = [each for each in batch["records"] if each.get("writer") != made.first]
    _remove_writer(made, made.first)
    hands.put_batches(made, found)


@attack("remove a whole writer that is sealed, with its records, and sign the log again", "operator")
def remove_writer_signed(made: Made) -> None:
    for record in hands.file_records(made, made.second):
        (made.folder / record["path"]).unlink()
    _remove_writer(made, made.second)
    hands.put_batches(made, hands.without(hands.batches(made), lambda each: each.get("writer") == made.second), LOG)


@attack("remove a writer that is not sealed, and another of its name came after it", "store")
def remove_unsealed_followed(made: Made) -> None:
    with AuditLog(made.folder, "clerk", WRITER, clock=Clock(START + DAY)) as log:
        log.append("prompt", trace_id="t")
    _remove_writer(made, made.ended)


@attack("remove a writer that is not sealed, the last of its name", "store")
def remove_unsealed(made: Made) -> None:
    _remove_writer(made, made.ended)


@attack("edit what a writer signed", "store")
def edit_envelope(made: Made) -> None:
    path = writers.start_path(made.folder, made.first)
    path.write_bytes(path.read_bytes().replace(b'"keyid":"sha256:', b'"keyid":"sha256:0', 1))


@attack("sign another start for a writer", "store")
def replace_envelope(made: Made) -> None:
    path = writers.start_path(made.folder, made.live)
    path.write_bytes(hands.signed(path.read_bytes(), STRANGER, host="elsewhere"))


@attack("delete rows of the side table without a redaction", "store")
def side_table(made: Made) -> None:
    path = made.folder / "values" / made.first / journal.name(0)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


@attack("change a value of the side table", "store")
def side_value(made: Made) -> None:
    path = made.folder / "values" / made.first / journal.name(0)
    path.write_bytes(path.read_bytes().replace(b"guest0", b"guest9"))


@attack("delete rows of the side table, with a redaction that no key signed", "agent")
def side_forged(made: Made) -> None:
    path = made.folder / "values" / made.first / journal.name(0)
    row, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(rest))
    said = {
        "schema": "govern/redaction/v1", "store": store_log.read(made.folder).store.id,
        "commitments": [json.loads(row)["commitment"]], "reason": "asked", "by": "nobody", "at_ns": START,
    }  # fmt: skip
    payload = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    envelope = dsse.Envelope(payload, "application/vnd.govern.redaction.v1+json", ())
    with AuditLog(made.folder, "desk", WRITER, clock=Clock(START + DAY)) as log:
        content = dsse.text(dsse.signed(envelope, [STRANGER]))
        log._append_own([{"type": "redaction", "trace_id": "t", "content": content}])


@attack("change a byte of the log", "store")
def log_byte(made: Made) -> None:
    path = sorted((made.folder / "log").glob("[0-9]*.json"))[2]
    path.write_bytes(path.read_bytes().replace(b'"rows":6', b'"rows":5', 1))


@attack("take a batch out of the middle of the log", "store")
def log_batch(made: Made) -> None:
    sorted((made.folder / "log").glob("[0-9]*.json"))[2].unlink()


@attack("put a batch of one's own behind the log", "store")
def log_forged(made: Made) -> None:
    found = hands.batches(made)
    hold = {"kind": "unhold", "id": "case-7", "reason": "over", "by": "nobody", "at_ns": START}
    found.append({"checkpoint": "", "records": [hold]})
    hands.put_batches(made, found, STRANGER, since=len(found) - 1)


@attack("put the checkpoint of another store into the log", "store")
def checkpoint_swapped(made: Made) -> None:
    other = make(made.folder.with_name(f"other-{made.folder.name}"), origin="audit.example.org/other", key=LOG)
    found = hands.batches(made)
    found[-1]["checkpoint"] = hands.batches(other)[-1]["checkpoint"]
    hands.put_batches(made, found)


@attack("put another store, of the same key, in its place", "store")
def store_swapped(made: Made) -> None:
    other = make(made.folder.with_name(f"other-{made.folder.name}"), origin="audit.example.org/other", key=LOG)
    shutil.rmtree(made.folder)
    shutil.move(other.folder, made.folder)


@attack("put an older copy of the store in its place", "store")
def rolled_back(made: Made) -> None:
    _cut_batches(made, 3)
    for writer in (made.second, made.third, made.ended, made.live):
        _remove_writer(made, writer)


@attack("bury a file under a tombstone that no key signed", "store")
def tombstone(made: Made) -> None:
    found = hands.batches(made)
    record = hands.file_records(made, made.first)[0]
    index = [each for batch in found for each in batch["records"]].index(record)
    (made.folder / record["path"]).unlink()
    buried = {"kind": "retention", "rule": "older than 90 days", "by": "nobody", "files": [index], "at_ns": START}
    found.append({"checkpoint": found[-1]["checkpoint"], "records": [buried]})
    hands.put_batches(made, found)


@attack("bury a file that a legal hold protects", "operator")
def held(made: Made) -> None:
    entries = store_log.read(made.folder).files()
    hold = records.Hold(id="case-7", reason="lawsuit", by="counsel", traces=None, from_ns=None, to_ns=None, at_ns=START)
    buried = records.Retention(rule="older than 90 days", by="somebody", files=[entries[1].index], at_ns=START)
    hands.append_as_operator(made, hold, buried)
    assert isinstance(entries[1].record, records.File)
    (made.folder / entries[1].record.path).unlink()


@attack("put another key in the log's key's place, without the old one", "store")
def key_rotated(made: Made) -> None:
    found = hands.batches(made)
    text = log_keys.text(STRANGER.public)
    add = {"kind": "key", "role": "log", "action": "add", "key": text, "envelope": None, "at_ns": START}
    found.append({"checkpoint": "", "records": [add]})
    hands.put_batches(made, found, STRANGER, since=len(found) - 1)


@attack("sign with a key that was rotated away", "operator")
def key_retired(made: Made) -> None:
    log = store_log.read(made.folder)
    new = keys.of_seed(b"\x05" * 32)
    store_log.append(made.folder, log, log_keys.rotation(log.store.id, log.size, LOG, new, START), new)
    found = hands.batches(made)
    hold = {"kind": "unhold", "id": "case-7", "reason": "over", "by": "nobody", "at_ns": START}
    found.append({"checkpoint": "", "records": [hold]})
    hands.put_batches(made, found, LOG, since=len(found) - 1)


@attack("forge the sealer's lease (harmless: sealing goes on)", "store")
def lease(made: Made) -> None:
    (made.folder / "log" / "lease.json").write_text('{"holder":"nobody","token":"x","expires_ns":9223372036854775807}')


@attack("truncate a sealed file", "store")
def truncate(made: Made) -> None:
    path = hands.path_of(made, made.first)
    path.write_bytes(path.read_bytes()[:-40])


@attack("truncate a batch of the log", "store")
def truncate_log(made: Made) -> None:
    path = sorted((made.folder / "log").glob("[0-9]*.json"))[2]
    path.write_bytes(path.read_bytes()[:-40])


@attack("delete the log", "store")
def delete_log(made: Made) -> None:
    shutil.rmtree(made.folder / "log")


@attack("never write the event", "agent")
def never_written(made: Made) -> None:
    """Nothing is done: the event that should be there was never given to the writer."""
