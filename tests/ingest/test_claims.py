"""Which adapter recognises a row: one at most, and none where a row only looks like one of a format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.ingest import formats

HERE = Path(__file__).parent


def claimants(row: Any) -> list[str]:
    return [name for name, adapter in formats.ADAPTERS.items() if adapter.claims(row)]


def rows(case: Path) -> Iterator[Any]:
    """The rows of a case that are JSON."""
    text = case.read_text(errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue
    else:
        yield from value if isinstance(value, list) else [value]


@pytest.mark.parametrize("format_id", formats.ADAPTERS)
def test_no_row_is_of_two_formats(format_id: str) -> None:
    """No row of a case is claimed twice; some are by its format. (A message of plain text may be of several APIs.)"""
    found = [row for case in sorted(HERE.glob(f"{format_id}/*/in.*")) for row in rows(case)]
    claimed = [claimants(row) for row in found]
    assert [] == [names for names in claimed if len(names) > 1]
    assert [format_id] in claimed


MESSAGE = '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "rm"}}'


@pytest.mark.parametrize(
    "row",
    [
        # A notification of S3, which has the outer keys of a CloudTrail record.
        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-03-02T09:00:00Z"}]},
        {"detail": {"reason": "none"}, "Records": {}},
        {"Events": [{"EventName": "x"}]},
        # Words that an agent wrote deep inside of a row of nobody's.
        {"log": {"line": MESSAGE}},
        {"log": {"parts": [{"text": MESSAGE}]}},
        {"line": f"got {MESSAGE}"},
        {"type": "summary", "text": "nobody's"},
        {"type": "user", "message": {"role": "user", "content": "x"}},
        {"agentType": "Explore", "calls": []},
        {"hook_event_name": "PreToolUse", "tool_name": "Bash"},
        {"type": "message", "role": "assistant", "content": 7},
    ],
)
def test_what_only_looks_like_a_log(row: Any) -> None:
    """A row that has some marks of a format, and not all that matter, is claimed by none."""
    assert [] == claimants(row)
