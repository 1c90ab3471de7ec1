"""A condition as two Cedar expressions: where it is true, and where it is false; in neither case it is unknown.

Cedar skips a policy whose evaluation fails, so each expression asks what a value is before it uses it and cannot fail
on a context that `cedar.context_of` makes. Values stand there tagged by their kind; the page `cedar.md` says how.
What Cedar cannot say is a gap: the part is then neither true nor false.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from govern.compile.backends.cedar_patterns import listed
from govern.compile.backends.cedar_values import (
    INT64_MAX,
    INT64_MIN,
    SETS,
    UNKNOWN,
    WRONG,
    Items,
    Pair,
    Value,
    below,
    beside,
    conj,
    constant,
    disj,
    equal,
    like,
    millionths,
    neg,
    of_number,
    text,
    whole_only,
)  # fmt: skip
from govern.compile.backends.contract import Gap
from govern.conditions.inputs import ORIGINS, operand_key
from govern.conditions.python import decider, time_of
from govern.conditions.times import time_kind
from govern.conditions.tree import (
    OF_HISTORY,
    Call,
    Field,
    Has,
    Item,
    ListLit,
    Lit,
    Macro,
    Name,
    Node,
    bind,
    fixed,
    walk,
)  # fmt: skip
from govern.conditions.values import MICRO
from govern.events.canonical import text_of

TIGHTER: Final = "the part counts as unknown: a rule on it applies, a waiver by it does not hold"
_ARITHMETIC: Final = ("+", "-", "*", "neg")
_FLIPPED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
# What no plain path has; `within` is unknown of a path with any of it.
_NO_PATH: Final = ("*//*", "*/", "*/./*", "*/../*", "*/.", "*/..")


@dataclass(slots=True)
class Terms:
    """Expressions of one tool's conditions.

    Args:
        numbers: places, as `args.amount`, of which the tool's schema or a fact says that they are numbers.

    `gaps` is what was left unknown.
    """

    numbers: frozenset[str]
    gaps: list[Gap] = field(default_factory=list)
    where: str = ""

    def condition(self, tree: Node, where: str) -> Pair:
        """Where a checked tree in which `tool`, `agent` and the zone are literals is true, and where it is false."""
        self.where = where
        return self.truth(tree)

    # -- truth --

    def truth(self, node: Node) -> Pair:
        if fixed(node):
            return {True: Pair("true", "false"), False: Pair("false", "true"), None: UNKNOWN}[
                decider(node)({"args": {}})
            ]
        match node:
            case Has(target):
                found = self.value(target)
                return Pair(conj(found.present, neg(found.null)), disj(found.absent, found.null))
            case Call("&&", operands):
                made = [self.truth(operand) for operand in operands]
                return Pair(conj(*(one.true for one in made)), disj(*(one.false for one in made)))
            case Call("||", operands):
                made = [~self.truth(operand) for operand in operands]
                return ~Pair(conj(*(one.true for one in made)), disj(*(one.false for one in made)))
            case Call("!", (operand,)):
                return ~self.truth(operand)
            case Call("?:", (test, then, other)):
                asked, one, two = self.truth(test), self.truth(then), self.truth(other)
                return Pair(
                    disj(conj(asked.true, one.true), conj(asked.false, two.true)),
                    disj(conj(asked.true, one.false), conj(asked.false, two.false)),
                )
            case Call("==" | "!=" | "<" | "<=" | ">" | ">=" as fn, (left, right)):
                return self.comparison(fn, left, right)
            case Call("in", (item, ListLit(items))):
                return self.among(item, items)
            case Call("in", (item, source)):
                return self.member(item, self.items(source))
            case Call("startsWith" | "endsWith" | "contains" as fn, (left, right)):
                return self.text_test(fn, left, right)
            case Call("within", (subject, Lit(str() as folder))):
                return self.within(subject, folder)
            case Call("matches", (subject, Lit(str() as pattern))):
                return self.matches(subject, pattern)
            case Macro("all" | "exists"):
                return self.quantifier(node)
            case _:
                where, held = self.value(node).truth
                return Pair(conj(where, held), conj(where, neg(held)))

    def comparison(self, fn: str, left: Node, right: Node) -> Pair:
        if time_kind(left) or time_kind(right):
            return self.times(fn, left, right)
        if any(isinstance(side, Call) and side.fn in _ARITHMETIC for side in (left, right)):
            return self.gap("+ - *", "Cedar has no fractions, and skips a policy whose sums overflow")
        if isinstance(left, Lit):
            left, right, fn = right, left, _FLIPPED[fn]
        if isinstance(right, Lit) and right.value is None:
            found = self.value(left)
            same = Pair(found.null, conj(found.present, neg(found.null)))
        elif isinstance(right, Lit) and isinstance(right.value, int | float) and not isinstance(right.value, bool):
            return self.with_number(fn, self.value(left).number, right.value)
        elif fn in ("==", "!="):
            same = equal(self.value(left), self.value(right))
        else:
            return self.order(fn, left, right)
        return same if fn == "==" else ~same

    def with_number(self, fn: str, number: tuple[str, str, str], limit: int | float) -> Pair:
        """A comparison with a written number, which may have more places than any value has here."""
        where = number[0]
        floor, exact = millionths(limit)
        whole, rest = divmod(floor, MICRO)
        if not INT64_MIN <= whole <= INT64_MAX:
            above = whole > INT64_MAX
            holds = {"<": above, "<=": above, ">": not above, ">=": not above, "==": False, "!=": True}[fn]
            return Pair(where, "false") if holds else Pair("false", where)
        if not exact:  # between two values that a number may have here
            fn = {"<": "<=", ">=": ">"}.get(fn, fn)
            if fn in ("==", "!="):
                return Pair("false", where) if fn == "==" else Pair(where, "false")
        return self.ordered(fn, number, ("true", str(whole), str(rest)))

    def order(self, fn: str, left: Node, right: Node) -> Pair:
        one, two = self.value(left), self.value(right)
        if not (one.number_only or two.number_only):
            return self.gap(fn, "Cedar has no order of texts, and nothing says that these are numbers")
        return self.ordered(fn, one.number, two.number)

    def ordered(self, fn: str, one: tuple[str, str, str], two: tuple[str, str, str]) -> Pair:
        where = conj(one[0], two[0])
        if fn in ("==", "!="):
            same = conj(f"{one[1]} == {two[1]}", f"{one[2]} == {two[2]}")
            found = Pair(conj(where, same), conj(where, neg(same)))
            return found if fn == "==" else ~found
        last = "<=" if fn in ("<=", ">") else "<"  # a > b is not a <= b
        below = disj(f"{one[1]} < {two[1]}", conj(f"{one[1]} == {two[1]}", f"{one[2]} {last} {two[2]}"))
        found = Pair(conj(where, below), conj(where, neg(below)))
        return found if fn in ("<", "<=") else ~found

    def times(self, fn: str, left: Node, right: Node) -> Pair:
        """`at` beside a written time; whole nanoseconds are a Long."""
        if fixed(left):
            left, right, fn = right, left, _FLIPPED[fn]
        if isinstance(left, Name) and fixed(right):
            limit = time_of(right, ())({"args": {}}, [])
            return UNKNOWN if limit is None else self.with_number(fn, whole_only(beside("at")), limit)
        return self.gap("times", "Cedar has no nanoseconds and no times from text that cannot fail; only `at` "
                        "beside a written time is exported")  # fmt: skip

    # -- text --

    def text_test(self, fn: str, left: Node, right: Node) -> Pair:
        if not (isinstance(right, Lit) and isinstance(right.value, str)):
            return self.gap(fn, "`like` takes only a written text")
        where, held = self.value(left).text
        before, after = {"startsWith": ("", "*"), "endsWith": ("*", ""), "contains": ("*", "*")}[fn]
        found = f"{held} like {like(before, right.value, after)}"
        return Pair(conj(where, found), conj(where, neg(found)))

    def matches(self, subject: Node, pattern: str) -> Pair:
        texts = listed(pattern)
        if texts is None:
            return self.gap(f"matches({text_of(pattern)})", "Cedar has no regular expressions, only `like`")
        where, held = self.value(subject).text
        found = disj(*(
            f"{held} like {like('' if one.start else '*', one.text, '' if one.end else '*')}" for one in texts
        ))  # fmt: skip
        return Pair(conj(where, found), conj(where, neg(found)))

    def within(self, subject: Node, folder: str) -> Pair:
        where, held = self.value(subject).text
        controls = [f'"*\\u{{{code:x}}}*"' for code in (*range(0x20), 0x7F)]
        bad = [f'"{pattern}"' for pattern in _NO_PATH] + ['"*\\\\*"', *controls]
        plain = conj(where, f'{held} like "/*"', *(neg(f"{held} like {pattern}") for pattern in bad))
        inside = disj(f"{held} == {text(folder)}", f"{held} like {like('', folder.rstrip('/') + '/', '*')}")
        return Pair(conj(plain, inside), conj(plain, neg(inside)))

    # -- lists --

    def among(self, item: Node, items: tuple[Lit, ...]) -> Pair:
        made = [~self.comparison("==", item, literal) for literal in items]
        return ~Pair(conj(*(one.true for one in made)), disj(*(one.false for one in made)))

    def member(self, item: Node, items: Items | None) -> Pair:
        if items is None:
            return UNKNOWN
        if isinstance(item, Lit) and item.value is None:
            found = "false" if items.keys else f'{items.record}.kinds.contains("null")'
            return Pair(conj(items.known, found), disj(items.empty, conj(items.known, neg(found))))
        value = self.value(item)
        number = f'{{"whole": {value.number[1]}, "millionths": {value.number[2]}}}'
        true, false = [], [items.empty, conj(items.known, f"{items.record}.size == 0")]
        for kind, where, held in (
            ("string", *value.text), ("number", value.number[0], number), ("boolean", *value.truth),
        ):  # fmt: skip
            found = "false" if items.of(kind) == "[]" else f"{items.of(kind)}.contains({held})"
            true.append(conj(items.known, where, found))
            false.append(conj(items.known, where, neg(found), items.only(kind)))
        if not items.keys:
            true.append(conj(items.known, value.null, f'{items.record}.kinds.contains("null")'))
        return Pair(disj(*true), disj(*false))

    def quantifier(self, node: Macro) -> Pair:
        """`all` and `exists` over written lists, and where each item is looked for among written values."""
        if isinstance(node.source, ListLit):
            made = [self.truth(bind(node.body, {node.var: item.value})) for item in node.source.items]
            either = node.fn == "exists"
            made = [~one if either else one for one in made]
            found = Pair(conj(*(one.true for one in made)), disj(*(one.false for one in made)))
            return ~found if either else found
        asked = _looked_for(node.body, node.var)
        if asked is None and (among := _looked_for_in(node.body, node.var)) is not None:
            return self.subset(node, among)
        if asked is None:
            return self.gap(f"{node.fn}(…)", "Cedar asks of the items of a set only whether they are given values")
        kind, values, positive = asked
        items = self.items(node.source)
        if items is None:
            return UNKNOWN
        # `all` of what must not be there is the negation of `exists` of what must, and the other way round.
        if (node.fn == "all") == positive:
            within = f"{values}.containsAll({items.of(kind)})"
            made_of = Pair(
                disj(items.empty, conj(items.known, items.only(kind), within)), conj(items.known, neg(within))
            )
        else:
            met = f"{items.of(kind)}.containsAny({values})"
            made_of = Pair(conj(items.known, met), disj(items.empty, conj(items.known, items.only(kind), neg(met))))
        return made_of if positive else ~made_of

    def subset(self, node: Macro, among: tuple[Node, bool]) -> Pair:
        """Whether the items of a list are items of another."""
        ours, theirs = self.items(node.source), self.items(among[0])
        positive = among[1]
        if ours is None or theirs is None:
            return UNKNOWN
        both = conj(ours.known, theirs.known)
        # Of a place that stands for the empty list: `all` is true and `exists` false, whatever the other is.
        nothing = disj(ours.empty, conj(ours.known, ours.none))
        no_match = conj(ours.known, ours.some, disj(theirs.empty, conj(theirs.known, theirs.none)))
        if (node.fn == "all") == positive:
            covered = conj(both, *(f"{theirs.of(kind)}.containsAll({ours.of(kind)})" for kind in SETS),
                           disj(neg(ours.has("null")), theirs.has("null")), neg(ours.has("list")),
                           neg(ours.has("object")))  # fmt: skip
            missed = disj(*(
                conj(both, theirs.only(kind), neg(f"{theirs.of(kind)}.containsAll({ours.of(kind)})"))
                for kind in SETS
            ))  # fmt: skip
            found = Pair(disj(nothing, covered), disj(no_match, missed))
        else:
            met = disj(*(conj(both, f"{theirs.of(kind)}.containsAny({ours.of(kind)})") for kind in SETS),
                       conj(both, ours.has("null"), theirs.has("null")))  # fmt: skip
            apart = disj(*(
                conj(both, ours.only(kind), theirs.only(kind), neg(f"{theirs.of(kind)}.containsAny({ours.of(kind)})"))
                for kind in SETS
            ))  # fmt: skip
            found = Pair(met, disj(nothing, no_match, apart))
        return found if positive else ~found

    def items(self, node: Node) -> Items | None:
        match node:
            case Call("list", (operand,)):
                found = self.value(operand)
                return self.listed(found, disj(found.absent, found.null))
            case Call("keys", (operand,)):
                found = self.value(operand)
                if found.record is None:
                    return None
                return Items(conj(found.present, f'{found.record} has "object"'), found.record, keys=True)
            case Macro():
                self.gap(f"{node.fn}(…)", "Cedar makes no list out of another")
                return None
            case _:
                return self.listed(self.value(node), "false")

    def listed(self, found: Value, empty: str) -> Items | None:
        if found.record is None:
            return None if empty == "false" else Items("false", "[]", empty)
        return Items(conj(found.present, f'{found.record} has "list"'), found.record, empty)

    # -- values --

    def value(self, node: Node) -> Value:
        match node:
            case Lit(value):
                return constant(value)
            case Name("args"):
                return Value(present="true", record="context.args")
            case Name(name):
                return beside(name)
            case Field(Name(name), key) if name not in ("args", "record", "result"):
                above = beside(name)
                known = conj(above.present, f'{above.record} has "object"')
                return self.place(below(above, "object", key, known, "false"), f"{name}.{key}")
            case Field(base, key):
                return self.place(self.step(self.value(base), "object", key), _written(node))
            case Item(base, index):
                return self.place(self.step(self.value(base), "list", str(index)), "")
            case Call("size", (operand,)):
                return self.size(operand)
            case Call("origin" as fn, (operand,)):
                where, held = beside(operand_key(fn, operand)).text
                words = f"[{', '.join(map(text, ORIGINS))}].contains({held})"
                return Value(present=conj(where, words), text=(conj(where, words), held))
            case Call("calls" | "succeeded" as fn, (operand,)):
                return of_number(whole_only(beside(operand_key(fn, operand))))
            case Call(fn, (operand,)) if fn in OF_HISTORY:
                where, held = beside(operand_key(fn, operand)).truth
                return Value(present=where, truth=(where, held))
            case Macro("count"):
                self.gap("count(…)", "Cedar counts no items")
                return WRONG
            case Call("lower" | "domain" | "url.host" | "url.scheme" | "url.path" as fn):
                self.gap(fn, "Cedar takes no text apart")
                return WRONG
            case Call("date" | "hour" | "weekday" as fn):
                self.gap(fn, "Cedar has no local time")
                return WRONG
            case _:
                made = self.truth(node)
                return Value(present=disj(made.true, made.false), truth=(disj(made.true, made.false), made.true))

    def size(self, operand: Node) -> Value:
        match operand:
            case Macro():
                self.gap(f"{operand.fn}(…)", "Cedar makes no list out of another")
                return WRONG
            case Call("list" | "keys", (inner,)):
                items, found = self.items(operand), self.value(inner)
                if items is None:
                    return WRONG
                if items.empty == "false":
                    return of_number((items.known, f"{found.record}.size", "0"))
                where = disj(items.known, items.empty)
                held = "0" if found.record is None else f"(if {items.known} then {found.record}.size else 0)"
                return of_number((where, held, "0"))
            case _:
                found = self.value(operand)
                if found.record is None:
                    return WRONG  # nothing but a place has a size here that is not known before
                return of_number((conj(found.present, f'{found.record} has "size"'), f"{found.record}.size", "0"))

    def step(self, above: Value, kind: str, key: str) -> Value:
        """A place below another: absent below what is null or absent, wrong below anything else."""
        if above.record is None:
            return WRONG  # nothing that is no place has places below it that are not known before
        known = conj(above.present, f'{above.record} has "{kind}"')
        return below(above, kind, key, known, disj(above.absent, above.null))

    def place(self, found: Value, path: str) -> Value:
        return replace(found, number_only=path in self.numbers)

    def gap(self, what: str, why: str) -> Pair:
        self.gaps.append(Gap(what, self.where, why, TIGHTER))
        return UNKNOWN


def _looked_for(body: Node, var: str) -> tuple[str, str, bool] | None:
    """Among which written values of one kind a body looks for the item, as a set; and whether it must be there."""
    match body:
        case Call("!", (inner,)):
            found = _looked_for(inner, var)
            return None if found is None else (found[0], found[1], not found[2])
        case Call("==" | "!=" as fn, (Name(name), Lit() as literal)) if name == var:
            return _set_of((literal,), fn == "==")
        case Call("==" | "!=" as fn, (Lit() as literal, Name(name))) if name == var:
            return _set_of((literal,), fn == "==")
        case Call("in", (Name(name), ListLit(items))) if name == var:
            return _set_of(items, True)
        case _:
            return None


def _looked_for_in(body: Node, var: str) -> tuple[Node, bool] | None:
    """In which other list a body looks for the item, and whether it must be there."""
    match body:
        case Call("!", (inner,)):
            found = _looked_for_in(inner, var)
            return None if found is None else (found[0], not found[1])
        case Call("in", (Name(name), source)) if name == var and not isinstance(source, ListLit):
            return None if any(isinstance(part, Name) and part.name == var for part in walk(source)) else (source, True)
        case _:
            return None


def _set_of(items: tuple[Lit, ...], positive: bool) -> tuple[str, str, bool] | None:
    values = [item.value for item in items]
    if values and all(isinstance(value, str) for value in values):
        return "string", f"[{', '.join(text(str(value)) for value in values)}]", positive
    if values and all(isinstance(value, bool) for value in values):
        return "boolean", f"[{', '.join(constant(value).truth[1] for value in values)}]", positive
    if values and all(type(value) in (int, float) for value in values):
        made = [constant(value).number for value in values]
        members = ", ".join(f'{{"whole": {whole}, "millionths": {rest}}}' for _, whole, rest in made)
        return "number", f"[{members}]", positive
    return None


def _written(node: Node) -> str:
    """`args.amount` of a field directly below the arguments."""
    return (
        f"args.{node.key}"
        if isinstance(node, Field) and node.base == Name("args", node.base.start, node.base.end)
        else ""
    )
