"""What `govern explain` shows: a key of the language, a word of it, the list of all, a charter in sentences.

Lines fit the terminal; all text of a charter is made harmless. Leaves out what is said (`charter.notation`,
`charter.words`, `charter.sentences`) and the pages of findings and gaps, which are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from govern.charter import notation, places, vocabulary
from govern.charter.example import excerpt
from govern.charter.kinds import Level
from govern.charter.sentences import Item, Statement
from govern.charter.words import Word
from govern.report.console import safe
from govern.report.layout import wrapped

_FILES = {
    "agent": "charter", "base": "base", "library": "library", "tests": "test suite", "deployment": "deployment file",
}  # fmt: skip
_MARGIN = 13
_MOST_PATHS = 6
_MOST_RELATED = 8
_SPECIAL = re.compile(r"([\\*_\[\]<>#&|~!])")


def key_text(entry: places.Entry, related: Sequence[str], width: int) -> str:
    """A key: what it means, how it is written, what enforces it, an example.

    Args:
        related: ids of pages that are about it.
        width: of the terminal, in cells.
    """
    key, first = entry.key, entry.places[0]
    paths = dict.fromkeys(place.path for place in entry.places)
    lines = [f"# {first.path if len(paths) == 1 else key.name}", "", *_wrap("", key.says, width), ""]
    if len(paths) > 1:
        shown = [f"`{path}`" for path in list(paths)[:_MOST_PATHS]]
        rest = f", and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
        lines += _field("stands at", ", ".join(shown) + rest, width)
    lines += _field("in", ", ".join(dict.fromkeys(f"a {_FILES[place.file]}" for place in entry.places)), width)
    lines += _field("written", notation.written(key.value), width)
    lines += _field("required", notation.required(first.level, key), width)
    lines += _field("enforced by", key.by, width)
    if related:
        more = ", …" if len(related) > _MOST_RELATED else ""
        lines += _field("findings", ", ".join(related[:_MOST_RELATED]) + more, width)
    example = next((text for place in entry.places if (text := excerpt(place))), "")
    lines += ["", "For example:", "", *(f"    {line}" for line in example.splitlines())]
    for level in places.levels_of(key.value):
        lines += ["", f"Keys of {level.what}:", "", *_keys(level, width)]
    return "\n".join(lines)


def level_text(level: Level, width: int) -> str:
    """A level of a file: its keys."""
    return "\n".join([f"# {_bare(level)}", "", f"Keys of {level.what}:", "", *_keys(level, width)])


def word_text(word: Word, width: int) -> str:
    """A word that is no key."""
    lines = [f"# {word.name}", "", *_wrap("", f"*{word.kind.capitalize()}.* {word.says}", width)]
    if word.more:
        lines += ["", *_wrap("", word.more, width)]
    if word.form:
        lines += ["", f"Written `{word.form}`."]
    if word.example:
        lines += ["", "For example:", "", f"    {word.example}"]
    return "\n".join(lines)


def list_text(groups: Mapping[str, Iterable[str]], width: int) -> str:
    """Everything that can be explained, by group."""
    lines = ["What `govern explain` knows. A path of a charter file prints it as sentences.", ""]
    for group, names in groups.items():
        lines += [f"## {group[0].upper()}{group[1:]}", *_wrap("", ", ".join(names), width), ""]
    return "\n".join(lines[:-1])


def related(key: str, pages: Mapping[str, str]) -> list[str]:
    """The pages that are about a key: their prose names it, or it is what "Prefer" changes of "Avoid".

    Args:
        pages: Markdown of every page by id.
    """
    named = re.compile(rf"`{re.escape(key)}(?:`|:| )")
    written = re.compile(rf"\b{re.escape(key)}:([^,}}\]\n]*)")
    found = []
    for id, page in pages.items():
        told = page.split("## When to ignore")[0]
        blocks = re.findall(r"^## (Avoid|Prefer)\n```yaml\n(.*?)^```", told, re.MULTILINE | re.DOTALL)
        avoid, prefer = (
            sorted(written.findall(text)) for text in (dict(blocks).get(n, "") for n in ("Avoid", "Prefer"))
        )
        if named.search(re.sub(r"```.*?```", "", told, flags=re.DOTALL)) or avoid != prefer:
            found.append(id)
    return found


def level_named(name: str) -> Level | None:
    """The level that a word means: `gate`, `a gate`, `step`."""
    asked = name.removeprefix("a ").removeprefix("an ")
    for code, level in vocabulary.LEVELS.items():
        if asked in (_bare(level), code.lower()):
            return level
    return None


def statement_text(statement: Statement, end: Sequence[str], width: int) -> str:
    """A charter in sentences, for a terminal.

    Args:
        end: lines after the last section, as they are.
        width: in cells.
    """
    lines = [*_wrap("# ", statement.title, width)]
    for said in statement.says:
        lines += ["", *_wrap("", said, width)]
    for section in statement.sections:
        lines += ["", *_wrap("#" * section.level + " ", section.title, width)]
        for said in section.says:
            lines += _wrap("", said, width)
        if section.items:
            lines += ["", *(line for item in section.items for line in _item(item, "", width))]
    return "\n".join([*lines, *end])


def statement_markdown(statement: Statement, end: Sequence[str]) -> str:
    """A charter in sentences, as Markdown in which the author's words mean nothing but themselves."""
    lines = [f"# {_escaped(statement.title)}"]
    for said in statement.says:
        lines += ["", _escaped(said)]
    for section in statement.sections:
        lines += ["", f"{'#' * section.level} {_escaped(section.title)}"]
        for said in section.says:
            lines += ["", _escaped(said)]
        if section.items:
            lines += ["", *(line for item in section.items for line in _marked(item, ""))]
    return "\n".join([*lines, *end])


