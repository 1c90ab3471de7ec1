"""Reads typed values out of a node tree; what does not fit becomes a finding at its place, and None.

Every getter returns None for what it has reported, so that one wrong value never hides the next.
Leaves out which keys mean what (`read` and a module for each section).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from govern.charter import kinds
from govern.charter.kinds import Level
from govern.charter.model import Clause, Word
from govern.charter.scalars import resolve
from govern.charter.source import Source
from govern.charter.yaml_tree import MOST_FINDINGS, Map, Node, Scalar, Seq
from govern.conditions import ConditionError, Problem, parse_condition
from govern.conditions.scope import Scope
from govern.findings import Finding, Location, Severity, closest, did_you_mean

_ERROR = Severity.ERROR
ANY_NAME = kinds.Name("a name")
PLACE = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[(?:0|[1-9][0-9]{0,3})\]|\[\*\])*")
# What names refer to; each is looked up once everything is read.
REFERENCES = ("role", "gate", "tool", "rule", "rule_id", "cause", "source", "scope", "fact_path")


class Fields(Mapping[str, Node]):
    """The entries of a mapping by key, with the place of each key.

    Args:
        guesses: for each key that is not known, the known one that it was probably meant to be, or None.
        broken: some of its keys are leftovers of a condition that lacks its quotes, or were refused.
    """

    def __init__(
        self,
        entries: dict[str, tuple[Scalar, Node]],
        at: Scalar | Node,
        *,
        guesses: frozenset[str | None] = frozenset(),
        broken: bool = False,
    ) -> None:
        self._entries = entries
        self.at = at
        self._guesses = guesses
        self._broken = broken

    @property
    def misspelt(self) -> bool:
        """Whether it has a key that is not known."""
        return self._broken or bool(self._guesses)

    def may_be(self, *names: str) -> bool:
        """Whether one of the keys that seem to be missing may be there, misspelt: that has its own error."""
        return self._broken or any(name not in self._entries and bool({name, None} & self._guesses) for name in names)

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

    def __init__(self, source: Source, *, flawed: bool = False) -> None:
        self.source = source
        self.flawed = flawed  # whether parts of the text were refused already
        self.findings: list[Finding] = []
        self.named: dict[str, list[Word]] = {kind: [] for kind in REFERENCES}
        self.scope = Scope()
        # Facts that are declared and cannot be used; None where nobody knows which facts there are. A condition
        # that names one is not told that it does not exist.
        self.lost_facts: frozenset[str] | None = frozenset()
        self.lost_id = False  # whether a rule, a limit or the like has an id that could not be read

    @property
    def full(self) -> bool:
        """Whether it has as many findings as anybody reads: the file is refused already."""
        return len(self.findings) >= MOST_FINDINGS

    def error(self, rule: str, node: Node, message: str, hint: str = "") -> None:
        if not self.full:
            self.told(rule, self.at(node), message, hint)

    def told(self, rule: str, at: Location, message: str, hint: str = "") -> None:
        """An error at a place that is known already."""
        if not self.full:
            self.findings.append(Finding(rule, _ERROR, message, at, hint))

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

    def unquoted(self, node: Node) -> str:
        """A hint for a number or a truth value between quotes."""
        if not isinstance(node, Scalar) or node.plain or not isinstance(node.value, str):
            return ""
        value = resolve(node.value)
        return f"without quotes: `{node.value}`" if isinstance(value, bool | int | float) else ""

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
        strangers: list[Scalar] = []
        for key, value in node.entries:
            name = str(key.value)
            if name in level.known:
                entries[name] = (key, value)
            else:
                strangers.append(key)
        guesses: set[str | None] = set()
        for key in strangers:
            if not (node.broken or self.full):
                guesses.add(self.unknown(key, level, entries))
        for name in level.required:
            if name not in entries and name not in guesses and not (node.broken or node.lost):
                self.error("missing-key", at or _first(node), f"{level.what} needs `{name}`")
        return Fields(entries, at or node, guesses=frozenset(guesses), broken=node.broken or node.lost)

    def unknown(self, key: Scalar, level: Level, written: Collection[str]) -> str | None:
        """Reports a key that is not one of its level; the one that was probably meant."""
        name = str(key.value)
        near = meant(name, level.known, written)
        message = f"`{name}` is not a key of {level.what}"
        if name in level.elsewhere:
            rule, hint = level.elsewhere[name]
            self.error(rule, key, message, hint)
        else:
            hint = f"did you mean `{near}`?" if near else did_you_mean(name, level.known)
            self.error("unknown-key", key, message, hint)
        return near

    def mapping(self, node: Node, what: str) -> tuple[tuple[Scalar, Node], ...]:
        """The entries of a mapping with keys of the author's choice; it may not be empty."""
        if not isinstance(node, Map):
            self.wrong(node, what, "a mapping")
            return ()
        if not node.entries and not (node.broken or node.lost):
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
        self.wrong(node, what, f"a whole number from {least}", self.unquoted(node))
        return None

    def number(self, node: Node, what: str) -> int | float | None:
        """A number of at least zero with at most six decimal places, as conditions compare them."""
        value = node.value if isinstance(node, Scalar) else None
        exact = isinstance(value, int) or (isinstance(value, float) and round(value * 1_000_000) / 1_000_000 == value)
        if isinstance(value, int | float) and exact and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(node, what, "a number from 0, with at most six decimal places", self.unquoted(node))
        return None

    def boolean(self, node: Node, what: str) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong(node, what, "`true` or `false`", self.unquoted(node))
        return None

    def name(self, node: Node, what: str, kind: str = "", of: kinds.Name = ANY_NAME) -> Word | None:
        """A name of a role, gate or rule.

        Args:
            kind: what it refers to (a key of `named`); it is looked up once all is read, whatever else is wrong.
            of: its characters.
        """
        return self.word(node, what, of.pattern, of.words, kind)

    def id(self, fields: Fields, what: str) -> Word | None:
        """The `id` of a rule, a limit and the like."""
        word = self.name(fields["id"], what, "rule") if "id" in fields else None
        self.lost_id |= word is None
        return word

    def word(self, node: Node, what: str, pattern: re.Pattern[str], words: str, kind: str = "") -> Word | None:
        """Text of given characters."""
        text = self.text(node, what)
        if text is None:
            return None
        if not pattern.fullmatch(text):
            self.error("invalid-name", node, f"{what} is {self.show(node)}", words)
            return None
        word = Word(text, self.at(node))
        if kind:
            self.named[kind].append(word)
        return word

    def names(self, node: Node, what: str, each: str, kind: str = "") -> tuple[Word, ...]:
        return self.distinct(tuple(self.name(item, each, kind) for item in self.items(node, what)), each)

    def words(self, node: Node, what: str, each: kinds.Pattern, kind: str = "") -> tuple[Word, ...]:
        """A list of texts of given characters, each once."""
        found = (self.word(item, each.what, each.pattern, each.words, kind) for item in self.items(node, what))
        return self.distinct(tuple(found), each.what)

    def tools(self, node: Node, what: str, *, mapped: bool) -> tuple[Word, ...]:
        """Names of tools and globs over them.

        Args:
            mapped: exact names must be mapped ones.
        """
        found: list[Word | None] = []
        for item in self.items(node, what):
            text = self.text(item, "a tool's name")
            if text is not None and (len(text) > kinds.TOOL_MAX or not kinds.TOOL_GLOB.fullmatch(text)):
                hint = f"{kinds.TOOL_WORDS}; `*` and `?` stand for any characters and any one"
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
                self.told("duplicate-item", word.at, f"{what} is listed twice: `{word.name}`", "once is enough")
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
        match = kinds.DURATION.fullmatch(text) if isinstance(text, str) else None
        seconds = int(match[1]) * kinds.SECONDS[match[2]] if match else 0
        if match is None or seconds > kinds.MAX_SECONDS:
            self.error("invalid-duration", node, f"{what} is {self.show(node)}", kinds.DURATION_WORDS)
            return None
        return seconds

    def data(self, node: Node) -> Any:
        """Plain data of any shape."""
        match node:
            case Scalar():
                return node.value
            case Seq():
                return [self.data(item) for item in node.items]
            case Map():
                return {str(key.value): self.data(item) for key, item in node.entries}

    def place(
        self, node: Node, what: str, roots: tuple[str, ...], *, facts: bool = False, below: bool = False
    ) -> Word | None:
        """A place as a condition writes it: `args.amount`, `result.items[0].id`.

        Args:
            facts: a fact's field too, as in `order.total`.
            below: one value below a root: not the root itself, and no `[*]`.
        """
        text = self.text(node, what)
        if text is None:
            return None
        root, _, rest = text.replace("[", ".", 1).partition(".") if "." in text or "[" in text else (text, "", "")
        known = root in roots and (bool(rest) or not below)
        if below and "[*]" in text:
            self.error("invalid-path", node, f"{what} is {self.show(node)}", "one value: `[*]` is all of a list")
            return None
        if PLACE.fullmatch(text) and (known or (facts and rest and root not in roots and kinds.FACT.fullmatch(root))):
            word = Word(text, self.at(node))
            if root not in roots:
                self.named["fact_path"].append(word)
            return word
        starts = " or ".join(f"`{each}.…`" for each in roots) + (" or a fact's field" if facts else "")
        self.error("invalid-path", node, f"{what} is {self.show(node)}", f"a place: {starts}")
        return None

    def places(self, node: Node, what: str, roots: tuple[str, ...]) -> tuple[Word, ...]:
        return self.distinct(tuple(self.place(item, "a place", roots) for item in self.items(node, what)), "a place")

    def clause(self, node: Node, key: str, places: frozenset[str] = frozenset()) -> Clause | None:
        """A condition; every problem of it is reported at its place.

        Args:
            places: which of `record` and `result` exist in it.
        """
        if self.full or (isinstance(node, Scalar) and node.refused):
            return None
        if not (isinstance(node, Scalar) and isinstance(node.value, str)):
            if isinstance(node, Scalar):
                self.wrong(node, f"`{key}`", "a condition", "a condition is text, as in `args.amount <= 50`")
            else:
                message = f"YAML does not read the condition of `{key}` as it is written"
                self.error("quote-condition", node, message, "quote this condition: put it between double quotes")
            return None
        if self.text(node, f"the condition of `{key}`") is None:
            return None
        begins = node.start + (0 if node.plain else 1) if node.exact else None
        try:
            scope = replace(self.scope, places=places) if places else self.scope
            return Clause(parse_condition(node.value, scope), self.at(node), self.source, begins)
        except ConditionError as error:
            self.broken_condition(node, begins, error, key)
            return None

    def broken_condition(self, node: Scalar, places: int | None, error: ConditionError, key: str) -> None:
        line, _ = self.source.position(node.end)
        start = self.source.starts[line - 1]
        rest = self.source.text[node.end : start + len(self.source.line(line))]
        if node.plain and rest.lstrip().startswith("#"):
            end = node.end + len(rest.rstrip())
            place = self.source.locate(node.start, end)
            message = f"YAML takes the rest of the condition of `{key}` for a comment"
            self.told("quote-condition", place, message, "quote this condition: put it between double quotes")
            return
        for problem in error.problems:
            if self.is_lost(problem, str(node.value)):
                continue
            place = (
                self.at(node)
                if places is None
                else self.source.locate(places + problem.start, places + max(problem.end, problem.start + 1))
            )
            self.told(problem.code, place, problem.message, problem.hint)

    def is_lost(self, problem: Problem, text: str) -> bool:
        """Whether a condition names a fact whose declaration has its own error."""
        if problem.code != "unknown-name":
            return False
        if self.lost_facts is None:
            return not problem.hint.startswith("did you mean")
        return text[problem.start : problem.end] in self.lost_facts


def meant(word: str, known: Iterable[str], written: Collection[str] = ()) -> str | None:
    """The known key that a misspelt one was probably meant to be: one that is not written yet before one that is."""
    letters = sorted(word.lower())
    for there in (False, True):
        keys = {key.lower(): key for key in known if (key in written) is there}
        near = next((key for key in keys if sorted(key) == letters), None) or closest(word.lower(), keys)
        if near is not None:
            return keys[near]
    return None


def _first(node: Map) -> Node:
    return node.entries[0][0] if node.entries else node
