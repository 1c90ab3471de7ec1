"""One line about a name, a key or a word, and its definition as it is written: what hover and completion show.

Leaves out where it stands (`place`) and what it is called (`names`).
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter import notation
from govern.charter.example import excerpt
from govern.charter.kinds import Key, Level
from govern.charter.places import levels_of, places
from govern.charter.words import Word
from govern.charter.yaml_tree import Map, Node, Scalar
from govern.editor.names import Named, Sort
from govern.editor.parsed import entries, entry, items, text_of, texts

_MOST_LINES = 14
_LONGEST = 160


def line(one: Named) -> str:
    """What a name is, in one line without a full stop; the author's words in backticks."""
    body = one.body
    match one.sort:
        case Sort.ROLE:
            held = [f"`{code(text_of(person))}`" for person in items(entry(body, "people"))]
            return f"a role, held by {', '.join(held)}" if held else "a role; the deployment file says who holds it"
        case Sort.GATE:
            return f"a gate: {', '.join(_gate(body))}"
        case Sort.TOOL:
            return f"a tool: {', '.join(_tool(body))}" if list(_tool(body)) else "a tool, as its library describes it"
        case Sort.ENTRY:
            told = ", ".join(_tool(body)) or "described"
            return f"a tool of the library `{code(one.of.name)}`: {told}"
        case Sort.FACT:
            fields = [f"`{code(str(key.value))}`" for key, _ in entries(entry(body, "fields"))]
            said = f"; fields {', '.join(fields)}" if fields else ""
            return f"a fact from {_source(body)}{said}"
        case Sort.FIELD:
            return f"a field of a fact: {field_type(body)}"
        case Sort.RULE:
            because = text_of(entry(body, "because"))
            return f"a rule: {_short(because)}" if because else "a rule or limit"
        case Sort.SCOPE:
            ttl = text_of(entry(body, "ttl"))
            return f"a scope, issued for one call, for {ttl}" if ttl else "a scope that the agent always holds"
        case Sort.NOTIFICATION:
            return "a notification"
        case Sort.SECRET:
            return "a secret, by name"
        case Sort.RECORDS:
            return f"records, read by {_listed(texts(entry(body, 'read_by')))}"


def field_type(node: Node) -> str:
    """The type of a fact's field, as it is written."""
    kind = text_of(node) or text_of(entry(node, "type"))
    values = _listed(texts(entry(node, "enum")))
    return f"{kind or 'string'}, one of {values}" if values else kind or "a value"


def field_values(node: Node) -> tuple[str, ...]:
    """All texts that a fact's field can be; empty where that is not said."""
    return tuple(str(word.value) for word in texts(entry(node, "enum")))


def definition(one: Named) -> str:
    """The definition of a name as it is written, its longest part left out."""
    start, end = one.excerpt
    first, column = one.of.source.position(start)
    last, _ = one.of.source.position(max(start, end - 1))
    shown = [one.of.source.line(number) for number in range(first, min(last, first + _MOST_LINES - 1) + 1)]
    if first == last:  # inside a line: only the definition itself
        return shown[0][column - 1 : column - 1 + end - start]
    if last >= first + _MOST_LINES:
        shown.append("…")
    indent = min((len(text) - len(text.lstrip()) for text in shown if text.strip() and text != "…"), default=0)
    return "\n".join(text[indent:] if text != "…" else text for text in shown)


def key_lines(level: Level, key: Key) -> Iterator[str]:
    """What `govern explain KEY` says of a key: its meaning, how it is written, what enforces it."""
    yield key.says
    yield f"*written* {notation.written(key.value).replace(' (its keys are below)', '')}"
    yield f"*required* {notation.required(level, key)}"
    yield f"*enforced by* {key.by}"
    for inner in levels_of(key.value):
        names = (f"`{each.name}`" + (" (required)" if each.required else "") for each in inner.keys)
        yield f"*keys of {inner.what}* {', '.join(names)}"


def key_example(level: Level, key: Key) -> str:
    """The place in an example file where a key stands; empty without one."""
    found = (excerpt(place) for place in places() if place.level is level and place.key is key)
    return next((text for text in found if text), "")


def word_lines(word: Word) -> Iterator[str]:
    """What `govern explain WORD` says of a word that is no key."""
    yield f"*{word.kind.capitalize()}.* {word.says}"
    if word.more:
        yield word.more
    if word.form:
        yield f"*written* `{word.form}`"


def fenced(text: str, language: str = "yaml") -> str:
    """Text as a block of Markdown that nothing in it can end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def code(text: str) -> str:
    """Text that may stand between backticks on one line."""
    return _short(" ".join(text.split()).replace("`", "'"))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _gate(body: Node) -> Iterator[str]:
    roles = _listed(texts(entry(body, "roles")))
    if roles:
        yield f"any of {roles}"
    if entry(body, "confirm") is not None:
        yield "the person served"
    quorum = entry(body, "quorum")
    if isinstance(quorum, Scalar) and isinstance(quorum.value, int):
        yield f"{quorum.value} people"
    steps = items(entry(body, "if_no_answer"))
    last = steps[-1] if steps else None
    if last is not None and text_of(entry(last, "then")):
        yield f"`{code(text_of(entry(last, 'then')))}` without an answer after {code(text_of(entry(last, 'after')))}"


def _tool(body: Node) -> Iterator[str]:
    tier = text_of(entry(body, "tier"))
    if tier:
        yield f"`{code(tier)}`"
    external = entry(body, "external")
    if isinstance(external, Scalar) and external.value is True:
        yield "external"
    gate = text_of(entry(entry(body, "approval"), "ask"))
    if gate:
        unless = text_of(entry(entry(body, "approval"), "unless"))
        yield f"asks `{code(gate)}`" + (f" unless `{code(unless)}`" if unless else "")
    if entry(body, "autonomous") is not None:
        yield "autonomous"


def _source(body: Node) -> str:
    source = entry(body, "from")
    if isinstance(source, Map):
        return f"the result of {_listed(texts(entry(source, 'result_of')))}"
    return "the session, which the host asserts"


def _listed(words: Iterator[Scalar]) -> str:
    return ", ".join(f"`{code(str(word.value))}`" for word in words)
