"""Names and kinds of a parsed condition: what can be known to be wrong before any call is seen.

Every problem is collected, not the first only. Leaves out what depends on a tool's schema; lint knows that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from govern.conditions.inputs import ORIGINS, Read, path_of, path_text, reads
from govern.conditions.parse import parse
from govern.conditions.problems import ConditionError, Problem
from govern.conditions.scope import PLACES, FieldType, Scope
from govern.conditions.times import WEEKDAYS, duration_ns, is_date, time_kind, timestamp_ns
from govern.conditions.tree import (
    HISTORY,
    Call,
    Field,
    Has,
    Item,
    ListLit,
    Lit,
    LitValue,
    Macro,
    Name,
    Node,
    bind,
    fixed,
    rewrite,
)
from govern.conditions.values import MAX_NESTED, lexical_path
from govern.findings import did_you_mean

NAMES = ("args", "tool", "agent", "at")
MAX_UNROLLED = 1000
URL_PARTS = ("host", "scheme", "path")
_BOOL, _NUMBER, _STRING, _LIST, _OBJECT, _TIMESTAMP, _DURATION, _NULL, _ANY, _NEVER = (
    "truth value",
    "number",
    "string",
    "list",
    "object",
    "timestamp",
    "duration",
    "null",
    "any",
    "?",
)
_TIMES = (_TIMESTAMP, _DURATION)
_RESULT = {
    "size": _NUMBER, "lower": _STRING, "domain": _STRING, "list": _LIST, "keys": _LIST, "within": _BOOL,
    "startsWith": _BOOL, "endsWith": _BOOL, "contains": _BOOL, "matches": _BOOL,
    "url.host": _STRING, "url.scheme": _STRING, "url.path": _STRING,
    "timestamp": _TIMESTAMP, "duration": _DURATION, "date": _STRING, "hour": _NUMBER, "weekday": _STRING,
    "calls": _NUMBER, "succeeded": _NUMBER, "origin": _STRING, "named_by_user": _BOOL,
}  # fmt: skip
_SPAN = "a span of time is written `duration('24h')`"
_FIELD_KINDS = {
    "string": _STRING, "number": _NUMBER, "integer": _NUMBER, "boolean": _BOOL, "timestamp": _TIMESTAMP,
    "list": _LIST, "object": _OBJECT, "any": _ANY,
}  # fmt: skip
_ELSEWHERE = {
    "record": "it is one entry of what a tool reads, known only in the conditions of `records`",
    "result": "it is what the call gave back, known only where a result is judged",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is known to be well formed.

    Args:
        text: as written.
        tree: its syntax tree, `url(x).host` already a call of `url.host`, a fact's time a call of `timestamp`.
        reads: every input path it reads, in order of appearance.
    """

    text: str
    tree: Node
    reads: tuple[Read, ...]

    @property
    def outside(self) -> frozenset[str]:
        """What it reads beyond `args`, `tool` and `agent`: `at`, `record`, `result`, names of facts and of
        functions of the history (`calls`, `succeeded`, `origin`, `named_by_user`)."""
        return frozenset(str(read.path[0]).partition("(")[0] for read in self.reads) - {"args"}


@lru_cache(maxsize=4096)
def parse_condition(text: str, scope: Scope = Scope()) -> Condition:  # noqa: B008 - frozen
    """Parses and checks a condition.

    Args:
        text: as written.
        scope: the names that it may use beside `args`, `tool`, `agent` and `at`.

    Raises:
        ConditionError: with every problem found (of a broken syntax only the first can be known).
    """
    tree = rewrite(parse(text), _url_part)
    checker = _Checker(scope)
    kind = checker.kind(tree, ())
    if kind not in (_BOOL, _ANY, _NEVER):
        checker.wrong(tree, f"a condition is true or false, this is {_a(kind)}", "compare it with something")
    if checker.problems:
        raise ConditionError(tuple(sorted(checker.problems, key=lambda problem: problem.start)))
    if checker.timed:
        tree = rewrite(tree, checker.read_times)
    return Condition(text, tree, reads(tree))


