"""Values worth trying for the inputs of a decision: from the conditions, the facts' types and the input schema.

Every value is only a proposal: `policy.trials` has the engine decide on each. So this may be simple: of a pattern
there is one text that matches, of an item of a list the values that each comparison asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from govern.conditions import Inputs
from govern.conditions.inputs import ORIGINS, Path, path_of
from govern.conditions.python import ABSENT, WRONG, place, time_of
from govern.conditions.scope import is_of
from govern.conditions.spans import widened
from govern.conditions.steps import Step, Value, moment
from govern.conditions.times import NS, in_int64, is_date, time_kind, timestamp_ns
from govern.conditions.tree import OF_HISTORY, Call, Has, ListLit, Lit, Macro, Name, Node, walk
from govern.conditions.values import MAX_NESTED
from govern.events.canonical import Malformed, check, normalise, text_of
from govern.policy.explanation import examples
from govern.policy.explanation.examples import PERSON, SAMPLE
from govern.policy.explanation.masking import masked
from govern.policy.explanation.matching import example
from govern.policy.model import FactField, Policy

REMOVED: Final = ABSENT
"""The proposal that an argument, or a field of a fact, is not there."""
OTHER: Final = "something else"
_MOST = 16  # proposals for one input
_MOST_TIMES = 48
_LONGEST = 200  # characters and items that a proposal is filled up to
_HOUR = 3600 * NS
_ELSEWHERE: Final = "somebody@other.example"
_WRAPPED: Final = {
    "lower": "{}", "domain": PERSON.partition("@")[0] + "@{}", "url.host": "https://{}/",
    "url.scheme": "{}://example.com/", "url.path": "https://example.com{}",
}  # fmt: skip
_NEAR_HOURS: Final = (*range(-12, 13), *range(24, 24 * 8, 24))
_COMPARED = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another value for an input.

    Args:
        value: REMOVED, or JSON data; of `at` nanoseconds.
        hidden: whether it is, or was made from, what is not shown.
    """

    path: Path
    value: Any
    hidden: bool = False


def proposals(policy: Policy, tool: str, roots: Sequence[Step], inputs: Inputs) -> list[Proposal]:
    """Values to try, input by input, those nearest to what it is first.

    Args:
        roots: the tool's conditions, step by step.
        inputs: what was decided on, the arguments too.
    """
    found = _Found(policy, tool, inputs)
    for root in roots:
        for step in root.walk():
            found.of_step(step)
    found.making_hidden = False
    found.of_schema()
    return found.sorted()


