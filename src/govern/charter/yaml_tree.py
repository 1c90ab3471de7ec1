"""YAML text to a tree of nodes with positions, over the C parser's events.

Refuses what makes a file mean two things: duplicate keys, anchors, aliases, merge keys, tags, directives,
several documents, and the scalars of `scalars`. Events rather than `compose`: a file with a syntax error
still gives what stands before it, and depth is capped before anything recurses.

Leaves out what the keys mean, except that the keys of conditions are known: a condition that YAML would
break is told so in its own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from govern.charter.broken import (
    CONDITION_KEYS,
    QUOTE_HINT,
    Problem,
    missing_colon,
    no_colon,
    syntax_finding,
    unbalanced,
    without_condition,
)
from govern.charter.scalars import Refused, Value, resolve
from govern.charter.source import Source
from govern.findings import Finding

MAX_DEPTH = 64
MAX_NODES = 100_000
MOST_FINDINGS = 500
_RETRIES = 100
_MOST_COLONS = 20
_OPENS = re.compile(r"\S+ +[\[{]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar; `plain` if unquoted, `exact` if offsets into the value are offsets into the source."""

    value: Value
    start: int
    end: int
    plain: bool = True
    exact: bool = True
    refused: bool = False  # already reported: nobody needs to complain of it again


@dataclass(frozen=True, slots=True)
class Seq:
    items: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; each key stands once and is text. `end` is the end of the last value.

    Args:
        broken: some of its keys are leftovers of a condition that lacks its quotes.
        lost: a key was refused, and stands here no more: what seems to be missing may have been meant.
    """

    entries: tuple[tuple[Scalar, Node], ...]
    start: int
    end: int
    broken: bool = False
    lost: bool = False


Node = Scalar | Seq | Map


@dataclass(slots=True)
class _Frame:
    """A collection that is being read."""

    is_map: bool
    start: int
    flow: bool
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    key: Scalar | None = None
    skip_value: bool = False  # the key was refused: its value is read and dropped
    broken: bool = False
    lost: bool = False
    drop_value: bool = False  # the value is a part of what was meant, and is not to be read


def parse(source: Source) -> tuple[Node | None, tuple[Finding, ...]]:
    """The tree of a file's only document, and everything refused on the way.

    The tree is None where there is none to speak of: a syntax error, or nothing but comments.
    """
    text = source.text
    masked: list[Finding] = []
    blanks: set[int] = set()
    words: dict[int, str] = {}
    for _ in range(_RETRIES):
        builder = _Builder(source, text, blanks, words)
        problem = builder.run()
        if problem is None:
            return builder.root, (*masked, *builder.findings)
        place = missing_colon(source, text, problem, syntax_error) if len(words) < _MOST_COLONS else None
        if place is not None:
            start, end = place
            words[start] = written = text[start:end]
            text = f"{text[:start]}{'_' * (end - start - 1)}:{text[end:]}"
            masked.append(source.finding("yaml-missing-colon", start, end, *no_colon(written)))
            continue
        blanked = without_condition(source, text, problem, blanks)
        if blanked is None:
            return None, (*masked, *builder.findings, syntax_finding(source, text, problem))
        text, at, finding = blanked
        masked.append(finding)
        blanks.add(at)
    return None, tuple(masked)


def syntax_error(text: str) -> int | None:
    """Where YAML's syntax breaks, None where it does not."""
    try:
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.index if error.problem_mark else 0
    except yaml.YAMLError:
        return 0
    return None


