"""Suppressions in comments, as a part of what a charter asks for: a finding kept quiet is seen by nobody.

Known again by rule and by what they are written at. Leaves out whether they are needed (`lint.suppress`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from govern.charter.comments import trivia
from govern.charter.model import Charter
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.diff.directions import SUPPRESSION
from govern.diff.model import Side
from govern.diff.section import Found
from govern.findings import Location
from govern.lint import suppress

_IDS = ("id", "event", "instruction", "tools")


def suppressions(found: Found) -> None:
    """Those of every file, that came and that went."""
    old, new = (dict(_every(written.charter, dict(written.sources()))) for written in found.written)
    counts = Counter(key[:3] for key in old), Counter(key[:3] for key in new)
    for key in dict.fromkeys((*(key[:3] for key in new), *(key[:3] for key in old))):
        before, after = counts[0][key], counts[1][key]
        if before == after:
            continue
        file, rule, path = key
        order = SUPPRESSION.order(range(after), range(before))  # one more is one finding less
        gone, come = (next((side for name, side in each.items() if name[:3] == key), None) for each in (old, new))
        where = f"{file}:" if file else ""
        found.add(
            f"{where}{path or 'file'}.ignore[{rule}]", "", "", order.because(SUPPRESSION.why),
            gone if before else None, come if after else None,
        )  # fmt: skip


def _every(charter: Charter, sources: dict[str, Source]) -> Iterator[tuple[tuple[str, str, str, int], Side]]:
    for path, source in sources.items():
        lines = _lines(source) if "govern" in source.text and "#" in source.text else {}
        if not lines:
            continue
        for index, (rule, line, text, at) in enumerate(_directives(source)):
            yield (path, rule, lines.get(line, ""), index), Side(text, at)


class _Every(frozenset[str]):
    """Every id: which of them are rules is lint's to say."""

    def __contains__(self, _: object) -> bool:
        return True


def _directives(source: Source) -> Iterator[tuple[str, int, str, Location]]:
    for each in suppress.directives_of(source, trivia(source).comments, _Every())[0]:
        yield each.rule, each.line, each.text, source.locate(each.begins, each.begins + len(each.text))


def _lines(source: Source) -> dict[int, str]:
    """What stands first on each line, as a path."""
    found: dict[int, str] = {}
    tree = parse(source)[0]
    if tree is not None:
        for start, path in _starts(tree, ()):
            found.setdefault(source.position(start)[0], ".".join(path))
    return found


def _starts(node: Node, path: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    match node:
        case Map():
            for name, value in node.entries:
                yield name.start, (*path, str(name.value))
                yield from _starts(value, (*path, str(name.value)))
        case Seq():
            for index, item in enumerate(node.items, start=1):
                step = _named(item) or str(index)
                yield item.start, (*path, step)
                yield from _starts(item, (*path, step))
        case Scalar():
            pass


def _named(item: Node) -> str:
    """An item of a list by its own name: rules keep theirs wherever they stand."""
    for name, value in item.entries if isinstance(item, Map) else ():
        if name.value in _IDS and isinstance(value, Scalar):
            return str(value.value)
    return str(item.value) if isinstance(item, Scalar) else ""
