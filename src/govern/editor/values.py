"""Completion of values: closed words, and the names that a value may refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from govern.charter import vocabulary
from govern.charter.kinds import (
    ConditionText,
    Data,
    Duration,
    Effect,
    Either,
    ListOf,
    MapOf,
    Name,
    Nested,
    Number,
    OneOf,
    PathText,
    Pattern,
    SchemaText,
    Text,
    Tools,
    Truth,
    Whole,
)
from govern.charter.words import words
from govern.charter.yaml_tree import Scalar, Seq
from govern.editor import schemas
from govern.editor.conditions import paths
from govern.editor.names import Named, Sort
from govern.editor.place import Keyword, What, keyword_words
from govern.editor.suggest import Asked, Sign, Suggestion
from govern.editor.words import field_values, word_lines
from govern.lint.paths import ANY_ITEM
from govern.policy.model import Reason

_REFERS: dict[str, tuple[Sort, ...]] = {
    "role": (Sort.ROLE,), "gate": (Sort.GATE,), "tool": (Sort.TOOL,), "rule_id": (Sort.RULE,), "cause": (Sort.RULE,),
}  # fmt: skip
_OF = {"a notification": Sort.NOTIFICATION, "a secret": Sort.SECRET}
_DURATIONS = ("15m", "1h", "4h", "8h", "24h")


def values(asked: Asked) -> Iterator[Suggestion]:
    """Values that may be written at the cursor."""
    beside = _beside(asked)
    found: dict[str, Suggestion] = {}
    for kind in asked.spot.kinds:
        for each in _of(asked, kind):
            found.setdefault(each.label, each)
    for each in _data(asked):
        found.setdefault(each.label, each)
    yield from (each for label, each in found.items() if label not in beside)


def _beside(asked: Asked) -> frozenset[str]:
    """The items that a list has already."""
    around = asked.spot.around
    if not isinstance(around, Seq) or asked.spot.is_key:
        return frozenset()
    words = (item for item in around.items if isinstance(item, Scalar) and item is not asked.spot.node)
    return frozenset(str(word.value) for word in words)


def _of(asked: Asked, kind: What) -> Iterator[Suggestion]:
    match kind:
        case OneOf(what, several):
            yield from (_word(asked, word, what) for word in several)
        case Truth():
            yield from (_plain(asked, word) for word in ("true", "false"))
        case Duration():
            yield from (asked.value(word, Sign.VALUE, "a duration") for word in _DURATIONS)
        case Effect():
            yield _word(asked, "deny", "an effect")
            if not asked.quoted:
                yield from _effects(asked)
        case Name(of, refers):
            yield from _refer(asked, of, refers)
        case PathText(roots, several):
            yield from (_word(asked, word, "what is counted apart") for word in several)
            yield from paths(asked, roots)
        case Pattern():
            yield from _pattern(asked, kind)
        case Tools():
            pass  # a list of them: its items are names
        case Keyword():
            for word in keyword_words((kind,)):
                yield _plain(asked, word) if word in ("true", "false") else asked.value(word, Sign.VALUE, "JSON Schema")
            if asked.spot.path[-2:-1] == ("required",):
                yield from _required(asked)
        case Nested(level) if not asked.quoted and not asked.lines_below:
            yield _braces(asked, level)
        case ListOf() if not asked.quoted and not asked.lines_below:
            start, end = asked.word
            yield Suggestion("[…]", Sign.VALUE, "a list", "", f"{asked.lead}[", f"{asked.lead}[$1]", start, end)
        case Nested() | MapOf() | ListOf() | Either() | SchemaText() | ConditionText() | Data():
            pass  # its keys or items, what it may be one by one, or anything
        case Text():
            if asked.spot.key is not None and asked.spot.key[1].name == "time_zone":
                yield from _zones(asked)
        case Whole() | Number():
            if asked.spot.key is not None and asked.spot.key[1].name == "govern":
                yield _plain(asked, "1", "the language version")
        case _:
            assert_never(kind)
    if isinstance(kind, Name) and kind.refers == "cause":
        for reason in Reason:
            yield _word(asked, reason.value, "a reason")


def _braces(asked: Asked, name: str) -> Suggestion:
    """A mapping in braces, with the keys that it must have."""
    level = vocabulary.LEVELS[name]
    wanted = [key.name for key in level.keys if key.required] or [level.keys[0].name]
    holes = ", ".join(f"{word}: ${index}" for index, word in enumerate(wanted, 1))
    start, end = asked.word
    label = "{" + ", ".join(f"{word}: …" for word in wanted) + "}"
    insert, snippet = f"{asked.lead}{{{wanted[0]}: ", f"{asked.lead}{{{holes}\\}}"
    return Suggestion(label, Sign.VALUE, level.what, "", insert, snippet, start, end)


def _effects(asked: Asked) -> Iterator[Suggestion]:
    start, end = asked.word
    of_gates = ((f"{{approval: {gate.name}}}", "The call waits for this gate.") for gate in asked.names.of(Sort.GATE))
    of_tiers = ((f"{{tier: {tier}}}", "The call counts as of this tier.") for tier in vocabulary.TIERS[1:])
    for label, says in (*dict(of_gates).items(), *of_tiers):
        yield Suggestion(label, Sign.VALUE, "an effect", says, asked.lead + label, "", start, end)


def _refer(asked: Asked, of: str, refers: str) -> Iterator[Suggestion]:
    sorts = _REFERS.get(refers) or ((_OF[of],) if of in _OF else ())
    if of == "a role" and not refers and asked.spot.path[:1] != ("roles",):
        sorts = (Sort.ROLE,)
    shown: set[str] = set()
    for one in asked.names.of(*sorts):
        if one.name not in shown and not _itself(asked, one):
            shown.add(one.name)
            yield asked.named(one)


def _itself(asked: Asked, one: Named) -> bool:
    """Whether a name is of the gate that is being written: a gate does not escalate to itself."""
    return one.sort is Sort.GATE and asked.spot.path[:2] == ("approvals", one.name)


def _pattern(asked: Asked, kind: Pattern) -> Iterator[Suggestion]:
    if kind is vocabulary.ONE_TOOL:
        for one in asked.names.of(Sort.TOOL):
            yield asked.named(one)
    elif kind is vocabulary.SCOPE_NAME and "credentials" in asked.spot.path:
        for one in asked.names.of(Sort.SCOPE):
            if one.body is not one.at:  # an elevated one: what always is held need not be named
                yield asked.named(one)


def _data(asked: Asked) -> Iterator[Suggestion]:
    """Values in a scenario: of an argument, of a fact's field."""
    names = asked.names
    match asked.spot.path:
        case ("scenarios", int(), "call", str(tool), *rest) if rest:
            below = tuple(each if isinstance(each, str) else ANY_ITEM for each in rest)
            found = schemas.one(names.arguments(tool, "args"), below)
            for value in found.values if found else ():
                yield asked.value(value, Sign.VALUE, found.detail if found else "")
            if found and "boolean" in found.kinds:
                yield from (_plain(asked, word) for word in ("true", "false"))
        case ("scenarios", int(), "given", str(fact), str(field)):
            for one in names.called(f"{fact}.{field}", Sort.FIELD):
                yield from (asked.value(value, Sign.VALUE, f"of `{one.name}`") for value in field_values(one.body))
        case _:
            return


