"""A bad part of a row: refused for itself, counted, loud, and never in the way of the others."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import govern
from tests.ingest.hostile import reading

from govern.ingest.adapter import Row, Unusable
from govern.ingest.counts import Summary
from govern.ingest.parts import part
from govern.ingest.source import Refusal

HERE = Path(__file__).parent
LISTS = {
    "cloudtrail/a-log-file": "Records",
    "langfuse/a-page-of-the-api": "data",
    "langfuse/a-trace-with-its-observations": "observations",
    "langsmith/runs-inside-runs": "runs",
    "openai_agents/a-batch": "data",
    "tau2/results-with-the-users-calls": "simulations",
    "mcp_jsonrpc/a-batch": "",
}
"""Cases whose rows hold several things that stand alone, and the key of the list of them."""
BAD: tuple[Any, ...] = (None, 7, "x", [], {"id": 1, "method": "tools/call"})


def rows_of(case: str) -> list[Any]:
    (log,) = (HERE / case).glob("in.*")
    text = log.read_text()
    return [json.loads(line) for line in text.splitlines()] if log.suffix == ".jsonl" else [json.loads(text)]


def with_parts(rows: list[Any], key: str, *bad: Any, first: bool) -> Iterator[list[Any]]:
    """The rows, each time with other parts more in one of them."""
    for number, row in enumerate(rows):
        if isinstance(row.get(key) if key else row, list):
            made = copy.deepcopy(rows)
            parts = made[number][key] if key else made[number]
            parts[0 if first else len(parts) :] = [*bad, *parts] if first else bad
            yield made


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("case", LISTS)
def test_a_bad_part_costs_itself(case: str, first: bool, tmp_path: Path) -> None:
    """With bad parts among the good ones the log is recognised, gives what it gives without them, and each bad part is
    one refusal, which loses no row."""
    log = tmp_path / "log"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows_of(case)))
    before = reading(log)
    assert (0, True) == (before.summary.refused, bool(before.events))
    tried = list(with_parts(rows_of(case), LISTS[case], *BAD, first=first))
    assert tried
    for rows in tried:
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
        got = reading(log)
        assert before.said == got.said
        assert (len(BAD), 0, 0) == (got.summary.refused, got.summary.refused_rows, got.summary.whole)
        assert [before.summary.totals.rows] == [file.rows for file in got.summary.files]
        assert before.summary.totals.notes == got.summary.totals.notes


NOTHING: dict[str, Any] = {
    "cloudtrail": {"Records": [7, None]},
    "langfuse": {"data": [7, None], "meta": {}},
    "langsmith": {"runs": [7, None]},
    "openai_agents": {"data": [7, None]},
    "tau2": {"info": {}, "tasks": [], "simulations": [7, None]},
    "mcp_jsonrpc": [{"jsonrpc": "2.0", "id": 1}, None],
    "sweagent": {"trajectory": [], "attempts": [7, None]},
}


@pytest.mark.parametrize("format_id", NOTHING)
def test_a_row_of_bad_parts_is_a_refused_row(format_id: str, tmp_path: Path) -> None:
    """Where nothing is left of a row it is lost, once, and is no aside."""
    log = tmp_path / "log"
    log.write_text((json.dumps(NOTHING[format_id]) + "\n") * 2)
    summary = reading(log, format=format_id).summary
    assert (2, 4, 2) == (summary.totals.rows, summary.refused, summary.refused_rows)
    assert not summary.totals.asides


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two simulations of three that can be read."""
    rows = rows_of("tau2/results-with-the-users-calls")
    rows[0]["simulations"].append(7)
    made = tmp_path / "log.json"
    made.write_text(json.dumps(rows[0]))
    return made


@pytest.mark.parametrize(
    ("more", "code"),
    [((), 3), (("--allow-bad", "1"), 0), (("--allow-bad", "0"), 3), (("--allow-bad", "99%"), 3)],
)
def test_a_refused_part_is_loud(log: Path, tmp_path: Path, more: tuple[str, ...], code: int) -> None:
    """The exit code is 3 unless so many refusals are admitted; a percentage is of rows, so it is on the safe side. The
    row counts as judged, the part as not."""
    ran = govern("import", log, "-o", tmp_path / "store", "--format", "json", *more)
    assert code == ran.exit_code
    shown = json.loads(ran.out)
    assert (1, 1, 1) == (shown["totals"]["rows"], shown["judged"], shown["not_judged"])
    assert ["`simulations[2]` is a number, not an object"] == [each["reason"] for each in shown["refusals"]]


def test_whole_row_after_parts() -> None:
    """A refused row loses a row, its parts lose none, a cut file nobody knows what."""
    summary = Summary()
    for rows in (1, 0, 0, None):
        summary.refuse(Refusal("log", 1, "bad", rows))
    assert (4, 1, 1) == (summary.refused, summary.refused_rows, summary.whole)


def test_part() -> None:
    """A refused part says where it is, once, and what it noted is forgotten; any other error is not held."""
    row = Row(value=None, raw=b"", digest="d", ref="r", writer="w", wseq=0)
    row.notes["kept"] += 1
    for path, reason in (((), "no `a`"), (("data", 1), "no `a`"), (("data", 1), "no `data[1].a`")):
        with part(row, *path):
            row.notes["kept"] += 1
            row.notes["forgotten"] += 1
            raise Unusable(reason)
    with part(row, "data", 2):
        row.notes["kept"] += 1
    assert ["no `a`", "`data[1]`: no `a`", "no `data[1].a`"] == row.refused
    assert {"kept": 2} == dict(row.notes)
    with pytest.raises(KeyError), part(row):
        raise KeyError
