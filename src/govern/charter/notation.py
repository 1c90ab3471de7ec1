"""How a value of the language is written, in words: `a list of roles`, `a duration, as in 4h`."""

from __future__ import annotations

from typing import assert_never

from govern.charter import vocabulary
from govern.charter.kinds import (
    DURATION_WORDS,
    ConditionText,
    Data,
    Duration,
    Effect,
    Either,
    Key,
    Kind,
    Level,
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

_REFERS = {
    "role": "one of `roles`",
    "gate": "one of `approvals`",
    "tool": "one of `tools`",
    "rule_id": "the id of a rule, a limit or an `after_reading`",
    "cause": "the id of a rule, or a reason as verdicts give it",
}
# What counts where a key is not written; a key that is not here means nothing where it is absent.
DEFAULTS = {
    ("GATE", "quorum"): "1", ("GATE", "shared"): "false", ("GATE", "needs_session_user"): "false",
    ("GATE", "use_within"): "15m", ("FACT", "take"): "latest", ("TOOL", "external"): "false",
    ("LIBRARY_TOOL", "external"): "false", ("ESCALATION", "times"): "1", ("ESCALATION", "then"): "notify",
    ("UNTRUSTED", "on_instructions"): "flag",
    ("LIMIT", "counts"): "executed with `sum`, else proposed",
    ("CALENDAR", "business_days"): "monday to friday",
}  # fmt: skip


def default(level: Level, key: Key) -> str:
    """What counts where the key is not written, or empty."""
    name = next(name for name, each in vocabulary.LEVELS.items() if each is level)
    return DEFAULTS.get((name, key.name), "")


# What the reader of a level asks for beside `required`.
_CONDITIONS = {
    ("GATE", "roles"): "yes, but where `confirm` stands", ("GATE", "confirm"): "no; instead of `roles`",
    ("TOOL", "tier"): "yes, unless a library under `uses` describes the tool",
    ("TOOL", "approval"): "of an irreversible tool: this or `autonomous`",
    ("TOOL", "autonomous"): "of an irreversible tool: this or `approval`",
    ("STEP", "ask"): "either this or `then`", ("STEP", "then"): "of the last step; either this or `ask`",
    ("OWN_RULE", "when"): "with `then`; or `only_if` with `otherwise`",
    ("OWN_RULE", "then"): "beside `when`",
    ("OWN_RULE", "only_if"): "with `otherwise`; or `when` with `then`",
    ("OWN_RULE", "otherwise"): "beside `only_if`",
    ("RULE", "tools"): "one of `tools`, `tiers`, `external`; what is written must hold together",
    ("RULE", "tiers"): "one of `tools`, `tiers`, `external`; what is written must hold together",
    ("RULE", "external"): "one of `tools`, `tiers`, `external`; what is written must hold together",
    ("FIELD", "type"): "this, or `enum`, or both", ("FIELD", "enum"): "this, or `type`, or both",
    ("ESCALATION", "times"): "with `within`; both for `repeated_failure`",
    ("ESCALATION", "within"): "with `times`; both for `repeated_failure`",
    ("EXPECT", "approval"): "either this or `deny`", ("EXPECT", "deny"): "either this or `approval`",
    ("EFFECT", "approval"): "this, or `tier`, or both", ("EFFECT", "tier"): "this, or `approval`, or both",
    **{("CHANNEL", way): "one of `mail`, `webhook`, `command`" for way in ("mail", "webhook", "command")},
    ("SECRET", "env"): "either this or `file`", ("SECRET", "file"): "either this or `env`",
}  # fmt: skip


def required(level: Level, key: Key) -> str:
    """Whether a key must be written, and what counts where it is not."""
    name = next(name for name, each in vocabulary.LEVELS.items() if each is level)
    told = _CONDITIONS.get((name, key.name)) or ("yes" if key.required else "no")
    otherwise = default(level, key)
    return f"{told}; without it: {otherwise}" if otherwise else told


def written(kind: Kind) -> str:
    """How a value is written, without an article's capital, without a full stop."""
    match kind:
        case Text():
            return "text"
        case Name(of, refers, _, words):
            return f"{of}: {_REFERS[refers]}" if refers in _REFERS else f"{of}: {words}"
        case Tools(mapped):
            own = "; an exact name is one of `tools` (in a base, any)" if mapped else "; they need not be in `tools`"
            return f"a list of tools by exact name or glob (`*` any characters, `?` any one){own}"
        case Whole(least):
            return f"a whole number from {least}"
        case Number():
            return "a number from 0, with at most six decimal places"
        case Truth():
            return "`true` or `false`"
        case OneOf(_, (only,)):
            return f"`{only}`"
        case OneOf(_, words):
            return f"one of {_words(words)}"
        case Duration():
            return f"a duration: {DURATION_WORDS}"
        case Pattern(what, _, words):
            return f"{what}: {words}"
        case ConditionText(places):
            beside = f"; it may also ask about {_words(places)}" if places else ""
            return f"a condition, in quotes{beside}"
        case PathText(roots, words):
            return _path(roots, words)
        case SchemaText():
            return "a JSON Schema (2020-12) of an object; only `default`, `$id` and remote references are refused"
        case Effect():
            return "`deny`, `{approval: GATE}`, `{tier: TIER}`, or `{tier: TIER, approval: GATE}`"
        case Data():
            return "a value"
        case ListOf(item):
            return f"a list, not empty, each {written(item)}"
        case MapOf(key, value):
            name = key.of if isinstance(key, Name) else key.what
            return f"a mapping, not empty, from {name} to {written(value)}"
        case Nested(level):
            return f"{vocabulary.LEVELS[level].what} (its keys are below)"
        case Either(several):
            return "; or ".join(written(each) for each in several)
        case _:
            assert_never(kind)


def _path(roots: tuple[str, ...], words: tuple[str, ...]) -> str:
    below = [f"`{root}.…`" for root in roots if root != "facts"]
    if "facts" in roots:
        below.append("a fact's field")
    return " or ".join([*(f"`{word}`" for word in words), f"a place: {' or '.join(below)}"])


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)
