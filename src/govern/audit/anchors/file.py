"""`--to file:PATH`: a file, on another machine's disk or a medium that is put away.

A folder gets a file for each checkpoint. A file that is there already must hold a checkpoint that this log grew out of:
then the newer one takes its place, and what was held is never lost for a shorter or another log.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from govern.audit import checkpoint, merkle, store_log
from govern.audit.anchors.contract import Given, Held
from govern.audit.anchors.names import of_origin
from govern.errors import EnvironmentFailed, EvidenceError, UsageError


def hold(target: str, given: Given) -> Held:
    """See `contract.Sink`."""
    if not target:
        raise UsageError("no file is named", where="--to file:", hint="--to file:PATH")
    said = given.signed.checkpoint
    path = Path(target)
    if path.is_dir():
        path = path / f"{of_origin(said.origin)}-{said.size:012d}.txt"
    try:
        inside = path.resolve().is_relative_to(given.store.resolve())
    except (OSError, ValueError) as error:
        raise UsageError(f"is no file: {error}", where=target) from None
    if inside:
        hint = "a checkpoint is worth something where whoever can write the store cannot change it"
        raise UsageError("is inside the store", where=str(path), hint=hint)
    if path.exists() and not path.is_file():
        raise UsageError("is no regular file", where=str(path))
    try:
        before = path.read_bytes() if path.exists() else None
    except OSError as error:
        raise _failed(error, path) from None
    held = said.size if before is None else grew_out_of(before, str(path), given.store)
    if held > said.size:
        return Held(f"{path}: holds a newer one already, of {records(held)}", {"path": str(path.resolve())})
    _replace(path, given.signed.text.encode())
    return Held(f"{path}: {records(said.size)}", {"path": str(path.resolve())})


def grew_out_of(before: bytes, where: str, store: Path) -> int:
    """How many records a checkpoint is over that is held, and that this store's log grew out of.

    Raises:
        EvidenceError: it is no checkpoint, or one of another log, or of a longer or another past of this one.
    """
    log = store_log.read(store)
    hint = "nothing was written; `govern audit verify --since` this file says more"
    held = checkpoint.read(before, where).checkpoint
    if held.origin != log.origin:
        raise EvidenceError(f"holds a checkpoint of `{held.origin[:80]}`, another log", where=where, hint=hint)
    if held.size > log.size:
        what = f"holds a checkpoint over {held.size:,} records, and the log has {log.size:,}: its end was cut"
        raise EvidenceError(what, where=where, hint=hint)
    if merkle.root(log.leaves[: held.size]) != held.root:
        raise EvidenceError("holds a checkpoint of another past of this log", where=where, hint=hint)
    return held.size


def records(count: int) -> str:
    """`1 record`, `2,000 records`."""
    return f"{count:,} record{'' if count == 1 else 's'}"


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the first failure is the one to tell
            beside.unlink(missing_ok=True)
        raise _failed(error, path) from None


def _failed(error: OSError, path: Path) -> EnvironmentFailed:
    return EnvironmentFailed(
        f"the checkpoint cannot be held: {(error.strerror or str(error)).lower()}", where=str(path)
    )
