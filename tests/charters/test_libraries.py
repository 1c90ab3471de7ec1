"""Libraries against the published lists: every tool once, the list's own schema, each disagreement with a hint told."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from tests.benchmarks import tiers
from tests.benchmarks.imports import CORPUS

from govern.policy.model import Tier

from .shipped import (
    CHARTERS,
    IN_CORPUS,
    LIBRARIES,
    Published,
    advice,
    canonical,
    in_corpus,
    library,
    recorded,
    schema_digest,
    serious,
)

PAGE = (CHARTERS / "library" / "README.md").read_text("utf-8")
corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not tiers.SNAPSHOTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]
EVERY = [pytest.param(name, marks=corpus if name in IN_CORPUS else []) for name in LIBRARIES]


def published(name: str, folder: Path) -> dict[str, Published]:
    return in_corpus(name, folder) if name in IN_CORPUS else recorded(name)


def disagreement(tool: Published, tier: Tier) -> str:
    """What the hints say against a tier, in the words of the page; empty where they agree or say nothing."""
    if tool.read_only and tool.destructive:
        return "destructive, and only reads"
    if tool.read_only:
        return "" if tier is Tier.READ_ONLY else "only reads"
    if tool.destructive:
        return "" if tier is Tier.IRREVERSIBLE else "destructive"
    if tool.read_only is False and tier is Tier.READ_ONLY:
        return "changes something"
    return "not destructive" if tool.destructive is False and tier is Tier.IRREVERSIBLE else ""


def told(name: str) -> dict[str, tuple[str, str]]:
    """The page's rows on a library: tool to what the hint says and the tier."""
    found: dict[str, tuple[str, str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0] == name:
            for tool in re.findall(r"`([^`]+)`", cells[1]):
                assert tool not in found, f"{tool} stands twice"
                assert cells[4], f"{tool} has no reason"
                found[tool] = (cells[2], cells[3])
    return found


def test_every_file_of_the_folder_is_tested() -> None:
    """No library is shipped that these tests do not know."""
    assert sorted(LIBRARIES) == sorted(path.stem for path in (CHARTERS / "library").glob("*.yaml"))


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_loads_and_lints_clean(name: str) -> None:
    """No error, no warning, canonical form; its server is named, and where it was described."""
    assert [] == serious(advice(f"library/{name}.yaml"))
    assert canonical(f"library/{name}.yaml")
    assert library(name).server
    assert re.search(rf'^source: ".*: {len(library(name).tools)} tools', library(name).source.text, re.MULTILINE)


@pytest.mark.parametrize("name", EVERY)
def test_every_tool_with_the_published_schema(name: str, tmp_path: Path) -> None:
    """The tools are the list's, no more and no fewer, and each schema is what `init` makes of the published one."""
    described = {
        tool.name: schema_digest(tool.input.schema) for tool in library(name).tools.values() if tool.input is not None
    }
    expected = {tool: said.schema for tool, said in published(name, tmp_path).items()}
    assert expected == described


@pytest.mark.parametrize("name", EVERY)
def test_nothing_called_destructive_only_reads(name: str, tmp_path: Path) -> None:
    """A tool that its server calls destructive, and not read-only, is at least reversible."""
    tools = library(name).tools
    destructive = [tool for tool, said in published(name, tmp_path).items() if said.destructive and not said.read_only]
    assert [] == [tool for tool in destructive if tools[tool].tier is Tier.READ_ONLY]


@pytest.mark.parametrize("name", EVERY)
def test_the_page_tells_every_disagreement_with_the_hints(name: str, tmp_path: Path) -> None:
    """The page's list is complete, and says nothing that is not so."""
    tools = library(name).tools
    found = {
        tool: (disagreement(said, tools[tool].tier), tools[tool].tier.value)
        for tool, said in published(name, tmp_path).items()
    }
    assert {tool: said for tool, said in found.items() if said[0]} == told(name)


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_page_counts_the_tools(name: str) -> None:
    """The table's numbers are the library's."""
    tiers_of = Counter(tool.tier for tool in library(name).tools.values())
    counts = " | ".join(str(tiers_of[tier]) for tier in Tier)
    row = f"| [{name}]({name}.yaml) | `{library(name).server}` | {len(library(name).tools)} | {counts} |"
    assert row in PAGE


def test_every_rule_raises_the_tier() -> None:
    """Each rule of a library names a tier above the tool's own."""
    order = list(Tier)
    rules = [(tool, rule) for name in LIBRARIES for tool in library(name).tools.values() for rule in tool.rules]
    assert len(rules) > 30
    for tool, rule in rules:
        assert order.index(rule.effect.tier) > order.index(tool.tier), rule.id  # type: ignore[union-attr]
