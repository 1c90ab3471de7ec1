"""Every shipped charter with each of its tools taken out: what is suggested loads, lints without errors and maps it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.shipped import ROOT, shipped

from govern.charter.load import load
from govern.charter.model import Charter, Kind
from govern.compile.lower import lower
from govern.findings import Severity
from govern.lint.config import Configuration
from govern.lint.run import judge
from govern.policy.model import Tier
from govern.suggest import drafting
from govern.suggest.changed import fitting
from govern.suggest.model import Suggestion, Target
from govern.suggest.targets import again_at, described

from .seen import action
from .without import without

CALLS = ({"id": "1", "note": None}, {"id": "2", "n": 3}, {"id": "3", "list": [{"a": 1}]})


def charters() -> list[Path]:
    files = shipped("charters/*/*.yaml", "samples/*/charter.yaml")
    return [path for path in files if (found := load(path).charter) is not None and found.kind is Kind.CHARTER]


def suggested(path: Path, text: str, tool: str) -> tuple[Target, Charter, Suggestion]:
    """The charter of a text in a file's place, and what is suggested to it."""
    again = partial(again_at, str(path), str(path), None)
    charter = again(text).charter
    assert charter is not None
    target = Target(str(path), str(path), text, "", charter, lower(charter), again, described(charter))
    return target, charter, drafting.drafted(target, action(tool, CALLS, agent=charter.agent), None, values=False)


@pytest.mark.parametrize("path", charters(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_tool_taken_out_comes_back(path: Path) -> None:
    """The suggestion for a tool that the charter had is never looser than its name looks, what it makes loads and has
    no lint error, everything else is as it was, and a second round has nothing left to say."""
    whole = load(path).charter
    assert whole is not None
    text = whole.source.text
    tried = 0
    for tool in whole.tools:
        less = without(text, tool, partial(again_at, str(path), str(path), None))
        if less is None:
            continue
        target, charter, each = suggested(path, less, tool)
        if any(f.severity is Severity.ERROR for f in judge(str(path), target.again(less), Configuration()).findings):
            continue  # what was taken out was needed by more than could be taken out with it
        edited, policy, refused = fitting(target, [each.stanza], Configuration())
        assert {} == refused, tool
        tried += 1
        made = target.again(edited.after).charter
        assert made is not None
        assert [*charter.tools, tool] == [*made.tools]
        assert charter.version + 1 == made.version
        assert tool in policy.tools
        if each.guess.tier is Tier.IRREVERSIBLE:
            assert made.tools[tool].approval is not None
            assert made.tools[tool].autonomous is None
        assert [] == [
            finding.message
            for finding in judge(str(path), target.again(edited.after), Configuration()).findings
            if finding.severity is Severity.ERROR
        ]
        changed = [line for line in less.splitlines() if line not in set(edited.after.splitlines())]
        assert [f"version: {charter.version}"] == [line.strip() for line in changed]
    assert tried * 2 >= len(whole.tools), f"{tried} of {len(whole.tools)} tools could be taken out"
