"""Stores with real writers, sealed, for the tests of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from govern.audit import sealing, store_log
from govern.audit.audit_log import AuditLog
from govern.evidence.export import Custody, Package, assembled
from govern.evidence.gathering import gather
from govern.signing import keys
from govern.signing.keys import PrivateKey

KEY = keys.of_seed(b"\x01" * 32, "log")
STRANGER = keys.of_seed(b"\x02" * 32, "stranger")
NOW = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
CUSTODY = Custody(NOW, "the auditor", "auditor", "1.2.3", ["govern", "audit", "export"])
TRACE = "trace-0001"


def action(log: AuditLog, trace: str, number: int, *, outcome: str = "ok", tool: str = "refund") -> None:
    """One whole action of one trace."""
    at = NOW + number * 10 * SECOND
    call = {"tool": tool, "call_id": f"call-{number}", "span_id": f"span-{number}", "agent": "desk"}
    args = {"order_id": str(number)}
    log.append("prompt", trace_id=trace, ts_ns=at, content="Give me my money back ✓", durable=False)
    log.append("tool_call", trace_id=trace, ts_ns=at + SECOND, args=args, durable=False, **call)
    log.append("policy_check", trace_id=trace, ts_ns=at + SECOND, args=args, verdict="allow", durable=False, **call)
    log.append("tool_start", trace_id=trace, ts_ns=at + 2 * SECOND, args=args, durable=False, **call)
    log.append(
        "tool_result", trace_id=trace, ts_ns=at + 3 * SECOND, status=outcome, content="done", durable=False, **call
    )


def store(folder: Path, traces: Sequence[str] = ("trace-0000", TRACE, "trace-0002"), *, seal: bool = True) -> Path:
    """A store with one action of each trace, by one writer that ended."""
    store_log.init(folder, KEY, "test/desk")
    with AuditLog(folder, "desk", KEY) as log:
        for number, trace in enumerate(traces):
            action(log, trace, number)
    if seal:
        sealing.seal(folder, KEY, now_ns=NOW)
    return folder


def package(
    folder: Path, *traces: str, key: PrivateKey | None = KEY, documents: dict[str, bytes] | None = None, **how: object
) -> Package:
    """The package of traces, with short documents in the place of chains and pages."""
    case = gather(folder, traces or (TRACE,), **how)  # type: ignore[arg-type]
    return assembled(case, documents or {"gaps.json": b"{}\n"}, CUSTODY, key=key, since=how.get("since", ()))  # type: ignore[arg-type]


def kept(folder: Path) -> str:
    """The store's newest checkpoint, as somebody elsewhere keeps it."""
    return store_log.read(folder).checkpoint
