"""Which sink a `--to` means, and what it is given. Leaves out each sink, and what is kept of it (`receipts`)."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from govern.audit import checkpoint, store_log
from govern.audit.anchors import file, git, receipts, rfc3161, webhook
from govern.audit.anchors.contract import Given, Held, Sink
from govern.audit.anchors.receipts import Receipt
from govern.audit.store_log import StoreLog
from govern.errors import EnvironmentFailed, UsageError

SINKS: Final[dict[str, Sink]] = {"file": file.hold, "git": git.hold, "rfc3161": rfc3161.hold}
_FORMS: Final = "file:PATH, git:REPO, https://…, rfc3161:URL"


def sink(to: str) -> tuple[str, Sink, str]:
    """The kind of a sink, the sink, and its target.

    Raises:
        UsageError: there is no such sink.
    """
    kind, colon, target = to.partition(":")
    if kind in ("https", "http"):
        return "webhook", webhook.hold, to
    if not colon or kind not in SINKS:
        raise UsageError(f"`{to[:120]}` names no sink", where="--to", hint=f"one of {_FORMS}")
    return kind, SINKS[kind], target


def given(store: Path, *, ca: str | None = None, timeout_s: float = 30.0) -> Given:
    """What is to be anchored: the newest checkpoint, of a log that holds and that its key signed.

    Raises:
        EvidenceError: there is no log, it does not hold, or its newest checkpoint is not signed by its key.
    """
    log: StoreLog = store_log.read(store)
    signed = checkpoint.read(log.checkpoint, str(log.batches[-1].path) if log.batches else str(store))
    checkpoint.verified(signed, [log.keys.log] if log.keys is not None else [])
    return Given(store, signed, ca, timeout_s)


def hold(to: str, what: Given) -> Held:
    """Holds a checkpoint at a sink, and keeps the receipt. Where that cannot be kept, as in a store that is read-only,
    the checkpoint is held all the same, and the warning says it.

    Raises:
        UsageError, EnvironmentFailed, EvidenceError: as `contract.Sink`; also where the receipt of a time stamp cannot
            be kept: its token stands nowhere else.
    """
    kind, send, target = sink(to)
    held = send(target, what)
    said = what.signed
    size, now = said.checkpoint.size, time.time_ns()
    try:
        receipts.keep(what.store, Receipt(kind, to, now, size, said.text, held.more))
    except EnvironmentFailed as error:
        if kind == "rfc3161":
            raise
        return replace(held, warning=str(error))
    return held
