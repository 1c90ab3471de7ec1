"""An entry under `never` that another entry covers."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.policy.glob import is_glob, matches

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    written = [word for never in charter.never for word in never.tools]
    globs = [word for word in written if is_glob(word.name)]
    seen: dict[str, int] = {}
    for word in written:
        if word.name in seen:
            yield Hit(f"`{word.name}` stands here a second time", word.at, f"first on line {seen[word.name]}")
            continue
        seen[word.name] = word.at.line
        wide = next((glob for glob in globs if glob.name != word.name and covers(glob.name, word.name)), None)
        if wide is not None and not (covers(word.name, wide.name) and word.at < wide.at):
            message = f"`{word.name}` adds nothing: `{wide.name}` on line {wide.at.line} means it too"
            yield Hit(message, word.at, "delete it, or narrow the other")


def covers(wide: str, narrow: str) -> bool:
    """Whether every tool that `narrow` means is meant by `wide` too.

    A `*` of the narrower one is tried as nothing, as one character and as more than the other glob can spell,
    with characters that no name has: only a `*` takes them all in.
    """
    names = [narrow] if "/" in narrow else [narrow, f"\x00/{narrow}"]
    fresh = "\x01"
    return all(
        matches(wide, name.replace("?", fresh).replace("*", fresh * times))
        for name in names
        for times in (0, 1, len(wide) + 1)
    )