def _required(asked: Asked) -> Iterator[Suggestion]:
    """The properties of the schema that a `required` stands in."""
    above = asked.spot.above
    schema = schemas.schema_of(above[-2]) if len(above) > 1 else {}
    for each in schemas.properties([schema], ()):
        yield asked.value(each.name, Sign.FIELD, each.detail, each.says)


def _zones(asked: Asked) -> Iterator[Suggestion]:
    from zoneinfo import available_timezones

    yield from (asked.value(zone, Sign.VALUE, "a time zone") for zone in sorted(available_timezones()) if "/" in zone)


def _word(asked: Asked, word: str, what: str) -> Suggestion:
    says = "\n\n".join(line for each in words(word) for line in word_lines(each) if _about(each.kind, what))
    return asked.value(word, Sign.VALUE, what, says)


def _about(kind: str, what: str) -> bool:
    """Whether a meaning of a word is the one of its place; `deny` as a verdict means what it does as an effect."""
    return kind == what or (kind == "an effect" and what in ("a verdict", "a verdict for silence"))


def _plain(asked: Asked, word: str, detail: str = "") -> Suggestion:
    """A word that must not be quoted."""
    start, end = asked.word
    return Suggestion(word, Sign.VALUE, detail, "", asked.lead + word, "", start, end)
