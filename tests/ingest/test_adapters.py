"""Every adapter on small logs of our own: `tests/ingest/<format>/<case>/{in.*,expected.jsonl}`.

`expected.jsonl` holds every event, then every refusal, then the report. Ids made from digests are replaced
(`run 1`, `span 1`) or left out, so that the file can be read. UPDATE_EXPECTED=1 writes it; read the diff.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event
from govern.ingest import FileReport, Refusal, formats, read
from govern.ingest.adapters.canonical import row_of

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/**/in.*"))


def shown(paths: list[str], **options: Any) -> list[dict[str, Any]]:
    """What reading gives, as plain rows."""
    rows: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for item in read(paths, **options):
        match item:
            case Event():
                rows.append(readable(item, names))
            case Refusal():
                rows.append({"refused": item.line, "reason": item.reason, "rows": item.rows})
            case FileReport():
                report = {f.name: getattr(item, f.name) for f in fields(item)}
                rows.append({key: report[key] for key in report if key not in ("path", "tally", "lacks", "left_out")})
    return rows


def readable(event: Event, names: dict[str, str]) -> dict[str, Any]:
    row = row_of(event)
    made = event.source_format != "canonical"
    for key, word in (("trace_id", "run"), ("span_id", "span")):
        if made and key in row:
            known = sum(name.startswith(word) for name in names.values())
            row[key] = names.setdefault(row[key], f"{word} {known + 1}")
    if made:
        del row["event_id"]
    digest, _, line = row.pop("source_ref").partition(":")
    assert (len(digest), row.pop("source_format")) == (16, event.source_format)
    if row["writer_id"].startswith("import:"):
        assert row.pop("writer_id") == f"import:{digest}"
    row.pop("args_digest", None)
    return {"line": line, **row}


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_case(case: Path) -> None:
    """A log gives exactly the events, refusals and counts that stand beside it."""
    (log,) = case.glob("in.*")
    got = shown([str(log)])
    expected = case / "expected.jsonl"
    if os.environ.get("UPDATE_EXPECTED"):
        expected.write_text("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in got))
    assert [json.loads(line) for line in expected.read_text().splitlines()] == got


@pytest.mark.parametrize("format_id", formats.ADAPTERS)
def test_format_has_all_its_parts(format_id: str) -> None:
    """A format has a module and a page of its name, and cases."""
    package = Path(formats.__file__).parent / "adapters"
    assert (package / f"{format_id}.py").is_file()
    page = (package / f"{format_id}.md").read_text()
    assert page.startswith(f"# `{format_id}`")
    assert all(f"## {part}" in page for part in ("Carries", "Traps"))
    assert [case for case in CASES if case.parent.name == format_id]


@pytest.mark.parametrize("format_id", formats.ADAPTERS)
def test_page_says_what_the_format_carries(format_id: str) -> None:
    """The fields that an adapter declares stand in its page."""
    page = (Path(formats.__file__).parent / "adapters" / f"{format_id}.md").read_text()
    said = page.split("## Carries")[1].split("##")[0]
    assert all(field in said for field in formats.carries(format_id))


def test_unknown_format_excuses_nothing() -> None:
    """A source format that nobody declared carries every field, so that what is missing stays a gap."""
    assert formats.carries(None) == formats.carries("no-such-format") == formats.carries("canonical")
    assert "timing" not in formats.carries("agentdojo")
