"""Completion and meaning inside conditions: names, arguments, fields, functions, and the texts they are compared with.

Works on the text before the cursor, so that a condition need not be finished. Leaves out whether a condition is
right (`govern.conditions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from govern.charter.kinds import ConditionText
from govern.charter.words import Word, groups
from govern.charter.yaml_tree import Scalar
from govern.conditions.parse import LITERALS, MAX_LENGTH
from govern.editor.judged import Judged, judged, words_of
from govern.editor.names import Sort
from govern.editor.parsed import Parsed
from govern.editor.schemas import Property
from govern.editor.suggest import MARK, Asked, Sign, Suggestion, escaped, told
from govern.editor.words import word_lines

# A name with what stands behind it: `args.lines[0].sku`; of a half-typed one, up to its last dot.
_CHAIN = r"[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_][\w-]*|\[[^\]\[]*\])*"
_BEHIND_DOT = re.compile(rf"(?P<chain>{_CHAIN})\s*\.\s*(?P<word>\w*)\Z")
_BEHIND_CALL = re.compile(r"\)\s*\.\s*(?P<word>\w*)\Z")
_WORD = re.compile(r"(?<![\w.])(?P<word>[A-Za-z_]\w*)?\Z")
_COMPARED = re.compile(rf"(?P<chain>{_CHAIN}(?:\([^()]*\))?)\s*(?:==|!=|in\s*\[(?:[^\]]*,)?)\s*\Z")
_CALLS = re.compile(r"\b(?:calls|succeeded)\(\s*\Z")
_FUNCTION = re.compile(r"(\w+)\(")
_FORM = re.compile(r"(?P<of>\w+\.)?\w+\((?P<inner>[^()]*)\)")
_TOKEN = re.compile(r"[A-Za-z_]\w*")
_URL_PARTS = ("host", "scheme", "path")
# What can be asked of a value behind a dot, by its JSON type; of any other, all of it.
_METHODS = {"string": ("startsWith", "endsWith", "contains", "matches", "size"),
            "array": ("all", "exists", "filter", "size"), "object": ("size",)}  # fmt: skip
_ALWAYS = ("args", "tool", "agent", "at")


@dataclass(frozen=True, slots=True)
class Token:
    """A name in a condition.

    Args:
        name: as it stands there.
        chain: with what stands before it: `order.customer_id`.
        start, end: offsets into the file's text.
        called: whether it is called as a function, or is the text that a function is given.
        within: the function whose text it is, as in `calls('refund')`; else empty.
    """

    name: str
    chain: str
    start: int
    end: int
    called: bool = False
    within: str = ""


def condition(asked: Asked) -> Iterator[Suggestion]:
    """What may be written at the cursor of a condition."""
    node = asked.spot.node
    start = node.start + asked.quoted
    before = asked.one.text[max(start, asked.mark - MAX_LENGTH) : asked.mark].replace(MARK, "")
    about = judged(asked.one, asked.spot, asked.names)
    opened = _open_text(before)
    if opened is not None:
        yield from _texts(asked, before, opened, about)
    elif (match := _BEHIND_DOT.search(before)) is not None:
        yield from _fields(asked, before, match["chain"], match["word"], about)
    elif (match := _BEHIND_CALL.search(before)) is not None:
        words = _URL_PARTS if re.search(r"\burl\([^()]*\)\s*\.\s*\w*\Z", before) else ()
        for part in words:
            yield _put(asked, match["word"], part, Sign.FIELD, "of an address")
        if not words:
            yield from _methods(asked, match["word"], ())
    elif (match := _WORD.search(before)) is not None and not _after_value(before, match):
        yield from _names(asked, match["word"] or "", about)


def paths(asked: Asked, roots: tuple[str, ...]) -> Iterator[Suggestion]:
    """Places as sections write them: `args.amount`, `order.total`."""
    about = judged(asked.one, asked.spot, asked.names)
    written = asked.written
    chain, dot, _ = written.rpartition(".")
    if not dot:
        for root in roots:
            if root != "facts":
                for each in about.below(root):
                    yield asked.value(f"{root}.{each.name}", Sign.FIELD, each.detail, each.says)
        if "facts" in roots:
            for one in asked.names.of(Sort.FIELD):
                yield asked.value(one.name, Sign.FIELD, "a fact's field", told(one))
        return
    for each in about.below(chain):
        yield asked.value(f"{chain}.{each.name}", Sign.FIELD, each.detail, each.says)


def token_at(one: Parsed, node: Scalar, offset: int) -> Token | None:
    """The name in a condition that an offset stands in; None between names."""
    text = one.text
    start = max(node.start + (0 if node.plain else 1), offset - MAX_LENGTH)
    begin = offset
    while begin > start and (text[begin - 1].isalnum() or text[begin - 1] == "_"):
        begin -= 1
    match = _TOKEN.match(text, begin, node.end)
    if match is None or not match.start() <= offset <= match.end():
        return None
    before = text[start : match.start()]
    opened = _open_text(before)
    if opened is not None:
        quoted = re.match(r"[^'\"\\]*", text[start + opened + 1 : node.end])
        name = quoted[0] if quoted else ""
        function = re.search(r"\b(calls|succeeded)\(\s*\Z", before[:opened])
        if function is None:
            return None
        return Token(name, name, start + opened + 1, start + opened + 1 + len(name), within=function[1])
    above = re.search(rf"({_CHAIN})\s*\.\s*\Z", before)
    if above is None and re.search(r"\)\s*\.\s*\Z", before):
        chain = f"().{match[0]}"
    else:
        chain = f"{''.join(above[1].split())}.{match[0]}" if above else match[0]
    called = text[match.end() : match.end() + 1] == "("
    return Token(match[0], chain, match.start(), match.end(), called)


def _open_text(before: str) -> int | None:
    """Where the text between quotes begins that a condition stands in; None outside of one."""
    quote, at = "", 0
    escaped_next = False
    for index, char in enumerate(before):
        if escaped_next:
            escaped_next = False
        elif quote:
            if char == "\\":
                escaped_next = True
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote, at = char, index
    return at if quote else None


def _after_value(before: str, match: re.Match[str]) -> bool:
    """Whether an operator is due, not a name: behind a value and a space."""
    rest = before[: match.start()].rstrip()
    return (
        bool(rest)
        and rest != before[: match.start()]
        and bool(re.search(r"[\w)\]'\"]\Z", rest))
        and (re.search(r"\bin\Z", rest) is None)
    )


def _texts(asked: Asked, before: str, opened: int, about: Judged) -> Iterator[Suggestion]:
    """The texts that a value is compared with."""
    rest, word = before[:opened], before[opened + 1 :]
    if _CALLS.search(rest):
        for one in asked.names.of(Sort.TOOL):
            yield _put(asked, word, one.name, Sign.NAME, "tool", told(one))
        return
    compared = _COMPARED.search(rest)
    if compared is None:
        return
    chain = compared["chain"]
    function = _FUNCTION.match(chain)
    found: tuple[str, ...]
    if function:
        found = words_of(function[1])
    elif chain == "tool":
        found = about.tools
    else:
        what = about.one(chain)
        found = what.values if what else ()
    for value in found:
        yield _put(asked, word, value, Sign.VALUE, f"a value of `{chain}`")


def _fields(asked: Asked, before: str, chain: str, word: str, about: Judged) -> Iterator[Suggestion]:
    chain = bound(before, chain)
    for each in about.below(chain):
        yield _put(asked, word, each.name, Sign.FIELD, _detail(each, about), each.says)
    what = about.one(chain)
    if what is not None:
        yield from _methods(asked, word, what.kinds)


def bound(before: str, chain: str) -> str:
    """A place as the schemas know it: the variable of `all` and its kin is an item of the list that they go through.

    Args:
        before: the condition up to the place.
    """
    for _ in range(4):
        root = re.split(r"[.\[]", chain, maxsplit=1)[0]
        through = re.search(
            rf"(?:list\()?({_CHAIN})\)?\s*\.\s*(?:all|exists|filter)\(\s*{re.escape(root)}\s*,"
            rf"|\bcount\(\s*(?:list\()?({_CHAIN})\)?\s*,\s*{re.escape(root)}\s*,",
            before,
        )
        if through is None:
            return chain
        chain = f"{_list_of(through[1] or through[2])}[*]{chain[len(root) :]}"
    return chain


def _list_of(chain: str) -> str:
    """The list that a macro goes through: its own name is no field of it."""
    return re.sub(r"\.(?:all|exists|filter)\Z", "", "".join(chain.split()))


def _detail(each: Property, about: Judged) -> str:
    if about.everything or len(about.tools) != 1:
        return each.detail
    return f"{each.detail}, of `{about.tools[0]}`"


def _methods(asked: Asked, word: str, kinds: tuple[str, ...]) -> Iterator[Suggestion]:
    known = [name for kind in kinds for name in _METHODS.get(kind.partition(",")[0].replace("list", "array"), ())]
    if kinds and not known:
        return
    for each in groups()["functions"]:
        if each.name in (known or {name for several in _METHODS.values() for name in several}):
            yield _function(asked, word, each, method=True)


def _names(asked: Asked, word: str, about: Judged) -> Iterator[Suggestion]:
    places = tuple(place for kind in asked.spot.kinds if isinstance(kind, ConditionText) for place in kind.places)
    said = {each.name: each for each in groups()["names in conditions"]}
    for name in (*_ALWAYS, *places):
        if name in said:
            yield _put(asked, word, name, Sign.KEYWORD, "a name", "\n\n".join(word_lines(said[name])))
    for one in asked.names.of(Sort.FACT):
        yield _put(asked, word, one.name, Sign.NAME, "fact", told(one))
    if word:
        for each in about.below("args"):
            yield _put(asked, word, f"args.{each.name}", Sign.FIELD, _detail(each, about), each.says)
    for function in groups()["functions"]:
        if not function.form.startswith("x"):
            yield _function(asked, word, function)
    for literal in sorted(LITERALS):
        yield _put(asked, word, literal, Sign.VALUE, "a value")


def _function(asked: Asked, word: str, each: Word, *, method: bool = False) -> Suggestion:
    """A function as it is written, with its arguments to be filled in."""
    forms = [form for form in _FORM.finditer(each.form) if bool(form["of"]) is method]
    holes = [hole.strip() for hole in forms[0]["inner"].split(",") if hole.strip()] if forms else []
    made = ", ".join(f"${{{index}:{escaped(hole)}}}" for index, hole in enumerate(holes, 1))
    tail = ".${9:host}" if each.name == "url" else ""
    says = "\n\n".join(word_lines(each))
    return _put(asked, word, each.name, Sign.FUNCTION, each.form, says, f"{each.name}({made}){tail}")


def _put(asked: Asked, word: str, name: str, sign: Sign, detail: str, says: str = "", snippet: str = "") -> Suggestion:
    """A name in place of the word at the cursor; what stands behind the cursor of the word goes with it."""
    start = asked.offset - len(word)
    behind = re.match(r"\w*", asked.text[asked.offset :])
    end = asked.offset + (behind.end() if behind else 0)
    if asked.text[end : end + 1] == "(":
        snippet = ""
    return Suggestion(name, sign, detail, says, asked.lead + name, asked.lead + snippet if snippet else "", start, end)