class _Found:
    def __init__(self, policy: Policy, tool: str, inputs: Inputs) -> None:
        self.fields: dict[Path, FactField] = {
            (fact.name, field.name): field for fact in policy.facts.values() for field in fact.fields
        }
        mapped = policy.tools.get(tool)
        self.schema: Any = json.loads(mapped.schema) if mapped and mapped.schema else {}
        self.inputs = inputs
        self.masked = masked(policy, tool)
        self.hidden: set[Path] = set()
        self.making_hidden = False
        self.by_path: dict[Path, dict[str, Any]] = {}

    def now(self, path: Path) -> Any:
        return place(self.inputs, path)

    def add(self, path: Path | None, *values: Any) -> None:
        """Proposes what the input can be and is not."""
        if path is None or (path[0] == "args" and len(path) == 1):
            return
        if self.making_hidden or self.masked.hides((path,)):
            self.hidden.add(path)
        known = self.by_path.setdefault(path, {})
        for value in values:
            plain = value if value is REMOVED else _canonical(value)
            if plain is WRONG or (plain is not REMOVED and not self.fits(path, plain)):
                continue
            if not _same(plain, self.now(path)):
                known.setdefault("-" if plain is REMOVED else text_of(plain), plain)

    def fits(self, path: Path, value: Any) -> bool:
        """Whether a fact, or something of the history, can be so; the schema of arguments is the engine's to judge."""
        match str(path[0]).partition("("):
            case ("calls" | "succeeded", "(", _):
                return type(value) is int and value >= 0
            case ("origin", "(", _):
                return value in ORIGINS
            case ("exceeded" | "tainted" | "named_by_user", "(", _):
                return isinstance(value, bool)
        field = self.fields.get(path)
        return field is None or _fits(field, value)

    def sorted(self) -> list[Proposal]:
        made: list[Proposal] = []
        for path, values in self.by_path.items():
            now = self.now(path)
            ranked = sorted((_distance(value, now), place, value) for place, value in enumerate(values.values()))
            most = _MOST_TIMES if path == ("at",) else _MOST
            made += [Proposal(path, value, path in self.hidden) for _, _, value in ranked[:most]]
        return made

    # -- conditions --

    def of_step(self, step: Step) -> None:
        asked = (*step.values, *(element.item for element in step.elements))
        self.making_hidden = any(self.masked.hides(value.of) for each in step.walk() for value in each.values) or any(
            self.masked.hides(value.of) for value in asked
        )
        if step.parts:
            return  # what it is made of comes next
        for node in walk(step.node):
            match node:
                case Call(fn, (left, right)) if fn in _COMPARED:
                    self.compared(step, left, right)
                    self.compared(step, right, left)
                case Call("in", (item, source)):
                    self.member(step, item, source)
                case Call("startsWith" | "endsWith" | "contains" | "within" as fn, (subject, other)):
                    self.text(step, fn, subject, other)
                case Call("matches", (subject, Lit(str() as pattern))):
                    self.matched(step, subject, pattern)
                case Has(target):
                    path = path_of(target)
                    self.add(path, REMOVED, *(self.samples(path) if path else ()))
                case Macro(_, source, var, body):
                    self.items(step, source, var, body)
                case Call(fn) if fn in OF_HISTORY:
                    self.history(node)
        for value in (*step.values, *(value for element in step.elements for value in element.step.values)):
            self.enumerated(value)
        path = path_of(step.node)
        if path is not None:
            self.add(path, True, False)

    def compared(self, step: Step, subject: Node, other: Node) -> None:
        """Values for the subject of a comparison."""
        path, against = path_of(subject), self.value(other, step)
        if path == ("at",):
            at = against if type(against) is int else timestamp_ns(against) if isinstance(against, str) else None
            self.add(path, *(at + step_ns for step_ns in (0, -NS, NS)) if at is not None else ())
        elif path is not None:
            if against is ABSENT:
                self.add(path, *self.samples(path))
            else:
                self.add(path, *_around(against, self.now(path)))
        elif isinstance(subject, Call):
            self.made(step, subject, against)
        elif isinstance(subject, Macro) and type(against) is int:
            self.counted(step, subject, against)

    def counted(self, step: Step, subject: Macro, against: int) -> None:
        """Lists in which so many items are counted, one fewer, one more."""
        path = self.of_list(subject.source)
        if path is not None and against < _LONGEST:
            now = self.now(path)
            kept = now if isinstance(now, list) else []
            chosen = {element.index for element in step.elements}
            others = [item for index, item in enumerate(kept) if index not in chosen][:_MOST]
            for item in self.elements(step, subject.var, subject.body)[:2]:
                self.add(path, *([item] * size + others for size in (against, against + 1, max(against - 1, 0))))

    def of_list(self, source: Node) -> Path | None:
        """The input that a list is, or is made of by `list`."""
        listed = isinstance(source, Call) and source.fn == "list" and bool(source.operands)
        return path_of(source.operands[0]) if listed and isinstance(source, Call) else path_of(source)

    def made(self, step: Step, subject: Call, against: Any) -> None:
        """Values for what a function is applied to, so that it gives something else."""
        inner = subject.operands[0] if subject.operands else None
        path = path_of(inner) if inner is not None else None
        text = against if isinstance(against, str) else OTHER
        match subject.fn:
            case "timestamp" if isinstance(against, str):
                self.add(path, *_around(against, self.now(path) if path is not None else None))
            case "lower":
                self.add(path, text)
            case "domain":
                self.add(path, f"{PERSON.partition('@')[0]}@{text}", PERSON, _ELSEWHERE)
            case "url.host":
                self.add(path, f"https://{text}/", "https://example.com/", "https://other.example/")
            case "url.scheme":
                self.add(path, f"{text}://example.com/")
            case "url.path":
                self.add(path, f"https://example.com{text}")
            case "size" if type(against) is int:
                listed = isinstance(inner, Call) and inner.fn == "list" and bool(inner.operands)
                of = path_of(inner.operands[0]) if listed and isinstance(inner, Call) else path
                if of is not None:
                    self.add(of, *(_sized(self.now(of), size, listed) for size in (against, against - 1, against + 1)))
                    self.add(of, *([REMOVED] if listed else []))
            case "hour" | "weekday" | "date" if path == ("at",):
                now = self.now(path)
                if type(now) is int:
                    self.add(path, *(now + hours * _HOUR for hours in _NEAR_HOURS))
            case "hour" | "weekday" | "date" if isinstance(inner, Call) and inner.fn == "timestamp":
                of = path_of(inner.operands[0])
                said = self.now(of) if of is not None else None
                at = (timestamp_ns(said) if isinstance(said, str) else None) or self.now(("at",))
                if type(at) is int:
                    self.add(of, *(moment(at + hours * _HOUR) for hours in (0, *_NEAR_HOURS)))
            case "+" | "-" if time_kind(subject):
                self.moments(step, subject)
            case "+" | "-" | "*" | "neg":
                self.sums(step, subject)

    def sums(self, step: Step, subject: Call) -> None:
        """Each term of a sum, moved by what the two sides differ."""
        match step.node:
            case Call(_, (left, right)):
                one, other = self.number(step, left), self.number(step, right)
            case _:
                return
        if one is None or other is None:
            return
        apart = one - other
        for part in walk(subject):
            sized = isinstance(part, Call) and part.fn == "size" and bool(part.operands)
            path = self.of_list(part.operands[0]) if sized and isinstance(part, Call) else path_of(part)
            now = self.now(path) if path is not None else None
            if path is not None and _is_number(now):
                self.add(path, *(each + by for each in (now - apart, now + apart) for by in (0, -1, 1)))
            elif path is not None and sized and isinstance(now, list | str):
                sizes = [int(len(now) + each) + by for each in (-apart, apart) for by in (0, -1, 1)]
                self.add(path, *(_sized(now, size, isinstance(now, list)) for size in sizes))

    def moments(self, step: Step, subject: Call) -> None:
        """Each point in time of a sum, moved by what the two sides differ, and a second more or less."""
        if not isinstance(step.node, Call) or len(step.node.operands) != 2:
            return
        if not all(time_kind(node) for node in step.node.operands):
            return  # the sum stands below what is compared, as in a list whose size is
        sides = [time_of(node, ())(self.inputs, [None] * MAX_NESTED) for node in step.node.operands]
        now_ns = self.now(("at",))
        for part in walk(subject):
            if part == Name("at", part.start, part.end) and type(now_ns) is int and None not in sides:
                self.add(("at",), *(now_ns + by for by in _apart(sides)))
            elif isinstance(part, Call) and part.fn == "timestamp" and (path := path_of(part.operands[0])) is not None:
                text = self.now(path)
                at = timestamp_ns(text) if isinstance(text, str) else None
                if at is None or None in sides:
                    self.add(path, moment(now_ns) if type(now_ns) is int else "2000-01-01T00:00:00Z")
                else:
                    self.add(path, *(moment(at + by) for by in _apart(sides) if in_int64(at + by) is not None))

    def number(self, step: Step, node: Node) -> Any:
        """A side of a comparison as a number; None where it is none."""
        if isinstance(node, Lit):
            return node.value if _is_number(node.value) else None
        found = self.value(node, step)
        return found if _is_number(found) else None

    def member(self, step: Step, item: Node, source: Node) -> None:
        path, into = path_of(item), path_of(source)
        if isinstance(source, ListLit):
            self.add(path, *(literal.value for literal in source.items[:_MOST]), OTHER)
            if isinstance(item, Call):
                for literal in source.items[:_MOST]:
                    self.made(step, item, literal.value)
            return
        if isinstance(source, Call) and source.fn in ("keys", "list") and source.operands:
            into = path_of(source.operands[0])
        found = self.now(into) if into is not None else None
        if isinstance(found, list | dict):
            self.add(path, *[each for each in found if not isinstance(each, list | dict)][:5], OTHER)
        one = self.value(item)
        if one is not ABSENT and into is not None:
            kept = found if isinstance(found, list) else []
            if isinstance(source, Call) and source.fn == "keys":
                self.add(into, {**(found if isinstance(found, dict) else {}), str(one): {}})
            else:
                self.add(into, [*kept, one], [each for each in kept if text_of(each) != text_of(one)])

    def text(self, step: Step, fn: str, subject: Node, other: Node) -> None:
        part = self.value(other)
        if not isinstance(part, str):
            return
        if isinstance(subject, Call) and subject.fn == "lower":
            subject = subject.operands[0]
        path = path_of(subject)
        if path is None:
            if isinstance(subject, Call):
                self.made(step, subject, part if fn == "startsWith" else SAMPLE + part)
                self.made(step, subject, OTHER)
            return
        now = self.now(path)
        now = now if isinstance(now, str) else ""
        match fn:
            case "startsWith":
                self.add(path, part + now, part + SAMPLE, now.removeprefix(part) or OTHER, SAMPLE + now, OTHER)
            case "endsWith":
                self.add(path, now + part, SAMPLE + part, now.removesuffix(part) or OTHER, OTHER)
            case "contains":
                self.add(path, now + part, part, now.replace(part, "") or OTHER, OTHER)
            case _:
                self.add(path, f"{part.rstrip('/')}/{now.rpartition('/')[2] or SAMPLE}", f"/{SAMPLE}")

    def matched(self, step: Step, subject: Node, pattern: str) -> None:
        """A text that a pattern matches, and one that it does not."""
        found = example(pattern)
        path = path_of(subject)
        for text in (found, OTHER) if found is not None else (OTHER,):
            if path is not None:
                self.add(path, text)
            elif isinstance(subject, Call):
                self.made(step, subject, text)

    def items(self, step: Step, source: Node, var: str, body: Node) -> None:
        """The list without the items that decide, or with one that does."""
        listed = isinstance(source, Call) and source.fn == "list"
        path = self.of_list(source)
        if isinstance(source, Call) and source.fn == "keys" and (held := path_of(source.operands[0])) is not None:
            self.add(held, {}, *({item: {}} for item in self.elements(step, var, body) if isinstance(item, str)))
        if path is None:
            return
        now = self.now(path)
        kept = now if isinstance(now, list) else []
        chosen = {element.index for element in step.elements}
        self.add(path, [item for index, item in enumerate(kept) if index not in chosen])
        self.add(path, [item for index, item in enumerate(kept) if index in chosen])
        for part in walk(body):
            match part:
                case Call("==" | "!=", (Name(name), Lit(value))) if name == var:
                    self.add(path, [value], [*kept, value], [item for item in kept if item != value])
        made = self.elements(step, var, body)
        self.add(path, *([item] for item in made), *([made[0], item] for item in made[1:]))
        self.add(path, [], [PERSON], *([REMOVED] if listed else []))

    def elements(self, step: Step, var: str, body: Node) -> list[Any]:
        """Items that are told apart by what is asked of an item: one, and it with one value changed."""
        asked: dict[Path, list[Any]] = {}
        for part in walk(body):
            for place_in, values in self.of_item(step, var, part):
                asked.setdefault(place_in, []).extend(values)
        first: Any = None
        for place_in, values in asked.items():
            first = _item(first, place_in, values[0])
        made = [first] if asked else []
        made += [_item(first, place_in, value) for place_in, values in asked.items() for value in values[1:]]
        return [item for item in made if item is not None][:_MOST]

    def of_item(self, step: Step, var: str, part: Node) -> Iterator[tuple[Path, list[Any]]]:
        """Places of a macro's variable that a part asks about, each with values to try."""
        # What the other side of a comparison is worth was read where the body was judged.
        judged = [each for each in step.walk() if each.start <= part.start and part.end <= each.end]
        step = judged[-1] if judged else step
        found: list[tuple[Node, list[Any]]] = []
        match part:
            case Call(fn, (left, right)) if fn in _COMPARED:
                sides = ((left, self.value(right, step)), (right, self.value(left, step)))
                found += [(one, list(_around(against, None))) for one, against in sides if against is not ABSENT]
            case Call("in", (one, ListLit(items))):
                found.append((one, [*(literal.value for literal in items[:_MOST]), OTHER]))
            case Call("in", (one, source)):
                into = self.value(source)
                found.append((one, [*(into[:5] if isinstance(into, list) else []), OTHER]))
            case Call("startsWith" | "endsWith" | "contains" as fn, (one, other)):
                text = self.value(other)
                found.append((one, [*([text] if isinstance(text, str) else []), OTHER]))
            case Call("within", (one, Lit(str() as folder))):
                found.append((one, [f"{folder.rstrip('/')}/{SAMPLE}", f"/{SAMPLE}"]))
            case Call("matches", (one, Lit(str() as pattern))):
                found.append((one, [*([matched] if (matched := example(pattern)) is not None else []), OTHER]))
            case Has(target):
                found.append((target, [SAMPLE]))
        for one, values in found:
            place_in, wrapped = _in_item(var, one)
            if place_in is not None:
                made = [wrapped.format(value) if isinstance(value, str) else value for value in values]
                yield place_in, [*made, *([_ELSEWHERE] if "@" in wrapped else [])]

    def history(self, node: Call) -> None:
        path = path_of(node)
        match node.fn:
            case "exceeded" | "tainted" | "named_by_user":
                self.add(path, False, True)
            case "origin":
                self.add(path, *ORIGINS)
            case _:
                self.add(path, 0, 1)

    def enumerated(self, value: Value) -> None:
        if value.path is None:
            return
        field = self.fields.get(value.path)
        if field is not None and field.values:
            self.add(value.path, *field.values)
        if value.path[0] == "args":
            self.add(value.path, *examples.words(examples.schema_at(self.schema, value.path)))

    # -- what there is --

    def value(self, node: Node, step: Step | None = None) -> Any:
        """What a side of a comparison is; ABSENT where nobody knows."""
        if isinstance(node, Lit):
            return node.value
        if isinstance(node, Call) and node.fn == "timestamp":
            return self.value(node.operands[0])
        if isinstance(node, Call | Macro) and step is not None:
            begin, end = widened(step.text, node.start - step.start, node.end - step.start)
            return next((each.value for each in step.values if each.text == step.text[begin:end]), ABSENT)
        path = path_of(node)
        found = ABSENT if path is None else self.now(path)
        return ABSENT if found is WRONG or found is None else found

    def samples(self, path: Path) -> list[Any]:
        """Something that could stand at a place that is empty."""
        field = self.fields.get(path)
        if field is not None:
            return list(field.values) or examples.of_kind(field.kind)
        if path[0] == "args":
            return list(examples.of_schema(examples.schema_at(self.schema, path)))
        return [SAMPLE]

    # -- the input schema --

    def of_schema(self) -> None:
        """What the input schema asks of arguments that are missing, superfluous, or out of bounds."""
        args = self.inputs["args"]
        properties = self.schema.get("properties", {}) if isinstance(self.schema, dict) else {}
        for name in self.schema.get("required", []) if properties else []:
            if name not in args:
                self.add(("args", name), *self.samples(("args", name)))
        for name, value in args.items():
            if properties and name not in properties:
                self.add(("args", name), REMOVED)
                continue
            self.add(("args", name), *examples.repaired(examples.schema_at(self.schema, ("args", name)), value))


