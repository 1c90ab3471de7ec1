"""What sort of value a part of a condition makes, as far as its form tells."""

from __future__ import annotations

from govern.conditions.tree import Call, Has, Lit, Macro, Node

_ARITHMETIC = ("+", "-", "*", "neg")
_STRINGS = ("lower", "domain", "url.host", "url.scheme", "url.path", "date", "weekday", "origin")
_COUNTS = ("size", "hour", "calls", "succeeded")


def is_arithmetic(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in _ARITHMETIC


def is_string(node: Node) -> bool:
    return (isinstance(node, Lit) and isinstance(node.value, str)) or (isinstance(node, Call) and node.fn in _STRINGS)


def is_count(node: Node) -> bool:
    return (isinstance(node, Macro) and node.fn == "count") or (isinstance(node, Call) and node.fn in _COUNTS)


def is_list(node: Node) -> bool:
    return (isinstance(node, Macro) and node.fn == "filter") or (isinstance(node, Call) and node.fn in ("list", "keys"))


def is_truth(node: Node) -> bool:
    match node:
        case Has() | Macro("all" | "exists") | Lit(bool()):
            return True
        case Call(fn):
            return not (is_arithmetic(node) or is_string(node) or is_count(node) or is_list(node)) and fn != "url"
        case _:
            return False
