"""Formats the text of one file; what comes out is checked before anybody writes it.

A text with anything that YAML or this language refuses is not formatted: nobody knows what it was meant to be.
"""

from __future__ import annotations

from dataclasses import dataclass

from govern.charter.broken import QUOTE_HINT
from govern.charter.comments import Comment, comments
from govern.charter.fmt.attach import Part, attach
from govern.charter.fmt.order import arrange
from govern.charter.fmt.write import write
from govern.charter.model import LANGUAGE_VERSION
from govern.charter.source import MAX_BYTES, Source, decode
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.conditions import ConditionError, parse_condition
from govern.findings import Finding, Location, Severity


@dataclass(frozen=True, slots=True)
class Formatted:
    """What formatting gave.

    Args:
        before: the text as it was, without a byte order mark; None if it could not be read.
        after: the canonical text, None if it is left as it is.
        findings: why.
    """

    before: str | None
    after: str | None
    findings: tuple[Finding, ...] = ()


def format_bytes(data: bytes, file: str) -> Formatted:
    """The canonical text of a file.

    Args:
        data: UTF-8; a byte order mark is dropped, line breaks become line feeds.
        file: the name that findings show.

    Raises:
        RuntimeError: our bug: the canonical text would not mean the same.
    """
    source, findings = decode(data[: MAX_BYTES + 1], file)
    if source is None:
        return Formatted(None, None, findings)
    before = source.text
    if findings:
        return Formatted(before, None, findings)
    source = Source.of(before.replace("\r\n", "\n"), file)
    node, findings = parse(source)
    if findings:
        return Formatted(before, None, findings)
    if (finding := _no_charter(source, node)) is not None or not isinstance(node, Map):
        return Formatted(before, None, (finding,) if finding else ())
    written = comments(source)
    head, whole = attach(source, node, written)
    arrange(whole)
    if findings := tuple(_unquoted(source, whole)):
        return Formatted(before, None, findings)
    after = write(source.text, head, whole)
    if after != source.text:
        _check(node, written, Source.of(after, file))
    return Formatted(before, after)


def _no_charter(source: Source, node: Node | None) -> Finding | None:
    """Why a YAML file is none of this language, None if it is one."""
    if node is None:
        return Finding("file-empty", Severity.ERROR, "the file has comments only", Location(source.file))
    hint = f"a file of this language begins with `govern: {LANGUAGE_VERSION}`"
    if not isinstance(node, Map):
        return source.finding("wrong-value", node.start, node.start + 1, "a charter is a mapping", hint)
    for key, value in node.entries:
        if key.value == "govern":
            if isinstance(value, Scalar) and type(value.value) is int and value.value == LANGUAGE_VERSION:
                return None
            message = "the version of the language is not known here"
            return source.finding("unsupported-language", value.start, value.end, message, hint)
    return source.finding("missing-key", node.start, node.start + 1, "a charter needs `govern`", hint)


def _unquoted(source: Source, part: Part) -> list[Finding]:
    """Conditions that YAML reads as something else: quotes around what is left of them would hide it."""
    found: list[Finding] = []
    node = part.node
    if part.condition and part.key is not None:
        if not isinstance(node, Scalar):
            message = f"YAML does not read the condition of `{part.key.value}` as it is written"
            found.append(source.finding("quote-condition", node.start, node.start + 1, message, QUOTE_HINT))
        elif node.plain and isinstance(node.value, str) and part.beside:
            try:
                parse_condition(node.value)
            except ConditionError:
                message = f"YAML takes the rest of the condition of `{part.key.value}` for a comment"
                found.append(source.finding("quote-condition", node.start, node.end, message, QUOTE_HINT))
    for below in part.parts:
        found.extend(_unquoted(source, below))
    return found


def _check(node: Map, written: tuple[Comment, ...], after: Source) -> None:
    """Raises RuntimeError unless a text has the same values and the same comments as the one it came from."""
    again, findings = parse(after)
    if findings or again is None or not _same(node, again):
        raise RuntimeError(f"the canonical form of `{after.file}` would not mean the same; nothing is written")
    texts = [sorted(comment.text.rstrip() for comment in each) for each in (written, comments(after))]
    if texts[0] != texts[1]:
        raise RuntimeError(f"the canonical form of `{after.file}` would lose a comment; nothing is written")


def _same(one: Node, other: Node) -> bool:
    """Whether two trees have the same values; the order of keys is free."""
    match one, other:
        case Scalar(), Scalar():
            return type(one.value) is type(other.value) and one.value == other.value
        case Seq(), Seq():
            return len(one.items) == len(other.items) and all(map(_same, one.items, other.items))
        case Map(), Map():
            values = {key.value: value for key, value in other.entries}
            return len(one.entries) == len(values) and all(
                key.value in values and _same(value, values[key.value]) for key, value in one.entries
            )
        case _:
            return False
