"""The checker: names, kinds and words of a condition's tree, every problem at its place.

Leaves out what a tool's schema says (lint) and how trees are made ready for the engines (`check`).
"""

from __future__ import annotations

from govern.conditions import literals, words
from govern.conditions.inputs import path_of, path_text
from govern.conditions.kinds import (
    ANY,
    BOOL,
    DURATION,
    LIST,
    NEVER,
    NULL,
    NUMBER,
    OBJECT,
    OF_FIELD,
    RESULT,
    STRING,
    SUMS,
    TIMES,
    TIMESTAMP,
    a,
    literal_kind,
)
from govern.conditions.literals import SPAN
from govern.conditions.problems import Problem
from govern.conditions.scope import PLACES, Scope
from govern.conditions.tree import HISTORY, Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node
from govern.conditions.values import MAX_NESTED
from govern.conditions.words import Facts
from govern.findings import did_you_mean

NAMES = ("args", "tool", "agent", "at")
MAX_UNROLLED = 1000
_ELSEWHERE = {
    "record": "it is one entry of what a tool reads, known only in the conditions of `records`",
    "result": "it is what the call gave back, known only where a result is judged",
}


class Checker:
    """Walks a tree once and collects what is wrong.

    Args:
        scope: the names that exist.
        facts: its facts, by name, with their fields.
    """

    def __init__(self, scope: Scope, facts: Facts) -> None:
        self.problems: list[Problem] = []
        self.unrolled = 1
        self.scope = scope
        self.facts = facts
        self.timed = False

    def wrong(self, node: Node, message: str, hint: str = "", code: str = "wrong-kind") -> str:
        self.problems.append(Problem(node.start, node.end, message, hint, code))
        return NEVER

    def note(self, problem: Problem | None) -> None:
        if problem is not None:
            self.problems.append(problem)

    def kind(self, node: Node, variables: tuple[str, ...]) -> str:
        """The kind of a node's value as far as it is known without a call."""
        match node:
            case Lit(value):
                return literal_kind(value)
            case Name(name):
                return self.name(node, name, variables)
            case Field(base) | Item(base):
                return self.member(node, base, variables)
            case Has(target):
                self.kind(target, variables)
                return BOOL
            case ListLit():
                return self.wrong(node, "a written list stands only after `in` or before `.all`, `.exists`")
            case Macro():
                return self.macro(node, variables)
            case Call():
                return self.call(node, variables)

    # -- names --

    def name(self, node: Node, name: str, variables: tuple[str, ...]) -> str:
        if name in variables or name == "args" or name in self.scope.places:
            return ANY
        if name == "at":
            return TIMESTAMP
        if name in NAMES:
            return STRING
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
        if kind not in (ANY, OBJECT, LIST, NEVER) or (kind == LIST and isinstance(node, Field)):
            return self.wrong(node, f"{a(kind)} has no fields or items")
        if kind == OBJECT and isinstance(node, Item):
            return self.wrong(node, "an object has fields, no items")
        if kind == LIST and not isinstance(base, Field | Item):
            return self.wrong(node, "a made list has no places", "look for an item with `exists`")
        if isinstance(base, Name) and base.name == "args" and isinstance(node, Item):
            return self.wrong(node, "`args` is an object: name the argument, as in `args.x`")
        return ANY

    def fact_field(self, node: Field, fact: str) -> str:
        found = self.facts[fact].get(node.key)
        if found is None:
            message = f"the fact `{fact}` has no field `{node.key}`"
            return self.wrong(node, message, did_you_mean(node.key, self.facts[fact]), "unknown-name")
        self.timed = self.timed or found.kind == "timestamp"
        return OF_FIELD[found.kind]

    # -- lists --

    def source(self, node: Node, variables: tuple[str, ...]) -> None:
        if isinstance(node, ListLit):
            return
        kind = self.kind(node, variables)
        if kind not in (ANY, LIST, NEVER):
            self.wrong(node, f"a list is needed here, this is {a(kind)}")

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
        if body not in (BOOL, ANY, NEVER):
            self.wrong(node.body, f"`{node.fn}` needs a condition, this is {a(body)}")
        return {"filter": LIST, "count": NUMBER}.get(node.fn, BOOL)

    # -- calls --

    def call(self, node: Call, variables: tuple[str, ...]) -> str:
        fn, operands = node.fn, node.operands
        if fn == "in":
            return self.member_test(operands[0], operands[1], variables)
        if fn == "url":
            return self.wrong(node, "`url(x)` is used through `host`, `scheme` or `path`", "write `url(x).host`")
        if fn in ("&&", "||", "!", "?:"):
            for operand in operands:
                self.operand(operand, variables, (BOOL,), f"`{'? :' if fn == '?:' else fn}` joins conditions")
            return BOOL
        if fn in ("==", "!=", "<", "<=", ">", ">="):
            return self.comparison(node, variables)
        if fn in ("+", "-"):
            return self.sum(node, variables)
        if fn in ("*", "neg"):
            kinds = [self.operand(operand, variables, (NUMBER,), "arithmetic is of numbers") for operand in operands]
            return NEVER if NEVER in kinds else NUMBER
        if fn == "list":
            if not isinstance(operands[0], Name | Field | Item):
                return self.wrong(node, "`list` takes an argument's path, as in `list(args.cc)`")
            self.operand(operands[0], variables, (LIST,), "`list` is of a list that may be missing")
            return LIST
        if fn == "keys":
            self.operand(operands[0], variables, (OBJECT,), "`keys` is of an object")
            return LIST
        if fn == "size":
            sized = (STRING, LIST, OBJECT)
            self.operand(operands[0], variables, sized, "`size` is of a string, a list or an object")
            return NUMBER
        if fn in HISTORY:
            self.history(node, operands[0], variables)
            return RESULT[fn]
        if fn in ("timestamp", "duration", "date", "hour", "weekday"):
            self.time(node, operands[0], variables)
            return RESULT[fn]
        for operand in operands:
            self.operand(operand, variables, (STRING,), f"`{fn}` is of strings")
        if fn == "matches":
            self.note(literals.pattern(operands[1]))
        if fn == "within":
            self.note(literals.folder(operands[1]))
        return RESULT[fn]

    def operand(self, node: Node, variables: tuple[str, ...], kinds: tuple[str, ...], message: str) -> str:
        kind = self.kind(node, variables)
        if kind not in (*kinds, ANY, NEVER):
            return self.wrong(node, f"{message}, this is {a(kind)}")
        return kind

    def member_test(self, item: Node, source: Node, variables: tuple[str, ...]) -> str:
        kind = self.operand(item, variables, (STRING, NUMBER, BOOL, NULL), "`in` looks for a single value")
        self.source(source, variables)
        for literal in source.items if isinstance(source, ListLit) else ():
            other = literal_kind(literal.value)
            if kind in (STRING, NUMBER, BOOL) and other not in (kind, NULL):
                self.wrong(literal, f"{a(kind)} is looked for among {a(other)}: never true, never false")
            else:
                self.note(words.one_of(item, literal, self.facts))
        return BOOL

    def comparison(self, node: Call, variables: tuple[str, ...]) -> str:
        left, right = (self.kind(operand, variables) for operand in node.operands)
        if NEVER in (left, right):
            return BOOL
        equality = node.fn in ("==", "!=")
        if equality and NULL in (left, right):
            for operand, kind in zip(node.operands, (left, right), strict=True):
                if kind in (LIST, *TIMES) and not isinstance(operand, Field | Item):
                    self.wrong(operand, f"{a(kind)} is never null here")
            return BOOL
        for operand, kind in zip(node.operands, (left, right), strict=True):
            if kind in (LIST, OBJECT) or (kind in (BOOL, NULL) and not equality):
                self.wrong(operand, f"`{node.fn}` does not compare {a(kind)}", "compare sizes, or items with `exists`")
                return BOOL
        if left != right and (left in TIMES or right in TIMES):
            self.mixed_times(node, left, right)
            return BOOL
        if ANY not in (left, right) and left != right:
            self.wrong(node, f"{a(left)} is compared with {a(right)}: never true, never false")
            return BOOL
        for one, two in (node.operands, node.operands[::-1]):
            self.note(words.compared(node.fn, node, one, two, self.facts))
        return BOOL

    # -- times --

    def sum(self, node: Call, variables: tuple[str, ...]) -> str:
        left, right = (self.kind(operand, variables) for operand in node.operands)
        if left not in TIMES and right not in TIMES:
            wrong = [
                self.wrong(operand, f"arithmetic is of numbers, this is {a(kind)}")
                for operand, kind in zip(node.operands, (left, right), strict=True)
                if kind not in (NUMBER, ANY, NEVER)
            ]
            return NEVER if wrong or NEVER in (left, right) else NUMBER
        if NEVER in (left, right):
            return NEVER
        made = SUMS.get((node.fn, left, right))
        if made is not None:
            return made
        if ANY in (left, right):
            return self.mixed_times(node, left, right)
        hint = "a timestamp and a duration can be joined, as in `at - duration('24h')`"
        return self.wrong(node, f"`{node.fn}` does not join {a(left)} and {a(right)}", hint)

    def mixed_times(self, node: Call, left: str, right: str) -> str:
        """Reports a time beside what is none: arguments hold text, which has to be read first."""
        if ANY in (left, right):
            operand, kind = (node.operands[0], right) if left == ANY else (node.operands[1], left)
            hint = f"write `{_read(operand)}`" if kind == TIMESTAMP and node.fn != "+" else SPAN
            return self.wrong(operand, f"beside {a(kind)} this is no time yet", hint)
        hint = ""
        if {left, right} == {TIMESTAMP, STRING}:
            hint = "read the text with `timestamp(x)`, or compare days with `date(x)`"
        elif {left, right} == {DURATION, STRING} or {left, right} == {DURATION, NUMBER}:
            hint = SPAN
        return self.wrong(node, f"{a(left)} is compared with {a(right)}: never true, never false", hint)

    def time(self, node: Call, operand: Node, variables: tuple[str, ...]) -> None:
        if node.fn == "duration":
            self.note(literals.duration(operand))
        elif node.fn == "timestamp":
            self.operand(operand, variables, (STRING, TIMESTAMP), "`timestamp` is of a string")
            self.timed = True
            self.note(literals.moment(operand))
        else:
            kind = self.kind(operand, variables)
            if kind not in (TIMESTAMP, NEVER):
                found = "none yet" if kind == ANY else a(kind)
                hint = f"write `{node.fn}({_read(operand)})`" if kind in (ANY, STRING) else f"as in `{node.fn}(at)`"
                self.wrong(operand, f"`{node.fn}` is of a timestamp, this is {found}", hint)

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


def _read(node: Node) -> str:
    """How text would be read as a time."""
    path = path_of(node)
    return f"timestamp({path_text(path)})" if path and isinstance(node, Field | Item) else "timestamp(x)"
