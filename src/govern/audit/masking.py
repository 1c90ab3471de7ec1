"""Takes sensitive and secret values out of events before these are written.

A marked place of a tool (`args.email`, `args.items[*].iban`, `result.customer.phone`, `result`) loses its value to a
mark: `{"$sensitive":"hmac-sha256:…"}` in JSON, `[sensitive hmac-sha256:…]` in texts; what is `secret` becomes
`{"$secret":true}` or `[secret]`, and is kept nowhere. Where something else stands than the place says (a text for an
object, a result that is no JSON, arguments that were refused) the whole of it is taken: too much rather than too
little.

Values are remembered for their trace, and taken out of every text of it from then on: `content`, `error`, `reason`,
`args_error`, and the texts in `args`. Only values that have at least four characters can be found in a text, and only
as they are written or as JSON writes them. What a text said *before* its value was known is not found: a model's
response and the calls that it proposes belong in one batch, or the values are given with the event.

A value that is given with an event (`mask`) is also taken out of `args` where it stands there itself, as a number, an
object or a list. It must stand somewhere in what it is given with, else that is refused: a caller who believes that
something was masked must be right.

No digest of an unmasked value is kept: digests are taken of what is written.

Leaves out commitments and the side table (`sensitive`).
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from govern.audit.drafting import Draft
from govern.audit.sensitive import MARK, SECRET, SECRET_TEXT, Row, row_of
from govern.errors import UsageError
from govern.events.canonical import Malformed, digest, load, parse, text_of
from govern.events.model import EventType, Fidelity

LEAST: Final = 4
"""Characters of a value that is looked for in texts."""
MOST_TRACES: Final = 10_000
"""Traces whose values are remembered: those that were written last."""
_TEXTS: Final = ("content", "error", "reason", "args_error")
_STEP: Final = re.compile(r'\.([A-Za-z_][A-Za-z0-9_]*)|\[(\*)\]|\[([0-9]+)\]|\["((?:[^"\\]|\\.)*)"\]')
_ROOT: Final = re.compile(r"args|result")


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Places of one tool, below `args` or `result`, as a charter writes them.

    Args:
        sensitive: whose values are committed to and kept in the side table.
        secret: whose values are kept nowhere.
    """

    sensitive: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """A place: `args` or `result`, then names, numbers, and None for every item of a list."""

    root: str
    steps: tuple[str | int | None, ...]
    secret: bool


@dataclass(slots=True)
class _Trace:
    """What must not stand in a trace's texts: place and value by text; a value that is secret has none. And in `args`
    as values: by canonical text."""

    found: dict[str, tuple[str, Any] | None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None


Out = Callable[[str, Any], Any]
"""Takes out a value that stood at a place: gives its mark as JSON data."""


class Masker:
    """Masks events of one writer; for many threads.

    Args:
        places: of tools, by tool.
        key: the store's secret; needed where anything is sensitive.

    Raises:
        UsageError: a place cannot be read, or there is no key.
    """

    def __init__(self, places: Mapping[str, Sensitive], key: bytes | None) -> None:
        self._places = {
            tool: (*(_place(each, True) for each in said.secret), *(_place(each, False) for each in said.sensitive))
            for tool, said in places.items()
        }
        if key is None and any(said.sensitive for said in places.values()):
            hint = "give `commit_key`: 32 bytes that the store's writers share, kept outside the store"
            raise UsageError("sensitive values and no secret to commit to them with", hint=hint)
        self._key = key
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def commits(self) -> bool:
        """Whether there is a secret to commit with."""
        return self._key is not None

    def masked(self, drafts: Sequence[Draft], mask: Iterable[Any] = ()) -> list[list[Row]]:
        """Masks drafts in place, those of a batch by the values of all of them.

        Args:
            drafts: with their `event_id`.
            mask: values that are sensitive in the texts of these, wherever they come from.

        Returns:
            The side rows of each.

        Raises:
            UsageError: a value of `mask` cannot be looked for, or stands nowhere in the drafts; or there is no key.
        """
        extra = list(mask)
        if not self._places and not extra:
            return [[] for _ in drafts]
        if extra and self._key is None:
            raise UsageError("`mask` and no secret to commit to its values with", hint="give `commit_key`")
        for value in extra:
            _look_for(value, drafts)
        with self._lock:
            taken = [_Taking(self._key, draft) for draft in drafts]
            for each in taken:
                self._remember(each.trace_id, [("mask", value, False) for value in extra])
                self._remember(each.trace_id, each.marked(self._of(each.tool)))
            for each in taken:
                if (trace := self._traces.get(each.trace_id)) is not None and (trace.found or trace.values):
                    each.texts(trace)
            return [each.done() for each in taken]

    def _of(self, tool: str) -> tuple[_Place, ...]:
        """The places of a tool, however it is spelled: `server/name`, `mcp__server__name`, or `name` alone."""
        if (found := self._places.get(tool)) is not None:
            return found
        server, _, name = (
            tool.removeprefix("mcp__").partition("__") if tool.startswith("mcp__") else tool.rpartition("/")
        )
        known = (self._places.get(f"{server}/{name}"), self._places.get(name))
        return next((each for each in known if each is not None), ())

    def _remember(self, trace_id: str, values: list[tuple[str, Any, bool]]) -> None:
        if not values:
            return
        trace = self._traces.setdefault(trace_id, _Trace())
        self._traces.move_to_end(trace_id)
        while len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)
        for place, value, secret in values:
            if place == "mask" and not isinstance(value, str):
                trace.values[text_of(value)] = value
            for text, where, leaf in _leaves(place, value):
                if len(text) < LEAST or (trace.found.get(text, 0) is None):
                    continue
                for form in {text, text_of(text)[1:-1]}:
                    trace.found[form] = None if secret else (where, leaf)
                trace.pattern = None


