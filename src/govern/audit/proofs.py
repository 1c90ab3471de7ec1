"""Proofs that anybody can check: this event stands in a sealed file, this record in the log, this log in that one.

    {"schema": "govern/audit-proof/v1", "store": "<id>", "origin": "…",
     "checkpoint": "<signed note>",
     "records": [{"index": 3, "text": "<canonical record>", "path": ["<hex>", …]}],
     "events": [{"file": 3, "row": 17, "canon": "<canonical event>", "path": ["<hex>", …]}],
     "consistency": [{"checkpoint": "<older signed note>", "path": ["<hex>", …]}]}

An event's leaf is SHA-256(0x00 ‖ canon); with its row and its path it leads to `root` of the `file` record whose index
is `file`, a tree of `rows` leaves. A record's leaf is SHA-256(0x00 ‖ text); with its index and its path it leads to the
checkpoint's root. An older checkpoint's root and the newer one follow from `path`. Paths are those of RFC 9162,
sections 2.1.3 and 2.1.4. Among the records are always the first one and all of kind `key`: they say whose signature
the checkpoint must have.

Pure. Leaves out where events are read from (`proving`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from govern.audit import checkpoint, log_keys, merkle, records
from govern.audit.checkpoint import Checkpoint, Signed
from govern.audit.merkle import Broken, Tree
from govern.audit.records import File, Key, Record, Store
from govern.audit.store_log import StoreLog
from govern.errors import EvidenceError
from govern.signing.keys import PublicKey

SCHEMA: Final = "govern/audit-proof/v1"


@dataclass(frozen=True, slots=True)
class Row:
    """An event where it was sealed.

    Args:
        file: index of the record of the file that it was sealed to, also where a compaction moved it since.
        row: its row in that file, from 0.
        canon: its canonical text.
    """

    file: int
    row: int
    canon: str


def of_records(log: StoreLog, tree: Tree, indexes: Iterable[int]) -> list[dict[str, Any]]:
    """The proofs of records, and of those that say who signs: each once, in their order.

    Args:
        tree: over the log's leaves.
    """
    wanted = set(indexes) | {entry.index for entry in log.entries if isinstance(entry.record, (Store, Key))}
    return [
        {"index": index, "text": log.entries[index].text, "path": hexes(tree.inclusion(index))}
        for index in sorted(wanted)
    ]


def of_rows(log: StoreLog, rows: Iterable[Row], trees: dict[int, Tree]) -> list[dict[str, Any]]:
    """The proofs of events, in the order of files and rows.

    Args:
        trees: of each file by the index of its record, over its leaves in the order of its rows.

    Raises:
        EvidenceError: a file's leaves do not lead to its record's root, or an event's text not to its leaf.
    """
    made: list[dict[str, Any]] = []
    for each in sorted(rows, key=lambda row: (row.file, row.row)):
        record, tree = log.entries[each.file].record, trees[each.file]
        if not isinstance(record, File):
            raise EvidenceError(f"record {each.file:,} of the log is no `file` record", where=str(log.folder))
        if tree.size != record.rows or tree.root.hex() != record.root:
            raise EvidenceError("its rows do not lead to the root that the log has of it", where=record.path)
        if merkle.leaf(each.canon.encode()) != tree.levels[0][each.row]:
            raise EvidenceError(f"row {each.row:,} is not what was sealed", where=record.path)
        path = hexes(tree.inclusion(each.row))
        made.append({"file": each.file, "row": each.row, "canon": each.canon, "path": path})
    return made


def of_older(log: StoreLog, tree: Tree, older: Sequence[Signed]) -> list[dict[str, Any]]:
    """The proofs that the log grew out of older checkpoints.

    Args:
        tree: over the log's leaves.

    Raises:
        EvidenceError: it did not, or a checkpoint is not one of this log.
    """
    known = log.keys.ever if log.keys is not None else ()
    made: list[dict[str, Any]] = []
    for each in older:
        said = checkpoint.verified(each, known)
        if said.origin != log.origin:
            raise EvidenceError(f"a checkpoint of `{said.origin[:80]}`, not of `{log.origin}`", where=each.where)
        if said.size > tree.size:
            what = f"it is over {said.size:,} records, and the log has {tree.size:,}: its end was cut"
            raise EvidenceError(what, where=each.where)
        if merkle.root(tree.levels[0][: said.size]) != said.root:
            raise EvidenceError("the log did not grow out of it: its past was written again", where=each.where)
        path = tree.consistency(said.size) if said.size else []
        made.append({"checkpoint": each.text, "path": hexes(path)})
    return made


def document(
    log: StoreLog,
    *,
    rows: Sequence[Row] = (),
    trees: dict[int, Tree] | None = None,
    more: Iterable[int] = (),
    older: Sequence[Signed] = (),
) -> dict[str, Any]:
    """The whole document, checked once before it is handed out.

    Args:
        rows: the events to prove.
        trees: as `of_rows`.
        more: further records to prove.
        older: checkpoints that the log is to be shown to have grown out of.

    Raises:
        EvidenceError: as `of_rows`, `of_older` and `check`.
    """
    tree = merkle.tree(log.leaves)
    made = {
        "schema": SCHEMA,
        "store": log.store.id,
        "origin": log.origin,
        "checkpoint": log.checkpoint,
        "records": of_records(log, tree, {*more, *(row.file for row in rows)}),
        "events": of_rows(log, rows, trees or {}),
        "consistency": of_older(log, tree, older),
    }
    check(made, log.keys.ever if log.keys is not None else ())
    return made


def check(proof: dict[str, Any], keys: Sequence[PublicKey]) -> Checkpoint:
    """Checks a document as whoever gets it would: with nothing of the store, and keys of the log that he trusts.

    Returns:
        The checkpoint under which all that it shows stands.

    Raises:
        EvidenceError: something does not follow.
    """
    try:
        return _checked(proof, keys)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise EvidenceError(f"the proof does not hold: {error}") from None


def _checked(proof: dict[str, Any], keys: Sequence[PublicKey]) -> Checkpoint:
    if proof["schema"] != SCHEMA:
        raise Broken(f"it is no {SCHEMA}")
    shown = {each["index"]: records.of_text(each["text"], f"record {each['index']}") for each in proof["records"]}
    first = shown[0]
    if not isinstance(first, Store) or (first.id, first.origin) != (proof["store"], proof["origin"]):
        raise Broken("it is of another store than it says")
    ours = _keys(first, shown)
    if not any(key in ours.ever for key in keys):
        raise Broken("the log never had one of the keys given")
    said = checkpoint.verified(checkpoint.read(proof["checkpoint"], "its checkpoint"), [ours.log])
    if said.origin != first.origin:
        raise Broken("the checkpoint is of another log")
    for each in proof["records"]:
        leaf = merkle.leaf(each["text"].encode())
        merkle.verify_inclusion(leaf, each["index"], said.size, _nodes(each["path"]), said.root)
    for each in proof["events"]:
        file = shown[each["file"]]
        if not isinstance(file, File):
            raise Broken(f"record {each['file']} is no `file` record")
        leaf = merkle.leaf(each["canon"].encode())
        merkle.verify_inclusion(leaf, each["row"], file.rows, _nodes(each["path"]), bytes.fromhex(file.root))
    for each in proof["consistency"]:
        old = checkpoint.verified(checkpoint.read(each["checkpoint"], "an older checkpoint"), ours.ever)
        if old.origin != first.origin:
            raise Broken("an older checkpoint is of another log")
        if old.size:
            merkle.verify_consistency(old.size, said.size, _nodes(each["path"]), old.root, said.root)
    return said


def _keys(first: Store, shown: dict[int, Record]) -> log_keys.Keys:
    """The keys after all records that are shown; each rotation must be signed by the key before it."""
    keys = log_keys.first(first)
    for index in sorted(shown)[1:]:
        record = shown[index]
        if isinstance(record, Key):
            if (record.role, record.action) == ("log", "add"):
                log_keys.check_rotation(record, index, first.id, keys.log, f"record {index}")
            keys = log_keys.after(keys, record, f"record {index}")
    return keys


def hexes(path: Sequence[bytes]) -> list[str]:
    """A path as documents write it."""
    return [each.hex() for each in path]


def _nodes(path: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in path]
