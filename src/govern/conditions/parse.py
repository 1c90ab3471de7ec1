"""Text to tree: a recursive-descent parser for a subset of CEL, the Common Expression Language.

Source of the grammar: the CEL specification, "Syntax". Left out on purpose: division, modulo, unsigned and
bytes literals, maps, messages, triple-quoted strings, chained comparisons (`a < b < c`), the methods of
timestamps (`date`, `hour` and `weekday` are ours, in the deployment's time zone). Every one of them is refused
at its position. Names and kinds are judged by `check`.

Why not Google's parser here: it gives one error a text, expands macros so that positions are lost, does not
know `count`, and would be needed wherever a policy is loaded. It is the oracle of the tests instead.
"""

from __future__ import annotations

import re
from typing import NoReturn

from govern.conditions.problems import ConditionError, Problem
from govern.conditions.tree import HISTORY, Call, Field, Has, Item, ListLit, Lit, LitValue, Macro, Name, Node
from govern.events.canonical import number
from govern.findings import did_you_mean

MAX_LENGTH = 4096
MAX_DEPTH = 32
MAX_LIST = 1000
MAX_CHAIN = 64

MACROS = frozenset({"all", "exists", "filter"})
METHODS = frozenset({"startsWith", "endsWith", "contains", "matches", "size"})
FUNCTIONS = frozenset(
    {
        "size", "lower", "list", "keys", "within", "domain", "url", "count", "has",
        "timestamp", "duration", "date", "hour", "weekday", *HISTORY,
    }
)  # fmt: skip
FIXED_NAMES = ("args", "tool", "agent", "at", "record", "result")
LITERALS = frozenset({"true", "false", "null"})
ARITY = {"within": 2, "count": 3}

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<number>(?:0[xX][0-9A-Fa-f]+|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)[A-Za-z_]*)
      | (?P<string>[rRbB]*(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<op>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_CODED = re.compile(r"\\(?:[xX]([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2}))")
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
RESERVED_WORDS = frozenset(
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    }
)  # fmt: skip


_LEAST = "-9223372036854775808"


class _Token:
    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind, self.text, self.start, self.end = kind, text, start, end


def _fail(start: int, end: int, message: str, hint: str = "", code: str = "condition-syntax") -> NoReturn:
    raise ConditionError((Problem(start, end, message, hint, code),))


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            char = text[at]
            if text.startswith("=>", at):
                _fail(at, at + 2, "`=>` is no operator", "at least is `>=`")
            hint = {
                "=": "equality is `==`", "&": "and is `&&`", "|": "or is `||`",
                "'": "the string does not end", '"': "the string does not end",
            }.get(char, "")  # fmt: skip
            _fail(at, at + 1, f"`{char}` is not understood here", hint)
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(_Token(kind, match.group(), at, match.end()))
        at = match.end()
    found.append(_Token("end", "", len(text), len(text)))
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def next(self) -> _Token:
        token = self.token
        self.at += 1
        return token

    def take(self, *texts: str) -> _Token | None:
        token = self.token
        if token.kind in ("op", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def expect(self, text: str) -> _Token:
        token = self.take(text)
        if token is None:
            got = f"`{self.token.text}`" if self.token.text else "the end"
            _fail(self.token.start, max(self.token.end, self.token.start + 1), f"expected `{text}`, got {got}")
        return token

    def link(self, links: int, token: _Token) -> int:
        if links >= MAX_CHAIN:
            _fail(token.start, max(token.end, token.start + 1), f"a chain of more than {MAX_CHAIN} links")
        return links + 1

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            _fail(self.token.start, self.token.end, f"nested deeper than {MAX_DEPTH}")
        node = self.logic("||")
        if self.take("?"):
            then = self.logic("||")
            self.expect(":")
            other = self.expression()
            node = Call("?:", (node, then, other), node.start, other.end)
        self.depth -= 1
        return node

    def logic(self, op: str) -> Node:
        parts = [self.logic("&&") if op == "||" else self.relation()]
        while self.take(op):
            parts.append(self.logic("&&") if op == "||" else self.relation())
        return parts[0] if len(parts) == 1 else Call(op, tuple(parts), parts[0].start, parts[-1].end)

    def relation(self) -> Node:
        left = self.sum()
        op = self.take("==", "!=", "<", "<=", ">", ">=", "in")
        if op is None:
            return left
        right = self.sum()
        again = self.take("==", "!=", "<", "<=", ">", ">=", "in")
        if again is not None:
            _fail(again.start, again.end, f"`{again.text}` after `{op.text}`: comparisons do not chain",
                  "join two comparisons with `&&`")  # fmt: skip
        return Call(op.text, (left, right), left.start, right.end)

    def sum(self) -> Node:
        node = self.product()
        links = 0
        while op := self.take("+", "-"):
            links = self.link(links, op)
            right = self.product()
            node = Call(op.text, (node, right), node.start, right.end)
        return node

    def product(self) -> Node:
        node = self.unary()
        links = 0
        while op := self.take("*", "/", "%"):
            links = self.link(links, op)
            if op.text != "*":
                _fail(op.start, op.end, f"`{op.text}` is not in the language", "multiply the other side instead")
            right = self.unary()
            node = Call("*", (node, right), node.start, right.end)
        return node

    def unary(self) -> Node:
        op = self.take("!", "-")
        if op is None:
            return self.member()
        if op.text == "-" and self.token.kind == "number" and self.token.text == _LEAST[1:]:
            return Lit(int(_LEAST), op.start, self.next().end)  # without its sign it is no int64
        self.depth += 1
        if self.depth > MAX_DEPTH:
            _fail(op.start, op.end, f"nested deeper than {MAX_DEPTH}")
        operand = self.unary()
        self.depth -= 1
        if op.text == "!":
            return Call("!", (operand,), op.start, operand.end)
        value = operand.value if isinstance(operand, Lit) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value != int(_LEAST):
            return Lit(-value, op.start, operand.end)
        return Call("neg", (operand,), op.start, operand.end)

    def member(self) -> Node:
        node = self.primary()
        links = 0
        while True:
            links = self.link(links, self.token)
            if self.take("."):
                node = self.selection(node)
            elif self.take("["):
                node = self.indexed(node)
            else:
                return node

    def selection(self, base: Node) -> Node:
        name = self.next()
        if name.kind != "name":
            _fail(name.start, max(name.end, name.start + 1), "expected a field after `.`",
                  'a key that is no plain word is written `x["key"]`')  # fmt: skip
        if not self.take("("):
            if name.text in RESERVED_WORDS or name.text == "in" or name.text in LITERALS:
                _fail(name.start, name.end, f"`{name.text}` is a reserved word", f'write `["{name.text}"]`')
            return Field(base, name.text, base.start, name.end)
        if name.text in MACROS:
            var, body, end = self.macro_rest()
            return Macro(name.text, base, var, body, base.start, end)
        operands, end = self.call_rest()
        if name.text not in METHODS:
            hint = f"write `{name.text}(x)`" if name.text in FUNCTIONS else did_you_mean(name.text, METHODS | MACROS)
            _fail(name.start, name.end, f"`{name.text}` is no method", hint, "unknown-function")
        self.count(name, len(operands), 0 if name.text == "size" else 1)
        return Call(name.text, (base, *operands), base.start, end)

    def indexed(self, base: Node) -> Node:
        index = self.next()
        if index.kind == "string":
            key = self.string(index)
            end = self.expect("]").end
            return Field(base, key, base.start, end)
        if index.kind == "number" and index.text.isascii() and index.text.isdigit() and len(index.text) < 10:
            end = self.expect("]").end
            return Item(base, int(index.text), base.start, end)
        _fail(index.start, max(index.end, index.start + 1), "an index is a written number from 0, or a written string",
              "use `exists` to look for an item")  # fmt: skip

    def macro_rest(self) -> tuple[str, Node, int]:
        var = self.next()
        if var.kind != "name" or var.text == "in" or var.text in FIXED_NAMES or var.text in LITERALS:
            _fail(
                var.start,
                max(var.end, var.start + 1),
                "expected a name for the items",
                "as in `xs.all(x, x > 0)`",
            )
        self.expect(",")
        body = self.expression()
        return var.text, body, self.expect(")").end

    def call_rest(self) -> tuple[tuple[Node, ...], int]:
        operands: list[Node] = []
        if closing := self.take(")"):
            return (), closing.end
        while True:
            operands.append(self.expression())
            if not self.take(","):
                return tuple(operands), self.expect(")").end

    def count(self, name: _Token, got: int, expected: int) -> None:
        if got != expected:
            _fail(
                name.start,
                name.end,
                f"`{name.text}` takes {expected} argument{'s' * (expected != 1)}, got {got}",
            )

    def primary(self) -> Node:
        token = self.next()
        match token.kind:
            case "number":
                return Lit(self.number(token), token.start, token.end)
            case "string":
                return Lit(self.string(token), token.start, token.end)
            case "name":
                return self.named(token)
            case "op" if token.text == "(":
                inner = self.expression()
                self.expect(")")
                return inner
            case "op" if token.text == "[":
                return self.list_literal(token)
            case "end":
                _fail(max(token.start - 1, 0), max(token.start, 1), "the condition ends too early")
        hint = "maps are not in the language" if token.text == "{" else ""
        _fail(token.start, token.end, f"`{token.text}` is not expected here", hint)

    def named(self, token: _Token) -> Node:
        word = token.text
        if word in LITERALS:
            return Lit({"true": True, "false": False, "null": None}[word], token.start, token.end)
        if not self.take("("):
            if word in RESERVED_WORDS or word == "in":
                _fail(token.start, token.end, f"`{word}` is a reserved word")
            return Name(word, token.start, token.end)
        if word == "count":
            source = self.expression()
            self.expect(",")
            var, body, end = self.macro_rest()
            return Macro("count", source, var, body, token.start, end)
        operands, end = self.call_rest()
        if word == "has":
            self.count(token, len(operands), 1)
            if not isinstance(operands[0], Field):
                _fail(operands[0].start, operands[0].end, "`has` takes a field, as in `has(args.x)`")
            return Has(operands[0], token.start, end)
        if word not in FUNCTIONS:
            hint = f"write `x.{word}(…)`" if word in METHODS | MACROS else did_you_mean(word, FUNCTIONS | METHODS)
            _fail(token.start, token.end, f"`{word}` is no function", hint, "unknown-function")
        self.count(token, len(operands), ARITY.get(word, 1))
        return Call(word, operands, token.start, end)

    def list_literal(self, opening: _Token) -> Node:
        items: list[Lit] = []
        if closing := self.take("]"):
            return ListLit((), opening.start, closing.end)
        while True:
            item = self.unary()
            if not isinstance(item, Lit):
                _fail(item.start, item.end, "a written list holds only literals")
            items.append(item)
            if len(items) > MAX_LIST:
                _fail(item.start, item.end, f"a written list of more than {MAX_LIST} items")
            if not self.take(","):
                return ListLit(tuple(items), opening.start, self.expect("]").end)

    def number(self, token: _Token) -> LitValue:
        text = token.text
        if text[-1] in "uU" and not text.lower().startswith("0x"):
            _fail(token.start, token.end, f"`{text}`: numbers are one kind", f"write `{text[:-1]}`")
        if text.lower().startswith("0x"):
            _fail(token.start, token.end, f"`{text}`: hexadecimal is not in the language")
        if text[-1].isalpha() or "_" in text:
            _fail(token.start, token.end, f"`{text}` is no number")
        if re.match(r"0[0-9]", text):
            _fail(token.start, token.end, f"`{text}` has a leading zero")
        value = number("0" + text if text.startswith(".") else text)
        if not isinstance(value, int | float):
            _fail(token.start, token.end, f"`{text}` has no exact value as int64 or double")
        return value

    def string(self, token: _Token) -> str:
        prefix_length = next(i for i, char in enumerate(token.text) if char in "'\"")
        prefix, body = token.text[:prefix_length].lower(), token.text[prefix_length + 1 : -1]
        if "b" in prefix or len(prefix) > 1:
            _fail(token.start, token.end, f"`{prefix}` strings are not in the language")
        if token.text[prefix_length + 1 : prefix_length + 2] == "" or (not body and self.touching_quote(token)):
            _fail(token.start, token.end, "triple-quoted strings are not in the language")
        if prefix == "r" or "\\" not in body:
            return body
        return self.unescape(body, token.start + prefix_length + 1)

    def touching_quote(self, token: _Token) -> bool:
        return self.text[token.end : token.end + 1] in ("'", '"') and token.end < len(self.text)

    def unescape(self, body: str, offset: int) -> str:
        out: list[str] = []
        at = 0
        while at < len(body):
            char = body[at]
            if char != "\\":
                out.append(char)
                at += 1
                continue
            kind = body[at + 1]
            if kind in _ESCAPES:
                out.append(_ESCAPES[kind])
                at += 2
                continue
            match = _CODED.match(body, at)
            if match is None:
                _fail(offset + at, offset + at + 2, f"`\\{kind}` is no escape", "write `\\\\` for a backslash")
            code = int(match[4], 8) if match[4] else int(match[1] or match[2] or match[3], 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                _fail(offset + at, offset + match.end(), f"`{match[0]}` is no character")
            out.append(chr(code))
            at = match.end()
        return "".join(out)


def parse(text: str) -> Node:
    """The tree of a condition's text; its names and kinds are not judged yet.

    Raises:
        ConditionError: with the first problem of the syntax.
    """
    if len(text) > MAX_LENGTH:
        _fail(0, 1, f"{len(text):,} characters, at most {MAX_LENGTH:,} are read")
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        _fail(0, 1, "a lone surrogate")
    parser = _Parser(text)
    if parser.token.kind == "end":
        _fail(0, 1, "an empty condition", "leave the key out instead")
    node = parser.expression()
    if parser.token.kind != "end":
        token = parser.token
        _fail(token.start, token.end, f"`{token.text}` is not expected here")
    return node