def signature(policy: str | None, digests: Sequence[tuple[str, str]]) -> list[str]:
    """What the signature is bound to, and the place for it.

    Args:
        policy: digest of the compiled policy; None where there is none.
        digests: every file with its digest.
    """
    lines = ["", "## Signature", "What is signed is what these digests name:", ""]
    rows = [*digests, *([("compiled policy", policy)] if policy else [])]
    for name, digest in rows:
        lines += [f"    {safe(name)}", f"        {digest}"]
    return [*lines, "", "    Signed ________________________________________", "",
            "    Role   ________________________________________", "",
            "    Date   ____________________"]  # fmt: skip


def _field(name: str, text: str, width: int) -> list[str]:
    return _wrap(f"{name:<{_MARGIN}}", text, width) if text else []


def _keys(level: Level, width: int) -> list[str]:
    most = max(len(name) for name in level.known) + 4
    lines = []
    for key in level.keys:
        need = notation.required(level, key)
        mark = f" Required{need.removeprefix('yes').partition(';')[0]}." if need.startswith("yes") else ""
        lines += _wrap(f"  {key.name:<{most}}", key.says + mark, width)
    return lines


def _bare(level: Level) -> str:
    return level.what.removeprefix("a ").removeprefix("an ").replace("`", "")


def _wrap(first: str, text: str, width: int) -> list[str]:
    return [line.plain.rstrip() for line in wrapped(Text(first), safe(text), width)]


def _item(item: Item, indent: str, width: int) -> Iterator[str]:
    yield from _wrap(f"{indent}- ", item.text, width)
    for below in item.below:
        yield from _item(below, f"{indent}    ", width)


def _marked(item: Item, indent: str) -> Iterator[str]:
    yield f"{indent}- {_escaped(item.text)}"
    for below in item.below:
        yield from _marked(below, f"{indent}    ")


def _escaped(text: str) -> str:
    """Markdown of a sentence: what stands in backticks as it is, everything else without a special meaning."""
    parts = safe(text).split("`")
    if len(parts) % 2 == 0:  # an odd backtick is no mark
        return _SPECIAL.sub(r"\\\1", safe(text)).replace("`", "\\`")
    return "`".join(part if place % 2 else _SPECIAL.sub(r"\\\1", part) for place, part in enumerate(parts))