def _apart(sides: Sequence[int | None]) -> Iterator[int]:
    """By how many nanoseconds a term of either side could move to where both are the same, or a second apart."""
    by = (sides[0] or 0) - (sides[1] or 0)
    yield from (sign * by + more for sign in (-1, 1) for more in (0, -NS, NS))


def _in_item(var: str, node: Node) -> tuple[Path | None, str]:
    """The place in an item that a node is made from, and how text stands in it; None where it is anything else."""
    wrapped = "{}"
    if isinstance(node, Call) and node.fn in _WRAPPED:
        wrapped, node = _WRAPPED[node.fn], node.operands[0]
    path = path_of(node)
    return (path[1:] if path is not None and path[0] == var else None), wrapped


def _item(item: Any, path: Path, value: Any) -> Any:
    if not path or not isinstance(path[0], str):
        return value if not path else item
    known = item if isinstance(item, dict) else {}
    return {**known, path[0]: _item(known.get(path[0]), path[1:], value)}


def _fits(field: FactField, value: Any) -> bool:
    if field.values:
        return any(_same(value, each) for each in field.values)
    return is_of(value, field.kind)


def _canonical(value: Any) -> Any:
    """The value in canonical form; WRONG where it has none (a number beyond what is exact)."""
    try:
        check(value)
    except Malformed:
        return WRONG
    return normalise(value)


