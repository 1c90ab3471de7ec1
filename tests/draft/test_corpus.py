"""Drafts of published lists: every tool mapped, every schema kept, nothing to lint but what people must decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.benchmarks import tiers
from tests.benchmarks.imports import CORPUS

from govern.charter.load import load, load_text
from govern.draft import files
from govern.draft.sheet import Head, draft
from govern.lint.run import lint_paths
from govern.policy.model import Tier

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not tiers.SNAPSHOTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]

# What a draft leaves to people, since no list of tools says it: whose account it works with, what is meant where an
# instruction is unclear, how to look again at what was approved, what reading untrusted text costs; arguments that the
# list leaves open, that look secret, and names that are alike.
ALLOWED = {
    "no-identity", "few-scenarios", "no-untrusted-section", "mutable-without-recheck", "open-schema",
    "untyped-argument", "secret-not-marked", "similar-tool-names",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published lists as files."""
    path = tmp_path_factory.mktemp("lists")
    for name, data in tiers.unpacked(tiers.SNAPSHOTS.read_bytes()):
        if name.endswith(".snap"):
            (path / Path(name).name).write_bytes(data)
    (path / tiers.FILESYSTEM.name).write_bytes(tiers.FILESYSTEM.read_bytes())
    return path


@pytest.mark.parametrize("head", [Head(), Head(agent="a", owner="b", server="c"), Head(library="d")], ids=str)
def test_131_tools(folder: Path, tmp_path: Path, head: Head) -> None:
    """All of them are mapped with their schemas; the draft loads, and lint finds only what is allowed."""
    made = draft(files.read([str(folder)]), head)
    assert (131, True) == (len(made.rows), made.whole)
    path = tmp_path / "draft.yaml"
    path.write_text(made.text)
    loaded = load(path)
    assert () == loaded.findings
    assert loaded.charter is not None
    assert {row.name for row in made.rows} == set(loaded.charter.tools)
    assert all(tool.input is not None for tool in loaded.charter.tools.values())
    assert set() == {finding.rule for finding in lint_paths([str(path)]).findings} - ALLOWED


def test_agreement() -> None:
    """With the servers' own hints, and with the corpus's judgement: never looser, seldom stricter."""
    tools = tiers.published()
    assert 131 == len(tools)
    for how, least in ((tiers.by_name, 0.97), (tiers.by_everything, 0.97)):
        answers = tiers.against_hints(tools, how)
        assert [] == [one.tool for one in answers if one.looser]
        assert least <= sum(one.agrees for one in answers) / len(answers)
    for name, least in (("AgentDojo", 0.85), ("tau-bench", 0.8)):
        answers = tiers.against_judgement(name)
        assert [] == [one.tool for one in answers if one.looser]
        assert least <= sum(one.agrees for one in answers) / len(answers)


def test_the_same_list_twice(folder: Path) -> None:
    assert draft(files.read([str(folder)]), Head()).text == draft(files.read([str(folder)]), Head()).text


def test_irreversible_tools_ask(folder: Path) -> None:
    """Each of them asks the gate, and no other does."""
    made = draft(files.read([str(folder)]), Head())
    loaded = load_text(made.text)
    assert loaded.charter is not None
    asking = {name for name, tool in loaded.charter.tools.items() if tool.approval is not None}
    assert {row.name for row in made.of_tier(Tier.IRREVERSIBLE)} == asking


def test_report_lists_disagreements() -> None:
    """The benchmark prints every tool that it disagrees on, and only those."""
    tools = tiers.published()
    answers = [one for how in (tiers.by_name, tiers.by_everything) for one in tiers.against_hints(tools, how)]
    answers += [one for name in tiers.JUDGED for one in tiers.against_judgement(name)]
    listed = [line.split()[1].removesuffix(":") for line in tiers.report() if line.startswith("  ")]
    assert sorted(one.tool for one in answers if not one.agrees) == sorted(listed)
    assert 0 < len(listed)