class _Taking:
    """One event that values are taken out of."""

    def __init__(self, key: bytes | None, draft: Draft) -> None:
        self._key, self._draft = key, draft
        self._rows: dict[str, Row] = {}
        self.trace_id: str = draft["trace_id"]
        self.tool: str = draft.get("tool", "")

    def marked(self, places: Sequence[_Place]) -> list[tuple[str, Any, bool]]:
        """Takes out the values of marked places; gives place, value, and whether it is secret."""
        found: list[tuple[str, Any, bool]] = []
        draft = self._draft
        for root, column, of_digest in (("args", "args", "args_digest"), ("result", "content", "result_digest")):
            here = [each for each in places if each.root == root]
            if not here:
                continue
            if root == "result" and draft["type"] is not EventType.TOOL_RESULT:
                continue
            if draft.get(column) is None:
                draft.pop(of_digest, None)  # of the value itself, which is guessed from its digest
            if root == "args" and "args_error" in draft:
                self._whole(here, found)
            elif (text := draft.get(column)) is not None:
                self._structured(here, column, text, found)
        return found

    def _structured(self, places: list[_Place], column: str, text: str, found: list[tuple[str, Any, bool]]) -> None:
        try:
            value = parse(text)
        except Malformed:
            value = None
        if not isinstance(value, (dict, list)):
            self._whole(places, found)
            return
        before = len(found)
        for place in places:

            def out(where: str, inner: Any, place: _Place = place) -> Any:
                if inner is None or inner == SECRET:
                    return inner
                found.append((where, inner, place.secret))
                return dict(SECRET) if place.secret else {MARK: self._commit(where, inner)}

            value = _taken(value, place.steps, place.root, out)
        if len(found) > before:
            self._write(column, text_of(value), verbatim=False)

    def _whole(self, places: list[_Place], found: list[tuple[str, Any, bool]]) -> None:
        """Takes out all of `content`: nobody knows where in it the value is."""
        text = self._draft.get("content")
        if not text:
            return
        secret = any(place.secret for place in places)
        found.append(("content", text, secret))
        self._write(
            "content", SECRET_TEXT if secret else f"[sensitive {self._commit('content', text)}]", verbatim=False
        )

    def _write(self, column: str, text: str, *, verbatim: bool) -> None:
        draft = self._draft
        draft[column] = text
        of_digest = {"args": "args_digest", "content": "result_digest"}.get(column)
        if of_digest in draft:
            draft[of_digest] = digest(text)
        if column == "content" and not verbatim and draft.get("fidelity") is Fidelity.VERBATIM:
            draft["fidelity"] = Fidelity.RESERIALISED

    def texts(self, trace: _Trace) -> None:
        """Takes remembered values out of the texts."""
        if trace.values and (args := self._draft.get("args")):
            value = _each_value(load(args), lambda text: self._valued(text, trace))
            if (written := text_of(value)) != args:
                self._write("args", written, verbatim=True)
        if not trace.found:
            return
        if trace.pattern is None:
            # The longest first: of two values that begin alike, the whole one is found.
            trace.pattern = re.compile("|".join(_sought(text) for text in sorted(trace.found, key=len, reverse=True)))

        def mark(match: re.Match[str]) -> str:
            known = trace.found[match[0]]
            return SECRET_TEXT if known is None else f"[sensitive {self._commit(*known)}]"

        for column in _TEXTS:
            if (text := self._draft.get(column)) and (masked := trace.pattern.sub(mark, text)) != text:
                self._write(column, masked, verbatim=True)
        if (args := self._draft.get("args")) and trace.pattern.search(args):
            pattern = trace.pattern
            self._write("args", text_of(_each_text(load(args), lambda text: pattern.sub(mark, text))), verbatim=True)

    def _valued(self, text: str, trace: _Trace) -> Any:
        """The mark of a value with this canonical text; None where it may stand."""
        return {MARK: self._commit("mask", trace.values[text])} if text in trace.values else None

    def _commit(self, place: str, value: Any) -> str:
        if self._key is None:  # a `Masker` without it has no sensitive places
            raise UsageError("a sensitive value and no secret to commit to it with")
        row = row_of(self._key, self.trace_id, self._draft["event_id"], place, value)
        return self._rows.setdefault(row.commitment, row).commitment

    def done(self) -> list[Row]:
        if self._rows:
            self._draft["commitments"] = tuple(self._rows)
        return list(self._rows.values())


