"""The published JSON Schema of an event says what the reader does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from govern.ingest import Refusal, read
from govern.ingest.schema import event_schema

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "canonical"


def test_file_is_in_step() -> None:
    """`schemas/event.v1.json` is what `python -m govern.ingest.schema` writes."""
    written = json.loads((ROOT / "schemas" / "event.v1.json").read_text())
    assert event_schema() == written
    jsonschema.Draft202012Validator.check_schema(written)


def rows() -> list[Any]:
    """Rows of the cases that plain JSON can carry: ambiguous keys are beyond a schema."""
    made = []
    for log in sorted(CASES.glob("*/in.jsonl")):
        made += [json.loads(line) for line in log.read_text().splitlines()]
    return made


BEYOND = ("args_digest", "args_error", "Type", "read before", "surrogate", "stands twice", "calendar", "outside")


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.get("event_id", "-"))
def test_schema_and_reader_agree(row: dict[str, Any], tmp_path: Path) -> None:
    """A row that the schema refuses is refused; one it admits is read, but for what a schema cannot say."""
    log = tmp_path / "log"
    log.write_text(json.dumps(row))
    refused = [item for item in read([str(log)], format="canonical") if isinstance(item, Refusal)]
    valid = jsonschema.Draft202012Validator(event_schema()).is_valid(row)
    if refused and any(word in refused[0].reason for word in BEYOND):
        return
    assert valid == (not refused)
