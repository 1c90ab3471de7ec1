"""Coverage as JSON data: the key `coverage` of `govern/test/v1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govern.report.coverage_lines import files
from govern.scenario.coverage import CONDITIONS, Coverage, Item, Part, Share, counted, merged, rules, total


def document(several: Sequence[Coverage]) -> dict[str, Any]:
    """What tests of charters showed: shares of everything, every part with its points, every line."""
    return {
        "whole": _share(total(several)),
        "rules": _share(rules(several)),
        "outcomes": _share(counted(several, *CONDITIONS)),
        "gates": _share(counted(several, Part.GATE)),
        "tools": _share(counted(several, Part.TOOL)),
        "inputs": _share(counted(several, Part.INPUT)),
        "decisions": sum(each.decisions for each in several),
        "items": [_item(item) for item in merged(several)],
        "lines": [
            {
                "file": file.source.file,
                "line": line.number,
                "hits": line.hits,
                "unseen": sum(len(item.unseen) for item in line.items),
            }
            for file in files(several)
            for line in file.lines
        ],
    }


def _share(share: Share) -> dict[str, int]:
    return {"seen": share.seen, "of": share.of, "percent": share.percent}


def _item(item: Item) -> dict[str, Any]:
    return {
        "part": item.part.value,
        "name": item.name,
        "file": item.at.file,
        "line": item.at.line,
        "column": item.at.column,
        "applied": item.applied,
        "points": [
            {
                "outcome": point.outcome,
                "seen": point.seen,
                "possible": point.possible,
                "tools": dict(point.tools),
            }
            for point in item.points
        ],
    }
