"""Whether a key may begin to write a store: the store's log says so.

Leaves out how keys come into the log (`log_keys`, `govern audit key`).
"""

from __future__ import annotations

from pathlib import Path

from govern.audit import store_log, writers
from govern.errors import EnvironmentFailed, EvidenceError
from govern.signing.keys import PublicKey


def store_id(folder: Path, name: str, key: PublicKey) -> str:
    """The id of a store that a writer of this name and key may begin to write.

    Raises:
        EnvironmentFailed: there is no store with a log, or it does not admit the key.
        EvidenceError: its log is damaged, or the last writer of this name wrote another store.
    """
    init = f"`govern audit init {folder} --sign LOG.key` begins one"
    if not folder.is_dir():
        raise EnvironmentFailed("there is no such store", where=str(folder), hint=init)
    log = store_log.read(folder)
    if log.keys is None:
        raise EnvironmentFailed("the store has no log: nothing could be verified", where=str(folder), hint=init)
    if key not in log.keys.admitted:
        hint = "who has the log's key admits it: `govern audit key add WRITER.pub`"
        raise EnvironmentFailed(f"the store does not admit key `{key.keyid}`", where=key.name or str(folder), hint=hint)
    _one_store(folder, log.store.id, name)
    return log.store.id


def _one_store(folder: Path, store: str, name: str) -> None:
    """Two stores that were copied into one folder must not grow together."""
    last = writers.last_of(folder, name)
    if last is None:
        return
    path = writers.start_path(folder, last)
    try:
        said = writers.store_of(path.read_bytes(), str(path))
    except OSError as error:
        raise writers.failed(error, path, "the last writer's start cannot be read") from None
    if said != store:
        message = f"writer `{last}` is of store `{said}`, the log of `{store}`: two stores are mixed"
        hint = "the folders `log`, `writers`, `journal` and `values` of a store belong together: put them apart again"
        raise EvidenceError(message, where=str(path), hint=hint)