def _place(text: str, secret: bool) -> _Place:
    root = _ROOT.match(text)
    steps: list[str | int | None] = []
    at = root.end() if root else 0
    while root and at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            break
        name, every, index, quoted = step.groups()
        steps.append(name or (None if every else int(index) if index else str(load(f'"{quoted}"'))))
        at = step.end()
    if not root or at < len(text):
        hint = "as in `args.email`, `args.items[*].iban`, `result`"
        raise UsageError(f"`{text[:80]}` is no place of a sensitive value", hint=hint)
    return _Place(root[0], tuple(steps), secret)


def _taken(value: Any, steps: Sequence[str | int | None], where: str, out: Out) -> Any:
    """A value with what stands below the steps taken out; all of it where the steps do not fit what is there."""
    if not steps or value is None or value == SECRET:
        return out(where, value)
    step, rest = steps[0], steps[1:]
    match step, value:
        case None, list():
            return [_taken(item, rest, f"{where}[{index}]", out) for index, item in enumerate(value)]
        case str(), dict() if MARK in value and len(value) == 1:
            return value  # taken out whole already
        case str(), dict():
            return {
                name: _taken(item, rest, f"{where}.{name}", out) if name == step else item
                for name, item in value.items()
            }
        case str(), list():
            return [_taken(item, steps, f"{where}[{index}]", out) for index, item in enumerate(value)]
        case int(), list():
            return [
                _taken(item, rest, f"{where}[{index}]", out) if index == step else item
                for index, item in enumerate(value)
            ]
        case _:
            return out(where, value)


def _leaves(place: str, value: Any) -> Iterable[tuple[str, str, Any]]:
    """The texts that stand for a value in other texts, each with its place and the value that it is."""
    match value:
        case None | bool():
            return
        case str():
            yield value, place, value
        case dict():
            for name, item in value.items():
                yield from _leaves(f"{place}.{name}", item)
        case list():
            for index, item in enumerate(value):
                yield from _leaves(f"{place}[{index}]", item)
        case _:
            yield text_of(value), place, value


def _sought(text: str) -> str:
    """A number within a longer one is another number."""
    if re.fullmatch(r"-?[0-9][0-9.eE+-]*", text):
        return rf"(?<![0-9.]){re.escape(text)}(?![0-9])"
    return re.escape(text)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case {"$sensitive": str()} if len(value) == 1:
            return value
        case str():
            return change(value)
        case dict():
            return {name: _each_text(item, change) for name, item in value.items()}
        case list():
            return [_each_text(item, change) for item in value]
        case _:
            return value


def _each_value(value: Any, mark: Callable[[str], Any]) -> Any:
    """A value with marks for what is none of text, boolean and null, and has one; the outermost first."""
    match value:
        case None | bool() | str():
            return value
        case {"$sensitive": str()} if len(value) == 1:
            return value
        case _ if (found := mark(text_of(value))) is not None:
            return found
        case dict():
            return {name: _each_value(item, mark) for name, item in value.items()}
        case list():
            return [_each_value(item, mark) for item in value]
        case _:
            return value


def _look_for(value: Any, drafts: Sequence[Draft]) -> None:
    """Refuses a value of `mask` that would not be masked wherever it stands, or stands nowhere.

    Raises:
        UsageError: it is.
    """
    if value is None or isinstance(value, bool) or value in ({}, []):
        hint = "mark its place in the charter, under `sensitive` of the tool"
        raise UsageError("a value of `mask` is a boolean, null or empty: it stands everywhere", hint=hint)
    try:
        whole = text_of(value)
    except Malformed as error:
        raise UsageError(f"a value of `mask` is no JSON: {error}") from None
    leaves = [text for text, _, _ in _leaves("", value)]
    number = not isinstance(value, (str, dict, list))
    if not number and any(len(text) < LEAST for text in leaves):
        raise UsageError(f"a value of `mask` has less than {LEAST} characters")
    texts: list[str] = []
    valued = False
    for draft in drafts:
        texts += [text for column in _TEXTS if (text := draft.get(column))]
        if args := draft.get("args"):
            inner = load(args)
            texts += _texts_in(inner)
            valued |= not isinstance(value, str) and text_of(_each_value(inner, {whole: {MARK: ""}}.get)) != args
    written = bool(leaves) and all(any(_stands(leaf, text) for text in texts) for leaf in leaves)
    if number and len(whole) < LEAST:
        if written:
            hint = "mark its place in the charter, under `sensitive` of the tool"
            raise UsageError(f"a number of `mask` with less than {LEAST} characters stands in a text", hint=hint)
        written = False
    if not valued and not written:
        hint = "name a value with the event that has it, as it stands there"
        raise UsageError("a value of `mask` stands nowhere in the event", hint=hint)


def _texts_in(value: Any) -> Iterator[str]:
    """The texts in arguments that `_each_text` changes."""
    match value:
        case {"$sensitive": str()} if len(value) == 1:
            return
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts_in(item)
        case list():
            for item in value:
                yield from _texts_in(item)


def _stands(leaf: str, text: str) -> bool:
    return any(re.search(_sought(form), text) for form in (leaf, text_of(leaf)[1:-1]))
