"""Conditions in words where they are simple, as written where they are not: never in words that say something else.

Text stands in backticks, numbers and truth values bare, so that `5` and "5" stay apart.
"""

from __future__ import annotations

from govern.charter.sentences.document import code
from govern.conditions import Condition
from govern.conditions.inputs import path_of, path_text
from govern.conditions.tree import Call, Has, ListLit, Lit, Macro, Node

_COMPARED = {
    "==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least",
}  # fmt: skip
_TESTS = {
    "startsWith": ("begins with", "does not begin with"),
    "endsWith": ("ends with", "does not end with"),
    "contains": ("contains", "does not contain"),
    "matches": ("matches the pattern", "does not match the pattern"),
    "within": ("lies in the folder", "does not lie in the folder"),
}
_OF = {
    "size": "the size of {}", "lower": "{} in lower case", "domain": "the mail domain of {}",
    "url.host": "the host of {}", "url.scheme": "the scheme of {}", "url.path": "the path of {}",
    "hour": "the hour of {}", "date": "the day of {}", "weekday": "the weekday of {}",
    "origin": "the origin of {}", "keys": "the keys of {}",
}  # fmt: skip
_HISTORY = {"calls": "the number of earlier calls of {}", "succeeded": "the number of earlier successes of {}"}


def in_words(condition: Condition) -> str:
    """A condition as half a sentence that can follow `if` or `it is known that`."""
    return _Words(condition.text).whole(condition.tree) or code(" ".join(condition.text.split()))


class _Words:
    def __init__(self, text: str) -> None:
        self.text = text

    def whole(self, node: Node) -> str | None:
        """A condition; None where words would be harder to read than what is written, or could be misread."""
        match node:
            case Macro("all" | "exists" as fn, source, var, body):
                inner, of = self.joined(body), self.value(source)
                if inner is None or of is None:
                    return None
                if fn == "all":
                    return f"for every item {code(var)} of {of}: {inner}"
                return f"there is an item {code(var)} of {of} for which {inner}"
            case _:
                return self.joined(node)

    def joined(self, node: Node) -> str | None:
        """Parts with one kind of word between them."""
        if not (isinstance(node, Call) and node.fn in ("&&", "||")):
            return self.single(node)
        parts: list[str] = []
        waiting: list[Node] = [node]
        while waiting:
            part = waiting.pop(0)
            if isinstance(part, Call) and part.fn == node.fn:
                waiting[:0] = part.operands
                continue
            said = self.single(part)
            if said is None:
                return None
            parts.append(said)
        return (" and " if node.fn == "&&" else " or ").join(parts)

    def single(self, node: Node) -> str | None:
        match node:
            case Call("!", (inner,)):
                return self.negated(inner)
            case Has(target):
                path = path_of(target)
                return f"{code(path_text(path))} is given" if path else None
            case Call(fn, (left, right)) if fn in _COMPARED:
                return self.two(left, _COMPARED[fn], right)
            case Call(fn, (left, right)) if fn in _TESTS:
                return self.two(left, _TESTS[fn][0], right)
            case Call("in", (left, right)):
                return self.two(left, "is one of" if isinstance(right, ListLit) else "is among", right)
            case Call("named_by_user", (of,)):
                said = self.value(of)
                return f"the user named {said}" if said else None
            case Call():
                return None
            case _:
                path = path_of(node)
                return f"{code(path_text(path))} is true" if path else None

    def negated(self, node: Node) -> str | None:
        match node:
            case Has(target):
                path = path_of(target)
                return f"{code(path_text(path))} is not given" if path else None
            case Call(fn, (left, right)) if fn in _TESTS:
                return self.two(left, _TESTS[fn][1], right)
            case Call("in", (left, right)):
                return self.two(left, "is none of" if isinstance(right, ListLit) else "is not among", right)
            case Call("named_by_user", (of,)):
                said = self.value(of)
                return f"the user did not name {said}" if said else None
            case Call():
                return None
            case _:
                path = path_of(node)
                return f"{code(path_text(path))} is false" if path else None

    def two(self, left: Node, between: str, right: Node) -> str | None:
        one, other = self.value(left), self.value(right)
        return f"{one} {between} {other}" if one and other else None

    def value(self, node: Node) -> str | None:
        match node:
            case Lit(value):
                return _literal(value)
            case ListLit(items):
                said = [_literal(item.value) for item in items]
                return ", ".join(each for each in said if each) if said and None not in said else None
            case Call(fn, (Lit(str() as tool),)) if fn in _HISTORY:
                return _HISTORY[fn].format(code(tool))
            case Call(fn, (of,)) if fn in _OF:
                inner = self.value(of)
                return _OF[fn].format(inner) if inner else None
            case _:
                return self.written(node)

    def written(self, node: Node) -> str | None:
        """An expression as it is written; None where its place in the text is not the whole of it."""
        text = self.text[node.start : node.end].strip()
        if not text or any(text.count(one) != text.count(other) for one, other in ("()", "[]", "{}")):
            return None
        return code(" ".join(text.split()))


def _literal(value: object) -> str | None:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            plain = value.isprintable() and value == value.strip() and value and "`" not in value
            return code(value) if plain else None
        case _:
            return str(value)
