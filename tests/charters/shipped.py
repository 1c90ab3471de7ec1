"""What is shipped, and what the published lists say: hints and schemas of every tool.

`published.json` holds, for the lists that are not in the corpus, each tool's `readOnlyHint`, `destructiveHint` and
the digest of its input schema as `govern init` keeps it: no words of the lists.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks import tiers
from tests.benchmarks.imports import ROOT

from govern.charter.fmt.files import format_file
from govern.charter.load import load
from govern.charter.model import Charter
from govern.draft import files
from govern.draft.sheet import Head, draft
from govern.events.canonical import digest, text_of
from govern.findings import Finding, Severity
from govern.lint.run import lint_paths

CHARTERS = ROOT / "charters"
LIBRARIES = ("github", "filesystem", "playwright", "mail-calendar", "sql", "payments", "slack")
ENVIRONMENTS = ("organisation", "dev", "staging", "production")
EXAMPLES = ("code-review/reviewer.yaml", "desk/assistant.yaml")
IN_CORPUS = ("github", "filesystem")


@dataclass(frozen=True, slots=True)
class Published:
    """One tool of a published list; a hint is None where the list does not give it."""

    read_only: bool | None
    destructive: bool | None
    schema: str


@cache
def shipped(path: str) -> Charter:
    """A file below `charters`, loaded without a finding."""
    loaded = load(CHARTERS / path)
    assert () == loaded.findings
    assert loaded.charter is not None
    return loaded.charter


def library(name: str) -> Charter:
    return shipped(f"library/{name}.yaml")


def schema_digest(schema: dict[str, Any]) -> str:
    return digest(text_of(schema))


def recorded(name: str) -> dict[str, Published]:
    """A list that is not in the corpus, as recorded."""
    document = json.loads((Path(__file__).parent / "published.json").read_text("utf-8"))
    return {tool: Published(*said) for tool, said in document[name].items()}


def in_corpus(name: str, folder: Path) -> dict[str, Published]:
    """A list of the corpus, its schemas as `init` keeps them.

    Args:
        folder: where an archive's files are put.
    """
    if name == "filesystem":
        source = tiers.FILESYSTEM
    else:
        source = folder
        for member, data in tiers.unpacked(tiers.SNAPSHOTS.read_bytes()):
            if member.endswith(".snap"):
                (folder / Path(member).name).write_bytes(data)
    made = draft(files.read([str(source)]), Head(library=name))
    assert made.whole
    return {
        row.name: Published(row.tool.hints.read_only, row.tool.hints.destructive, schema_digest(row.kept.schema))
        for row in made.rows
        if row.kept is not None
    }


def canonical(path: str) -> bool:
    """Whether formatting a file changes nothing."""
    file = format_file(str(CHARTERS / path))
    return file.canonical is not None and not file.changes


def advice(path: str) -> list[Finding]:
    """What lint says of a file itself; what it says of the files it is composed with is theirs."""
    file = str(CHARTERS / path)
    return [finding for finding in lint_paths([file]).findings if finding.location.file == file]


def serious(findings: list[Finding]) -> list[str]:
    """What is more than a note."""
    return [f"{each.location}: {each.rule}: {each.message}" for each in findings if each.severity is not Severity.NOTE]
