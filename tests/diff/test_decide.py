"""Witnesses on the command line: `govern decide` under both charters shows what the difference says."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import govern
from tests.diff.comparing import loaded
from tests.diff.edits import EDITS, Edit, made

from govern.diff.compare import compare
from govern.events.canonical import text_of

_RNG = random.Random(20261124)
CASES = _RNG.sample([edit for edit in EDITS if edit.tools and edit.way != "unchanged"], 30)


def _decided(folder: Path, tool: str, args: Mapping[str, Any], past: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in past.items() if "(" in key}
    facts = {key: value for key, value in past.items() if "(" not in key and key != "at"}
    more = ["--facts", text_of(facts)] if facts else []
    more += ["--history", text_of(told)] if told else []
    if "at" in past:
        at = datetime.fromtimestamp(past["at"] / 1e9, UTC)
        more += ["--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")]
    ran = govern(
        "decide", "--policy", folder / "desk.yaml", "--tool", tool, "--args", text_of(dict(args)), *more,
        "--format", "json",
    )  # fmt: skip
    assert 0 == ran.exit_code, ran.err
    found: dict[str, Any] = ran.json
    return found


@pytest.mark.parametrize("edit", CASES, ids=lambda edit: edit.name)
def test_decide_shows_the_verdicts_of_a_witness(edit: Edit, tmp_path: Path) -> None:
    """Effect, gates and rules as the witness has them, from the files, the call and what is known of it."""
    texts = made(), made(edit)
    for name, each in zip(("old", "new"), texts, strict=True):
        (tmp_path / name).mkdir()
        for file, text in each.items():
            (tmp_path / name / file).write_text(text, encoding="utf-8")
    difference = compare(*(loaded(each) for each in texts))
    witnesses = [(tool.tool, witness) for tool in difference.tools for witness in tool.witnesses]
    assert witnesses
    for tool, witness in witnesses:
        for name, past, verdict in (("old", witness.given_old, witness.old), ("new", witness.given_new, witness.new)):
            found = _decided(tmp_path / name, tool, witness.args, past)
            assert (verdict.effect.label, list(verdict.gates)) == (found["effect"], found["gates"])
            assert list(verdict.rules) == found["rules"]