def bound(condition: Condition, *, tool: str, agent: str) -> Node:
    """The tree for one tool of one agent, in which `tool` and `agent` are literals."""
    return bind(condition.tree, {"tool": tool, "agent": agent})


def constant(condition: Condition) -> bool | None:
    """True or False where the condition has that value for every input, else None. Folds literals only."""
    if not fixed(condition.tree):
        return None
    from govern.conditions.python import decider  # only what is decided needs an engine

    return decider(condition.tree)({})


def _url_part(node: Node) -> Node:
    """Turns `url(x).host` into the call `url.host(x)`."""
    match node:
        case Field(Call("url", (operand,), start, _), key, _, end) if key in URL_PARTS:
            return Call(f"url.{key}", (operand,), start, end)
        case _:
            return node


def _a(kind: str) -> str:
    return kind if kind == _NULL else f"an {kind}" if kind == _OBJECT else f"a {kind}"


class _Checker:
    def __init__(self, scope: Scope) -> None:
        self.problems: list[Problem] = []
        self.unrolled = 1
        self.scope = scope
        self.facts = _fields(scope)
        self.timed = False

    def wrong(self, node: Node, message: str, hint: str = "", code: str = "wrong-kind") -> str:
        self.problems.append(Problem(node.start, node.end, message, hint, code))
        return _NEVER

    def kind(self, node: Node, variables: tuple[str, ...]) -> str:
        """The kind of a node's value as far as it is known without a call."""
        match node:
            case Lit(value):
                return _literal_kind(value)
            case Name(name):
                return self.name(node, name, variables)
            case Field(base) | Item(base):
                return self.member(node, base, variables)
            case Has(target):
                self.kind(target, variables)
                return _BOOL
            case ListLit():
                return self.wrong(node, "a written list stands only after `in` or before `.all`, `.exists`")
            case Macro():
                return self.macro(node, variables)
            case Call():
                return self.call(node, variables)

    # -- names --

    def name(self, node: Node, name: str, variables: tuple[str, ...]) -> str:
        if name in variables or name == "args" or name in self.scope.places:
            return _ANY
        if name == "at":
            return _TIMESTAMP
        if name in NAMES:
            return _STRING
        if name in self.facts:
            return self.wrong(node, f"`{name}` is a fact: name one of its fields", self.fields_hint(name))
        if name in PLACES:
            return self.wrong(node, f"there is no `{name}` here", _ELSEWHERE[name], "unknown-name")
        known = (*NAMES, *sorted(self.scope.places), *self.facts, *variables)
        hint = self.field_called(name) or did_you_mean(name, known)
        return self.wrong(node, f"`{name}` is not a name that conditions know", hint, "unknown-name")

    def field_called(self, name: str) -> str:
        """A hint for a field whose fact was left out."""
        owners = [fact for fact, fields in self.facts.items() if name in fields]
        return f"did you mean `{owners[0]}.{name}`?" if len(owners) == 1 else ""

    def fields_hint(self, fact: str) -> str:
        fields = list(self.facts[fact])
        return f"as in `{fact}.{fields[0]}`" if fields else "it has none"

    def member(self, node: Field | Item, base: Node, variables: tuple[str, ...]) -> str:
        if isinstance(base, Call) and base.fn == "url":
            return self.wrong(node, "`url(x)` has `host`, `scheme` and `path`", code="unknown-name")
        if isinstance(base, Name) and base.name in self.facts and isinstance(node, Field):
            return self.fact_field(node, base.name)
        kind = self.kind(base, variables)
        if kind not in (_ANY, _OBJECT, _LIST, _NEVER) or (kind == _LIST and isinstance(node, Field)):
            return self.wrong(node, f"{_a(kind)} has no fields or items")
        if kind == _OBJECT and isinstance(node, Item):
            return self.wrong(node, "an object has fields, no items")
        if kind == _LIST and not isinstance(base, Field | Item):
            return self.wrong(node, "a made list has no places", "look for an item with `exists`")
        if isinstance(base, Name) and base.name == "args" and isinstance(node, Item):
            return self.wrong(node, "`args` is an object: name the argument, as in `args.x`")
        return _ANY

    def fact_field(self, node: Field, fact: str) -> str:
        found = self.facts[fact].get(node.key)
        if found is None:
            message = f"the fact `{fact}` has no field `{node.key}`"
            return self.wrong(node, message, did_you_mean(node.key, self.facts[fact]), "unknown-name")
        self.timed = self.timed or found.kind == "timestamp"
        return _FIELD_KINDS[found.kind]

    def read_times(self, node: Node) -> Node:
        """Turns a fact's time into a call of `timestamp`, but where it is only compared with null."""
        match node:
            case Field(Name(fact), key) if fact in self.facts and self.facts[fact][key].kind == "timestamp":
                return Call("timestamp", (node,), node.start, node.end)
            case Call("timestamp", (operand,)) if time_kind(operand):
                return operand
            case Call("==" | "!=" as fn, (Call("timestamp", (Field() as place,)), Lit(None) as null), start, end):
                return Call(fn, (place, null), start, end)
            case Call("==" | "!=" as fn, (Lit(None) as null, Call("timestamp", (Field() as place,))), start, end):
                return Call(fn, (null, place), start, end)
            case _:
                return node

    # -- lists --

    def source(self, node: Node, variables: tuple[str, ...]) -> None:
        if isinstance(node, ListLit):
            return
        kind = self.kind(node, variables)
        if kind not in (_ANY, _LIST, _NEVER):
            self.wrong(node, f"a list is needed here, this is {_a(kind)}")

    def macro(self, node: Macro, variables: tuple[str, ...]) -> str:
        self.source(node.source, variables)
        if isinstance(node.source, ListLit) and node.fn in ("filter", "count"):
            self.wrong(node.source, f"`{node.fn}` of a written list is not in the language")
        if node.var in variables:
            self.wrong(node, f"`{node.var}` is already the name of an outer item", "use another name")
        if node.var in self.facts:
            self.wrong(node, f"`{node.var}` is already the name of a fact", "use another name")
        if len(variables) >= MAX_NESTED:
            self.wrong(node, f"macros nested deeper than {MAX_NESTED}")
        outer = self.unrolled
        if isinstance(node.source, ListLit):
            self.unrolled *= max(len(node.source.items), 1)
            if self.unrolled > MAX_UNROLLED:
                return self.wrong(node.source, f"written lists in written lists: more than {MAX_UNROLLED} cases")
        body = self.kind(node.body, (*variables, node.var))
        self.unrolled = outer
        if body not in (_BOOL, _ANY, _NEVER):
            self.wrong(node.body, f"`{node.fn}` needs a condition, this is {_a(body)}")
        return {"filter": _LIST, "count": _NUMBER}.get(node.fn, _BOOL)

    # -- calls --

    def call(self, node: Call, variables: tuple[str, ...]) -> str:
        fn, operands = node.fn, node.operands
        if fn == "in":
            return self.member_test(operands[0], operands[1], variables)
        if fn == "url":
            return self.wrong(node, "`url(x)` is used through `host`, `scheme` or `path`", "write `url(x).host`")
        if fn in ("&&", "||", "!", "?:"):
            for operand in operands:
                self.operand(operand, variables, (_BOOL,), f"`{'? :' if fn == '?:' else fn}` joins conditions")
            return _BOOL
        if fn in ("==", "!=", "<", "<=", ">", ">="):
            return self.comparison(node, variables)
        if fn in ("+", "-"):
            return self.sum(node, variables)
        if fn in ("*", "neg"):
            kinds = [self.operand(operand, variables, (_NUMBER,), "arithmetic is of numbers") for operand in operands]
            return _NEVER if _NEVER in kinds else _NUMBER
        if fn == "list":
            if not isinstance(operands[0], Name | Field | Item):
                return self.wrong(node, "`list` takes an argument's path, as in `list(args.cc)`")
            self.operand(operands[0], variables, (_LIST,), "`list` is of a list that may be missing")
            return _LIST
        if fn == "keys":
            self.operand(operands[0], variables, (_OBJECT,), "`keys` is of an object")
            return _LIST
        if fn == "size":
            sized = (_STRING, _LIST, _OBJECT)
            self.operand(operands[0], variables, sized, "`size` is of a string, a list or an object")
            return _NUMBER
        if fn in HISTORY:
            self.history(node, operands[0], variables)
            return _RESULT[fn]
        if fn in ("timestamp", "duration", "date", "hour", "weekday"):
            self.time(node, operands[0], variables)
            return _RESULT[fn]
        for operand in operands:
            self.operand(operand, variables, (_STRING,), f"`{fn}` is of strings")
        if fn == "matches":
            self.pattern(operands[1])
        if fn == "within":
            self.folder(operands[1])
        return _RESULT[fn]

    def operand(self, node: Node, variables: tuple[str, ...], kinds: tuple[str, ...], message: str) -> str:
        kind = self.kind(node, variables)
        if kind not in (*kinds, _ANY, _NEVER):
            return self.wrong(node, f"{message}, this is {_a(kind)}")
        return kind

    def member_test(self, item: Node, source: Node, variables: tuple[str, ...]) -> str:
        kind = self.operand(item, variables, (_STRING, _NUMBER, _BOOL, _NULL), "`in` looks for a single value")
        self.source(source, variables)
        for literal in source.items if isinstance(source, ListLit) else ():
            other = _literal_kind(literal.value)
            if kind in (_STRING, _NUMBER, _BOOL) and other not in (kind, _NULL):
                self.wrong(literal, f"{_a(kind)} is looked for among {_a(other)}: never true, never false")
            else:
                self.one_of(item, literal)
        return _BOOL

    def comparison(self, node: Call, variables: tuple[str, ...]) -> str:
        left, right = (self.kind(operand, variables) for operand in node.operands)
        if _NEVER in (left, right):
            return _BOOL
        equality = node.fn in ("==", "!=")
        if equality and _NULL in (left, right):
            for operand, kind in zip(node.operands, (left, right), strict=True):
                if kind in (_LIST, *_TIMES) and not isinstance(operand, Field | Item):
                    self.wrong(operand, f"{_a(kind)} is never null here")
            return _BOOL
        for operand, kind in zip(node.operands, (left, right), strict=True):
            if kind in (_LIST, _OBJECT) or (kind in (_BOOL, _NULL) and not equality):
                self.wrong(operand, f"`{node.fn}` does not compare {_a(kind)}", "compare sizes, or items with `exists`")
                return _BOOL
        if left != right and (left in _TIMES or right in _TIMES):
            self.mixed_times(node, left, right)
            return _BOOL
        if _ANY not in (left, right) and left != right:
            self.wrong(node, f"{_a(left)} is compared with {_a(right)}: never true, never false")
            return _BOOL
        for one, two in (node.operands, node.operands[::-1]):
            self.words_compared(node, one, two)
        return _BOOL

    def words_compared(self, node: Call, subject: Node, other: Node) -> None:
        """Of a value with known words: they are equal or not, never more or less; a literal is one of them."""
        words = self.words(subject)
        if node.fn not in ("==", "!=") and any(isinstance(word, str) for word in words):
            hint = "name the ones that are meant, as in `x in ['a', 'b']`"
            self.wrong(node, f"`{node.fn}` compares the letters of {self.shown(subject)}, not their rank", hint)
        elif isinstance(other, Lit) and node.fn in ("==", "!="):
            self.one_of(subject, other)
        elif isinstance(other, Lit) and isinstance(subject, Call) and subject.fn == "date":
            self.date(other)

    def one_of(self, subject: Node, literal: Lit) -> bool:
        """Whether a literal can be the subject's value, as far as its words are known; reported where not."""
        if literal.value is None:
            return True
        if isinstance(subject, Call) and subject.fn == "date":
            return self.date(literal)
        words, kind = self.words(subject), _literal_kind(literal.value)
        if not words or any(_literal_kind(word) == kind and word == literal.value for word in words):
            return True
        texts = [word for word in words if isinstance(word, str)]
        if isinstance(literal.value, str) and texts:
            hint = did_you_mean(literal.value, texts)
        else:
            hint = "one of " + ", ".join(f"`{_written(word)}`" for word in words[:12]) + ", …" * (len(words) > 12)
        self.wrong(literal, f"`{_written(literal.value)}` is never {self.shown(subject)}", hint, "not-in-enum")
        return False

    def words(self, node: Node) -> tuple[LitValue, ...]:
        """All values that a node can have; empty where that is not known."""
        match node:
            case Call("weekday"):
                return WEEKDAYS
            case Call("origin"):
                return ORIGINS
            case Call("hour"):
                return tuple(range(24))
            case Field(Name(fact), key) if fact in self.facts and key in self.facts[fact]:
                return self.facts[fact][key].values
            case _:
                return ()

    def shown(self, node: Node) -> str:
        """A value with known words, as a message names it."""
        match node:
            case Call("weekday"):
                return "a weekday"
            case Call("hour"):
                return "an hour"
            case Call("origin"):
                return "an origin"
            case _:
                return f"a value of `{path_text(path_of(node) or ())}`"

    # -- times --

    def sum(self, node: Call, variables: tuple[str, ...]) -> str:
        left, right = (self.kind(operand, variables) for operand in node.operands)
        if left not in _TIMES and right not in _TIMES:
            wrong = [
                self.wrong(operand, f"arithmetic is of numbers, this is {_a(kind)}")
                for operand, kind in zip(node.operands, (left, right), strict=True)
                if kind not in (_NUMBER, _ANY, _NEVER)
            ]
            return _NEVER if wrong or _NEVER in (left, right) else _NUMBER
        if _NEVER in (left, right):
            return _NEVER
        made = {
            ("+", _TIMESTAMP, _DURATION): _TIMESTAMP, ("+", _DURATION, _TIMESTAMP): _TIMESTAMP,
            ("-", _TIMESTAMP, _DURATION): _TIMESTAMP, ("-", _TIMESTAMP, _TIMESTAMP): _DURATION,
            ("+", _DURATION, _DURATION): _DURATION, ("-", _DURATION, _DURATION): _DURATION,
        }.get((node.fn, left, right))  # fmt: skip
        if made is not None:
            return made
        if _ANY in (left, right):
            return self.mixed_times(node, left, right)
        hint = "a timestamp and a duration can be joined, as in `at - duration('24h')`"
        return self.wrong(node, f"`{node.fn}` does not join {_a(left)} and {_a(right)}", hint)

    def mixed_times(self, node: Call, left: str, right: str) -> str:
        """Reports a time beside what is none: arguments hold text, which has to be read first."""
        if _ANY in (left, right):
            operand, kind = (node.operands[0], right) if left == _ANY else (node.operands[1], left)
            hint = f"write `{_read(operand)}`" if kind == _TIMESTAMP and node.fn != "+" else _SPAN
            return self.wrong(operand, f"beside {_a(kind)} this is no time yet", hint)
        hint = ""
        if {left, right} == {_TIMESTAMP, _STRING}:
            hint = "read the text with `timestamp(x)`, or compare days with `date(x)`"
        elif {left, right} == {_DURATION, _STRING} or {left, right} == {_DURATION, _NUMBER}:
            hint = _SPAN
        return self.wrong(node, f"{_a(left)} is compared with {_a(right)}: never true, never false", hint)

    def time(self, node: Call, operand: Node, variables: tuple[str, ...]) -> None:
        if node.fn == "duration":
            self.duration(node, operand)
        elif node.fn == "timestamp":
            self.operand(operand, variables, (_STRING, _TIMESTAMP), "`timestamp` is of a string")
            self.timed = True
            if isinstance(operand, Lit) and isinstance(operand.value, str) and timestamp_ns(operand.value) is None:
                message = f"`{operand.value}` is no point in time"
                hint = "RFC 3339 with an offset, as in `2026-11-23T09:00:00Z`; the year from 1678 to 2261"
                self.wrong(operand, message, hint, "invalid-time")
        else:
            kind = self.kind(operand, variables)
            if kind not in (_TIMESTAMP, _NEVER):
                found = "none yet" if kind == _ANY else _a(kind)
                hint = f"write `{node.fn}({_read(operand)})`" if kind in (_ANY, _STRING) else f"as in `{node.fn}(at)`"
                self.wrong(operand, f"`{node.fn}` is of a timestamp, this is {found}", hint)

    def duration(self, node: Call, operand: Node) -> None:
        if not (isinstance(operand, Lit) and isinstance(operand.value, str)):
            self.wrong(operand, "a duration is a written string", "as in `duration('24h')`")
        elif duration_ns(operand.value) is None:
            hint = "numbers with `h`, `m`, `s`, `ms`, `us`, `ns`, as in `24h`, `1h30m`; at most 292 years"
            if operand.value[-1:] == "d" and operand.value[:-1].isdigit() and len(operand.value) < 7:
                hint = f"hours are the largest unit: write `{int(operand.value[:-1]) * 24}h`"
            self.wrong(operand, f"`{operand.value}` is no duration", hint, "invalid-duration")

    def date(self, literal: Lit) -> bool:
        if not isinstance(literal.value, str) or is_date(literal.value):
            return True
        self.wrong(literal, f"`{literal.value}` is no date", "as in `2026-11-23`", "invalid-time")
        return False

    # -- history --

    def history(self, node: Call, operand: Node, variables: tuple[str, ...]) -> None:
        if node.fn in ("origin", "named_by_user"):
            path = path_of(operand, variables)
            if isinstance(operand, Call) or path is None or path[0] != "args" or len(path) < 2:
                hint = f"as in `{node.fn}(args.to)`; of a list it is asked as a whole"
                self.wrong(operand, f"`{node.fn}` is of an argument's path", hint)
            else:
                self.kind(operand, variables)
            return
        if isinstance(operand, Name) and operand.name == "tool":
            return
        if not (isinstance(operand, Lit) and isinstance(operand.value, str) and operand.value):
            self.wrong(operand, f"`{node.fn}` takes a tool's written name", f"as in `{node.fn}('get_order')`")
        elif any(char in operand.value for char in "*?"):
            message = f"`{operand.value}` is a pattern, `{node.fn}` counts one tool"
            self.wrong(operand, message, "name the tool, and add the counts of several", "undefined-tool")
        elif self.scope.tools is not None and operand.value not in self.scope.tools:
            hint = did_you_mean(operand.value, self.scope.tools)
            self.wrong(operand, f"the tool `{operand.value}` is not in `tools`", hint, "undefined-tool")

    # -- what must be written --

    def pattern(self, node: Node) -> None:
        if not (isinstance(node, Lit) and isinstance(node.value, str)):
            self.wrong(node, "a pattern is a written string", "it must be known before any call")
            return
        problem = pattern_problem(node.value)
        if problem:
            self.wrong(node, f"the pattern is not RE2: {problem}", code="condition-pattern")

    def folder(self, node: Node) -> None:
        text = node.value if isinstance(node, Lit) else None
        if not isinstance(text, str) or not text.startswith("/") or (text != "/" and lexical_path(text) is None):
            self.wrong(
                node,
                "`within` needs a written absolute folder without `.`, `..`, an empty segment, a backslash or a "
                "trailing `/`",
                "as in `within(args.path, '/srv/reports')`",
            )


def _read(node: Node) -> str:
    """How text would be read as a time."""
    path = path_of(node)
    return f"timestamp({path_text(path)})" if path and isinstance(node, Field | Item) else "timestamp(x)"


@lru_cache(maxsize=64)
def _fields(scope: Scope) -> dict[str, dict[str, FieldType]]:
    return {fact: dict(fields) for fact, fields in scope.facts}


def _written(value: LitValue) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


def _literal_kind(value: LitValue) -> str:
    match value:
        case None:
            return _NULL
        case bool():
            return _BOOL
        case str():
            return _STRING
        case _:
            return _NUMBER


def pattern_problem(pattern: str) -> str:
    """Why RE2 refuses a pattern, or an empty string."""
    import re2  # only what has a pattern waits for it

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0]
        return detail.decode() if isinstance(detail, bytes) else str(detail)
    return ""