def _same(one: Any, other: Any) -> bool:
    nothing = (ABSENT, WRONG)
    if one in nothing or other in nothing:
        return one in nothing and other in nothing
    return text_of(one) == text_of(other)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _around(value: Any, now: Any) -> Iterator[Any]:
    """A value, and those that lie next to it."""
    yield value
    if isinstance(value, bool):
        yield not value
    elif _is_number(value):
        # Whole numbers stay whole; a hundredth is the smallest step of what is written with a fraction.
        steps: tuple[int | float, ...] = (1, 0.01) if isinstance(value, float) or isinstance(now, float) else (1,)
        yield from (round(value + sign * step, 6) for step in steps for sign in (-1, 1))
    elif isinstance(value, str):
        yield from _around_time(value)
        yield OTHER
        if isinstance(now, str):
            yield now + SAMPLE  # for what must be another, and begin alike


def _around_time(value: str) -> Iterator[str]:
    """The day before and after a date, the second before and after a time."""
    if is_date(value):
        day = timestamp_ns(f"{value}T00:00:00Z")
        yield from (moment(day + by)[:10] for by in (-24 * _HOUR, 24 * _HOUR) if day is not None)
    elif (at := timestamp_ns(value)) is not None:
        yield from (moment(at + by) for by in (-NS, NS))


def _sized(now: Any, size: int, listed: bool) -> Any:
    """Text or a list of a size, made from what is there."""
    size = max(size, 0)
    if size > _LONGEST:
        return now if now not in (ABSENT, WRONG) else None
    if isinstance(now, list):
        return [*now[:size], *[now[-1] if now else SAMPLE] * (size - len(now))]
    if isinstance(now, str) and not listed:
        return now[:size].ljust(size, SAMPLE)
    return [SAMPLE] * size if listed else SAMPLE * size


def _distance(value: Any, now: Any) -> tuple[int, float]:
    """Numbers by how far they are, then all else in the order it was proposed, then taking it away."""
    if value is REMOVED:
        return 2, 0.0
    if _is_number(value) and _is_number(now):
        return 0, float(abs(value - now))
    return 1, 0.0
