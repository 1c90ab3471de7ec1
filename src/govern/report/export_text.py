"""The text of `govern audit export`: what went out, what it does not prove, how it is verified."""

from __future__ import annotations

import hashlib
from textwrap import wrap

from govern.evidence.export import Package
from govern.evidence.gathering import Gathered
from govern.report.chain_text import plural
from govern.report.console import safe
from govern.report.layout import columns

WIDTH = 100


def text(made: Package, case: Gathered, path: str) -> str:
    """The report for a terminal; what stood in a log is made harmless."""
    events = sum(trace.events for trace in case.traces)
    log = f"in the log {safe(case.origin)} of {plural(case.size, 'record')}, {_signed(made)}"
    lines = [
        f"{safe(path)}  {len(made.raw):,} B, sha256 {hashlib.sha256(made.raw).hexdigest()}",
        f"{plural(events, 'event')} of {plural(len(case.traces), 'trace')}, {log}",
        "",
    ]
    rows = [["trace", "events", "withheld", "not sealed", "gaps"]]
    rows += [
        [
            safe(each.trace_id, 40),
            f"{each.events:,}",
            f"{each.withheld:,}",
            f"{each.unsealed:,}",
            f"{len(each.made.gaps):,}",
        ]
        for each in case.traces
    ]
    lines += columns(rows, "<>>>>")
    values = case.values_said
    if values.committed:
        shown = "none revealed" if case.values is None else f"{len(case.values):,} revealed"
        lines += [
            "",
            f"{plural(values.committed, 'sensitive value')} committed to: {shown}, {values.redacted:,} redacted",
        ]
    if values.missing:
        lines += [f"{values.missing:,} of them are MISSING: neither kept nor redacted; see `govern audit verify`"]
    lines += ["", "Not proven, and said so in its manifest:"]
    for each in made.manifest["not_proven"]:
        lines += wrap(each, WIDTH, initial_indent="  - ", subsequent_indent="    ")
    if case.unsealed:
        lines += ["", "Next: govern audit seal, and export again: what is not sealed is proven by nothing"]
    lines += [
        "",
        f"To verify: python -I verify_evidence.py {safe(path)} --key LOG.pub --since CHECKPOINT",
        f"Hand the log's public key ({case.key.keyid}) over by another way.",
    ]
    return "\n".join(lines)


def _signed(made: Package) -> str:
    return f"signed by {made.signed}" if made.signed else "not signed: give --sign, so that chains and pages are yours"
