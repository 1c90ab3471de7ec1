"""Hover: what stands under the pointer means, and who enforces it. The words are those of `govern explain`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from govern.charter.files import Files
from govern.charter.source import MAX_BYTES
from govern.editor.parsed import parsed, seen, whole
from govern.editor.suggest import told
from govern.editor.suppressions import summary
from govern.editor.targets import Target, target
from govern.editor.words import code, fenced, key_example, key_lines, word_lines
from govern.findings import Finding


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about a span of a text."""

    says: str
    start: int
    end: int


def hover(
    text: str,
    offset: int,
    file: str,
    files: Files,
    found: tuple[tuple[int, int, Finding], ...] = (),
    root: str = "",
) -> Hover | None:
    """What is known about the place of an offset; None where nothing is.

    Args:
        found: the findings of this text with their spans.
        root: the folder that paths are seen from; empty shows them whole.
    """
    if len(text) > MAX_BYTES:
        return None
    here = target(whole(parsed(text, file), files), offset)
    parts = list(_parts(here, root)) if here is not None else []
    under = [each for each in found if each[0] <= offset <= each[1]]
    for _, _, finding in under:
        parts.append(_finding(finding))
    if not parts:
        return None
    start, end = (here.start, here.end) if here is not None else under[0][:2]
    return Hover("\n\n---\n\n".join(parts), start, end)


def _parts(here: Target, root: str) -> Iterator[str]:
    if here.key is not None:
        level, key = here.key
        example = key_example(level, key)
        shown = f"\n\n{fenced(example)}" if example else ""
        yield f"**{key.name}** of {level.what}\n\n" + "\n\n".join(key_lines(level, key)) + shown
    for word in here.words:
        yield f"**{word.name}**\n\n" + "\n\n".join(word_lines(word))
    for one in here.named[:4]:
        yield f"**{code(one.name)}** in `{code(seen(one.of.file, root))}`\n\n{told(one)}"
    if len(here.named) > 4:
        yield f"and {len(here.named) - 4} more"
    if here.what is not None:
        said = f"\n\n{code(here.what.says)}" if here.what.says else ""
        values = ", ".join(f"`{code(value)}`" for value in here.what.values)
        yield f"**{code(here.what.name)}**: {here.what.detail}" + (f", one of {values}" if values else "") + said
    if here.rule:
        told_of = summary(here.rule)
        yield f"**{here.rule}**\n\n{told_of}" if told_of else f"`{here.rule}` is no rule"
    if here.file is not None:
        kind = {"base": "a base", "library": "a library"}.get(here.file.kind, "a file")
        yield f"{kind}, `{code(here.file.name)}`, in `{code(seen(here.file.file, root))}`"


def _finding(finding: Finding) -> str:
    about = summary(finding.rule)
    return f"**{finding.rule}** {about}".rstrip() + f"\n\n`govern explain {finding.rule}`"
