"""Reads typed values out of a node tree; what does not fit becomes a finding at its place, and None.

Every getter returns None for what it has reported, so that one wrong value never hides the next.
Leaves out which keys mean what (`sections`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from govern.charter import vocabulary
from govern.charter.model import Clause, Word
from govern.charter.source import Source
from govern.charter.vocabulary import Level
from govern.charter.yaml_tree import MOST_FINDINGS, Map, Node, Scalar, Seq
from govern.conditions import ConditionError, parse_condition
from govern.findings import Finding, Location, Severity, closest, did_you_mean

_ERROR = Severity.ERROR


class Fields(Mapping[str, Node]):
    """The entries of a mapping by key, with the place of each key."""

    def __init__(self, entries: dict[str, tuple[Scalar, Node]], at: Scalar | Node) -> None:
        self._entries = entries
        self.at = at

    def __getitem__(self, key: str) -> Node:
        return self._entries[key][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def key(self, name: str) -> Scalar:
        return self._entries[name][0]


class Reader:
    """Collects findings while reading one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.named: dict[str, list[Word]] = {"role": [], "gate": [], "tool": [], "rule": []}

    def error(self, rule: str, node: Node, message: str, hint: str = "") -> None:
        if len(self.findings) >= MOST_FINDINGS:  # nobody reads more, and the charter is refused already
            return
        self.findings.append(Finding(rule, _ERROR, message, self.at(node), hint))

    def at(self, node: Node) -> Location:
        """The place of a node; of a collection, its first line only."""
        if isinstance(node, Scalar):
            return self.source.locate(node.start, max(node.end, node.start + 1))
        line, _ = self.source.position(node.start)
        stop = self.source.starts[line - 1] + len(self.source.line(line))
        return self.source.locate(node.start, max(min(node.end, stop), node.start + 1))

    def show(self, node: Node) -> str:
        """A node as a message names it."""
        match node:
            case Seq():
                return "a list"
            case Map():
                return "a mapping"
            case Scalar(value=str(text), plain=False) if text == "":
                return "empty text"
            case _:
                written = " ".join(self.source.text[node.start : node.end].split())
                return f"`{written[:40]}{'…' if len(written) > 40 else ''}`"

    def wrong(self, node: Node, what: str, expected: str, hint: str = "") -> None:
        """Reports a value of the wrong type, unless the node was reported already."""
        if not (isinstance(node, Scalar) and node.refused):
            self.error("wrong-value", node, f"{what} is {expected}, got {self.show(node)}", hint)

    # Collections

    def fields(self, node: Node, level: Level, at: Scalar | None = None) -> Fields | None:
        """A mapping whose keys are all of one level; unknown and missing keys are reported.

        Args:
            at: the key that the mapping belongs to, where a missing key is reported.
        """
        if not isinstance(node, Map):
            keys = ", ".join(f"`{key}`" for key in level.required or level.known)
            self.wrong(node, level.what, f"a mapping with {keys}")
            return None
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in node.entries:
            name = str(key.value)
            if name in level.known:
                entries[name] = (key, value)
            elif not node.broken:
                self.unknown(key, name, level)
        misspelt = {closest(str(key.value), level.known) for key, _ in node.entries if key.value not in level.known}
        for name in level.required:
            if name not in entries and name not in misspelt and not node.broken:
                self.error("missing-key", at or _first(node), f"{level.what} needs `{name}`")
        return Fields(entries, at or node)

    def unknown(self, key: Scalar, name: str, level: Level) -> None:
        if len(self.findings) >= MOST_FINDINGS:
            return
        message = f"`{name}` is not a key of {level.what}"
        if name in level.planned:
            hint = "planned, not built yet: this version refuses what it cannot enforce"
            self.error("unknown-key", key, message, hint)
        else:
            self.error("unknown-key", key, message, did_you_mean(name, level.known))

    def mapping(self, node: Node, what: str) -> tuple[tuple[Scalar, Node], ...]:
        """The entries of a mapping with keys of the author's choice; it may not be empty."""
        if not isinstance(node, Map):
            self.wrong(node, what, "a mapping")
            return ()
        if not node.entries and not node.broken:
            self.error("empty-collection", node, f"{what} is empty", "leave the key out, or fill it")
        return node.entries

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """The items of a list; it may not be empty."""
        if not isinstance(node, Seq):
            self.wrong(node, what, "a list", "write `[…]` around it" if isinstance(node, Scalar) else "")
            return ()
        if not node.items:
            self.error("empty-collection", node, f"{what} is empty", "leave the key out, or fill it")
        return node.items

    # Scalars

    def text(self, node: Node, what: str) -> str | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and not node.refused:
            if node.value.strip():
                return node.value
            self.error("yaml-empty-value", node, f"{what} is empty", "say it in a few words")
            return None
        hint = "quote it" if isinstance(node, Scalar) else ""
        self.wrong(node, what, "text", hint)
        return None

    def integer(self, node: Node, what: str, least: int) -> int | None:
        if isinstance(node, Scalar) and type(node.value) is int and node.value >= least:
            return node.value
        self.wrong(node, what, f"a whole number from {least}")
        return None

    def boolean(self, node: Node, what: str) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong(node, what, "`true` or `false`")
        return None

    def name(self, node: Node, what: str, kind: str = "") -> Word | None:
        """A name of a role, gate or rule.

        Args:
            kind: what it refers to (a key of `named`); it is looked up once all is read, whatever else is wrong.
        """
        text = self.text(node, what)
        if text is None:
            return None
        if not vocabulary.NAME.fullmatch(text):
            self.error("invalid-name", node, f"{what} is {self.show(node)}", vocabulary.NAME_WORDS)
            return None
        word = Word(text, self.at(node))
        if kind:
            self.named[kind].append(word)
        return word

    def names(self, node: Node, what: str, each: str, kind: str = "") -> tuple[Word, ...]:
        return self.distinct(tuple(self.name(item, each, kind) for item in self.items(node, what)), each)

    def tools(self, node: Node, what: str, *, mapped: bool) -> tuple[Word, ...]:
        """Names of tools and globs over them.

        Args:
            mapped: exact names must be mapped ones.
        """
        found: list[Word | None] = []
        for item in self.items(node, what):
            text = self.text(item, "a tool's name")
            if text is not None and (len(text) > vocabulary.TOOL_MAX or not vocabulary.TOOL_GLOB.fullmatch(text)):
                hint = f"{vocabulary.TOOL_WORDS}; `*` and `?` stand for any characters and any one"
                self.error("invalid-name", item, f"{self.show(item)} is no tool's name and no glob", hint)
                text = None
            word = Word(text, self.at(item)) if text is not None else None
            if mapped and word is not None:
                self.named["tool"].append(word)
            found.append(word)
        return self.distinct(tuple(found), "a tool")

    def distinct(self, words: tuple[Word | None, ...], what: str) -> tuple[Word, ...]:
        seen: dict[str, Word] = {}
        for word in words:
            if word is None:
                continue
            if word.name in seen:
                message = f"{what} is listed twice: `{word.name}`"
                self.findings.append(Finding("duplicate-item", _ERROR, message, word.at, "once is enough"))
            seen.setdefault(word.name, word)
        return tuple(seen.values())

    def choice(self, node: Node, what: str, known: tuple[str, ...], rule: str) -> str | None:
        """One of a closed set of words."""
        if isinstance(node, Scalar) and node.refused:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in known:
            return node.value
        word = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        self.error(rule, node, f"{self.show(node)} is not {what}", did_you_mean(word, known))
        return None

    def duration(self, node: Node, what: str) -> int | None:
        """A duration in seconds."""
        if isinstance(node, Scalar) and node.refused:
            return None
        text = node.value if isinstance(node, Scalar) else None
        match = vocabulary.DURATION.fullmatch(text) if isinstance(text, str) else None
        seconds = int(match[1]) * vocabulary.SECONDS[match[2]] if match else 0
        if match is None or seconds > vocabulary.MAX_SECONDS:
            hint = "a number and `s`, `m`, `h` or `d`, as in `30s`, `15m`, `4h`, `2d`; at most 366 days"
            self.error("invalid-duration", node, f"{what} is {self.show(node)}", hint)
            return None
        return seconds

    def clause(self, node: Node, key: str) -> Clause | None:
        """A condition; every problem of it is reported at its place."""
        if isinstance(node, Scalar) and node.refused:
            return None
        if not (isinstance(node, Scalar) and isinstance(node.value, str)):
            if isinstance(node, Scalar):
                self.wrong(node, f"`{key}`", "a condition", "a condition is text, as in `args.amount <= 50`")
            else:
                message = f"YAML does not read the condition of `{key}` as it is written"
                self.error("quote-condition", node, message, "quote this condition: put it between double quotes")
            return None
        places = node.start + (0 if node.plain else 1) if node.exact else None
        try:
            return Clause(parse_condition(node.value), self.at(node), self.source, places)
        except ConditionError as error:
            self.broken_condition(node, places, error, key)
            return None

    def broken_condition(self, node: Scalar, places: int | None, error: ConditionError, key: str) -> None:
        line, _ = self.source.position(node.end)
        start = self.source.starts[line - 1]
        rest = self.source.text[node.end : start + len(self.source.line(line))]
        if node.plain and rest.lstrip().startswith("#"):
            end = node.end + len(rest.rstrip())
            place = self.source.locate(node.start, end)
            message = f"YAML takes the rest of the condition of `{key}` for a comment"
            hint = "quote this condition: put it between double quotes"
            self.findings.append(Finding("quote-condition", _ERROR, message, place, hint))
            return
        for problem in error.problems:
            place = (
                self.at(node)
                if places is None
                else self.source.locate(places + problem.start, places + max(problem.end, problem.start + 1))
            )
            self.findings.append(Finding(problem.code, _ERROR, problem.message, place, problem.hint))


def _first(node: Map) -> Node:
    return node.entries[0][0] if node.entries else node