class _Builder:
    """Builds the tree of a text.

    Args:
        text: the source's, with what breaks its syntax replaced in place.
        blanks: where a condition that lacks its quotes was replaced.
        words: where a key that lacks its colon was replaced, and the key.
    """

    def __init__(self, source: Source, text: str, blanks: set[int], words: dict[int, str]) -> None:
        self.source = source
        self.text = text
        self.blanks = blanks
        self.words = words
        self.findings: list[Finding] = []
        self.root: Node | None = None
        self.stack: list[_Frame] = []
        self.nodes = 0

    def refuse(self, rule: str, start: int, end: int, message: str, hint: str = "") -> None:
        self.findings.append(self.source.finding(rule, start, end, message, hint))

    def run(self) -> Problem | None:
        documents = 0
        try:
            for event in yaml.parse(self.text, Loader=yaml.CSafeLoader):
                if event.start_mark is None or event.end_mark is None:
                    continue
                start, end = event.start_mark.index, event.end_mark.index
                match event:
                    case yaml.ScalarEvent():
                        self.scalar(event, start, end)
                    case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                        if not self.open(event, start, end):
                            return None
                    case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                        self.close(end)
                    case yaml.AliasEvent():
                        self.alias(start, end)
                    case yaml.DocumentStartEvent():
                        documents += 1
                        if documents > 1:
                            hint = "one file is one charter"
                            self.refuse("yaml-several-documents", start, end, "a second YAML document", hint)
                            return None
                        if event.version or event.tags:
                            message = "a YAML directive (`%…`)"
                            self.refuse("yaml-directive", start, start + 1, message, "delete the line")
                if len(self.findings) >= MOST_FINDINGS:  # nobody reads more; the file is no charter
                    self.root = None
                    return None
                if self.nodes > MAX_NODES:
                    self.refuse("yaml-too-deep", start, end, f"more than {MAX_NODES:,} values in one file")
                    self.root = None
                    return None
        except yaml.MarkedYAMLError as error:
            return self.problem(error)
        except yaml.YAMLError as error:  # ReaderError: characters; `source` has named them
            self.refuse("yaml-syntax", 0, 1, f"not YAML: {_words(str(error))}")
            self.root = None
        return None

    def problem(self, error: yaml.MarkedYAMLError) -> Problem:
        mark, context = error.problem_mark, error.context_mark
        at = mark.index if mark else len(self.text)
        since = at
        if self.stack and self.stack[-1].key is not None:
            since = self.stack[-1].key.start
        elif self.stack and self.stack[-1].entries:
            since = self.stack[-1].entries[-1][0].start
        elif context:
            since = context.index
        self.root = None
        return Problem(at, since, _words(error.problem or error.context or "cannot be read"))

    def open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, start: int, end: int) -> bool:
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.node_checks(event, start, end)
        if len(self.stack) >= MAX_DEPTH:
            self.refuse("yaml-too-deep", start, end, f"nested deeper than {MAX_DEPTH}")
            self.root = None
            return False
        parent = self.stack[-1] if self.stack else None
        if parent is not None and parent.is_map and parent.key is None:
            self.refuse("yaml-key", start, end, "a key is a name, not a list or a mapping")
        self.stack.append(_Frame(is_map, start, bool(event.flow_style)))
        return True

    def close(self, end: int) -> None:
        frame = self.stack.pop()
        last = frame.entries[-1][1].end if frame.entries else frame.items[-1].end if frame.items else end
        stop = end if frame.flow else last
        if frame.is_map:
            self.put(Map(tuple(frame.entries), frame.start, stop, frame.broken, frame.lost))
        else:
            self.put(Seq(tuple(frame.items), frame.start, stop))

    def put(self, node: Node) -> None:
        self.nodes += 1
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if not frame.is_map:
            frame.items.append(node)
        elif frame.key is None:  # a collection that stood where a key belongs, already reported
            frame.key = Scalar("", node.start, node.end, refused=True)
            frame.skip_value = frame.lost = True
        else:
            if frame.drop_value:
                node = Scalar("", node.start, node.end, refused=True)
            if not frame.skip_value:
                frame.entries.append((frame.key, node))
            frame.key, frame.skip_value, frame.drop_value = None, False, False

    def scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> None:
        plain = not event.style
        frame = self.stack[-1] if self.stack else None
        is_key = frame is not None and frame.is_map and frame.key is None
        if frame is not None and not is_key and self.broken_condition(frame, event, start, end):
            return
        if frame is not None and not is_key and plain and event.value == "" and self.no_colon(frame):
            node = Scalar("", start, end, refused=True)
        elif is_key and start in self.words:
            word = self.words[start]
            node = Scalar(word.strip("\"'"), start, start + len(word), exact=False)
        elif start in self.blanks or self.node_checks(event, start, end):
            node = Scalar(event.value, start, end, False, False, refused=True)
        else:
            node = self.value(event.value, plain, start, end, is_key=is_key)
        if is_key and frame is not None:
            self.key(frame, node)
        else:
            self.put(node)

    def value(self, text: str, plain: bool, start: int, end: int, *, is_key: bool) -> Scalar:
        if not plain:
            raw = self.text[start + 1 : end - 1]
            return Scalar(text, start, end, plain=False, exact=raw == text)
        value = resolve(text)
        if isinstance(value, Refused):
            frame = self.stack[-1] if self.stack else None
            if frame is not None and frame.broken:
                pass  # a leftover of a condition that lacks its quotes, which was reported
            elif is_key and value.rule == "yaml-empty-value":
                self.refuse("yaml-key", start, max(end, start + 1), "a key is missing before `:`")
            else:
                at, stop = (start, end) if end > start else self.before(start)
                self.refuse(value.rule, at, stop, value.message, value.hint)
            return Scalar(text, start, end, refused=True)
        return Scalar(value, start, end, exact=self.text[start:end] == text)

    def before(self, at: int) -> tuple[int, int]:
        """The key whose value is missing: an empty value has no place of its own."""
        frame = self.stack[-1] if self.stack else None
        return (frame.key.start, frame.key.end) if frame and frame.key else (at, at + 1)

    def key(self, frame: _Frame, node: Scalar) -> None:
        if node.plain and not node.refused and isinstance(node.value, str) and _OPENS.match(node.value):
            node = self.without_colon(node.value.split()[0], node)  # `tier {x: 1}`: `tier {x` is read as the key
            frame.drop_value = True
        frame.key = node
        if node.value == "<<" and node.plain:
            self.refuse("yaml-merge-key", node.start, node.end, "a merge key `<<`", "write the keys out")
            frame.skip_value = frame.lost = True
        elif node.refused:
            frame.skip_value = frame.lost = True
        elif not isinstance(node.value, str):
            written = self.text[node.start : node.end]
            hint = f'quote it: "{written}"'
            self.refuse("yaml-key", node.start, node.end, f"the key `{written}` is not text", hint)
            frame.skip_value = frame.lost = True
        elif node.value in frame.seen:
            if not frame.broken:
                line, _ = self.source.position(frame.seen[node.value])
                message = f"the key `{node.value}` stands twice"
                self.refuse("yaml-duplicate-key", node.start, node.end, message, f"first on line {line}")
            frame.skip_value = True
        else:
            frame.seen[node.value] = node.start

    def no_colon(self, frame: _Frame) -> bool:
        """Whether a key of a flow mapping has swallowed its value, as in `{tier read_only}`."""
        key = frame.key
        if frame.broken or not frame.flow or key is None or key.refused or not key.plain:
            return False
        if not isinstance(key.value, str) or " " not in key.value:
            return False
        frame.seen.pop(key.value, None)
        self.key(frame, self.without_colon(key.value.split()[0], key))
        return True

    def without_colon(self, word: str, key: Scalar) -> Scalar:
        end = key.start + len(word)
        self.refuse("yaml-missing-colon", key.start, end, *no_colon(word))
        return Scalar(word, key.start, end, exact=False)

    def broken_condition(self, frame: _Frame, event: yaml.ScalarEvent, start: int, end: int) -> bool:
        """Whether this is the value of a condition key that YAML has cut or taken for something else."""
        key = frame.key.value if frame.is_map and frame.key else None
        if key not in CONDITION_KEYS or event.style:
            return False
        tagged = event.tag is not None
        if not tagged and event.anchor is None and not (frame.flow and unbalanced(event.value)):
            return False
        if frame.flow and not tagged:
            frame.broken = True  # what follows the comma is read as a key of its own
        message = f"YAML does not read the condition of `{key}` as it is written"
        self.refuse("quote-condition", start, end, message, QUOTE_HINT)
        self.put(Scalar(event.value, start, end, refused=True))
        return True

    def alias(self, start: int, end: int) -> None:
        hint = "write it out; quote text that begins with `*`"
        self.refuse("yaml-alias", start, end, f"an alias `{self.text[start:end]}`", hint)
        frame = self.stack[-1] if self.stack else None
        node = Scalar("", start, end, refused=True)
        if frame is not None and frame.is_map and frame.key is None:
            frame.key, frame.skip_value, frame.lost = node, True, True
        else:
            self.put(node)

    def node_checks(self, event: yaml.NodeEvent, start: int, end: int) -> bool:
        """Reports anchors and tags; true if there was one."""
        tag = getattr(event, "tag", None)
        if event.anchor is not None:
            message = f"an anchor `&{event.anchor}`"
            self.refuse("yaml-anchor", start, end, message, "write the value out where it is needed")
        if tag is not None:
            hint = "delete it; quote text that begins with `!`"
            self.refuse("yaml-tag", start, end, f"a tag `{self.text[start:end].split(maxsplit=1)[0]}`", hint)
        return event.anchor is not None or tag is not None


def _words(text: str) -> str:
    return " ".join(text.split())
