"""How often `govern init` guesses the tier that others published or judged.

Two kinds of answers to compare with. Hints: what servers publish of their own tools (`readOnlyHint` on every tool,
`destructiveHint` on some; one that is not stated is not counted). Judgements: a tier that the corpus gives to every
tool of AgentDojo and tau-bench. A guess that is looser than the answer is listed apart: that is the dangerous side.
The words of `govern.policy.verbs` were chosen with these lists in sight, so this is no measure on unseen names.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from govern.draft.formats import listing
from govern.draft.listing import Listed
from govern.draft.tiers import guess
from govern.policy import verbs
from govern.policy.model import Tier

from .imports import CORPUS

ORDER = (Tier.READ_ONLY, Tier.REVERSIBLE, Tier.IRREVERSIBLE)
SNAPSHOTS = CORPUS / "mcp" / "github_mcp_toolsnaps.tar.zst"
FILESYSTEM = CORPUS / "mcp" / "server-filesystem.tools_list.json"
JUDGED = {"AgentDojo": ("agentdojo_tools.json", "suites"), "tau-bench": ("taubench_tools.json", "domains")}
CLASSES = {"read_only": Tier.READ_ONLY, "state_changing": Tier.REVERSIBLE, "irreversible": Tier.IRREVERSIBLE}


@dataclass(frozen=True, slots=True)
class Answer:
    """A guess beside what others say of the tool; `looser` is the dangerous side."""

    tool: str
    question: str
    guessed: Tier
    why: str
    said: str
    agrees: bool
    looser: bool


def published() -> list[Listed]:
    """The tools of the published lists: GitHub's server, the file system server."""
    return [*snapshots(), *listing(json.loads(FILESYSTEM.read_bytes()), FILESYSTEM.name).tools]


def snapshots() -> list[Listed]:
    """The tools of GitHub's server, from its published snapshots, by file name."""
    found = []
    for name, data in sorted(unpacked(SNAPSHOTS.read_bytes())):
        if name.endswith(".snap"):
            found += listing(json.loads(data), name).tools
    return found


def unpacked(packed: bytes) -> Iterable[tuple[str, bytes]]:
    import zstandard

    with tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().decompressobj().decompress(packed))) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, stream.read()


def by_name(tool: Listed) -> tuple[Tier, str]:
    return verbs.guess(tool.name)


def by_everything(tool: Listed) -> tuple[Tier, str]:
    made = guess(tool)
    return made.tier, made.why


def against_hints(tools: list[Listed], how: Callable[[Listed], tuple[Tier, str]]) -> list[Answer]:
    """Does it read only, of every tool; and of those that change something, is it destructive, where that is said."""
    answers: list[Answer] = []
    for tool in tools:
        tier, why = how(tool)
        reads = tool.hints.read_only is True
        said = "reads only" if reads else "changes something"
        agrees = (tier is Tier.READ_ONLY) == reads
        answers.append(Answer(tool.name, "reads only?", tier, why, said, agrees, not reads and not agrees))
        if not reads and tool.hints.destructive is not None:
            lasting = tool.hints.destructive
            said = "destructive" if lasting else "not destructive"
            agrees = (tier is Tier.IRREVERSIBLE) == lasting
            answers.append(Answer(tool.name, "destructive?", tier, why, said, agrees, lasting and not agrees))
    return answers


def against_judgement(name: str) -> list[Answer]:
    """The corpus's own tier of every tool of a benchmark, by name alone; a name in several suites counts once each."""
    file, key = JUDGED[name]
    document: dict[str, Any] = json.loads((CORPUS / "tools" / file).read_bytes())
    answers = []
    for suite in document[key].values():
        for tool in suite["tools"]:
            tier, why = verbs.guess(tool["name"])
            said = CLASSES[tool["class"]]
            looser = ORDER.index(tier) < ORDER.index(said)
            answers.append(Answer(tool["name"], "tier?", tier, why, said.value, tier is said, looser))
    return answers


def report() -> list[str]:
    """The lines that are printed: for every comparison the agreement, then each disagreement."""
    if not SNAPSHOTS.exists():
        return ["tiers: NOT MEASURED, no corpus (GOVERN_CORPUS)"]
    tools = published()
    lines = [f"{len(tools)} tools of published lists against their servers' own hints"]
    for what, how in (("by name alone", by_name), ("by name, arguments and hints", by_everything)):
        answers = against_hints(tools, how)
        for question in ("reads only?", "destructive?"):
            lines += section(f"{what}: {question}", [one for one in answers if one.question == question])
    for name in JUDGED:
        lines += section(f"{name}, judged tier, by name alone", against_judgement(name))
    return lines


def section(title: str, answers: list[Answer]) -> list[str]:
    agreed = sum(one.agrees for one in answers)
    looser = [one for one in answers if one.looser]
    stricter = [one for one in answers if not one.agrees and not one.looser]
    counts = f"{len(looser)} looser, {len(stricter)} stricter"
    lines = [f"{title}  {agreed}/{len(answers)} = {agreed / len(answers):.1%}; {counts}"]
    for kind, some in (("LOOSER", looser), ("stricter", stricter)):
        lines += [f"  {kind}  {one.tool}: {one.guessed.value} ({one.why}); said: {one.said}" for one in some]
    return lines
