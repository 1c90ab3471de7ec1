"""What a caller says of an event, checked, before it has a place in the journal.

Arguments that have no single meaning make an event all the same, with the reason in `args_error`: an agent must not be
able to drop its own calls from the record. Everything else that does not fit is refused.

Leaves out sensitive values (`sensitive`), and numbers, times and chains (`audit_log`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from govern.errors import UsageError
from govern.events.canonical import INT64_MAX, INT64_MIN, Malformed, digest, load, text_of
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS, ActorKind, EventType, Fidelity, Mode

Draft = dict[str, Any]
"""Columns of an event that have a value, each of its own kind."""

_OURS: Final = ("writer_id", "wseq", "recorded_ns", "commitments")
_ENUMS: Final[dict[str, Any]] = {"type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity}
_KNOWN: Final[dict[str, dict[str, Any]]] = {
    name: {str(value): value for value in kind} for name, kind in _ENUMS.items()
}
GIVEN: Final = tuple(name for name in COLUMNS if name not in _OURS)
"""Columns that a caller may give, but for `event_id`: that is for the store's own to choose."""
_KINDS: Final[dict[str, str]] = {
    name: "number" if name in INTEGERS
    else "texts" if name in TEXT_LISTS
    else "known" if name in _ENUMS
    else "args" if name == "args"
    else "text"
    for name in GIVEN
}  # fmt: skip


def draft(given: Mapping[str, Any], *, own: bool = False) -> Draft:
    """The columns of an event, checked.

    Args:
        given: `type` and `trace_id`, and what else there is to say; None is nothing. `args` is an object or its text.
        own: whether the store itself says it: only then with a chosen `event_id`, or as a redaction. Of anybody else an
            id could be one that is taken, and a redaction that does not hold is a sign of tampering for ever.

    Raises:
        UsageError: no such column, a value of another kind, one of the two is missing, a time before 1970, or what only
            the store itself may say.
    """
    made: Draft = {}
    for name, value in given.items():
        if value is None:
            continue
        match _KINDS.get(name):
            case "text":
                if type(value) is not str:
                    raise _wrong(name, value, "a text")
                made[name] = value
            case "known":
                if (known := _KNOWN[name].get(value) if isinstance(value, str) else None) is None:
                    raise _unknown(name, value)
                made[name] = known
            case "number":
                if type(value) is not int or not INT64_MIN <= value <= INT64_MAX:
                    raise _wrong(name, value, "a whole number of 64 bits")
                made[name] = value
            case "texts":
                if not isinstance(value, (list, tuple)) or not all(type(item) is str for item in value):
                    raise _wrong(name, value, "a list of texts")
                made[name] = tuple(value)
            case "args":
                pass  # below, where it is known what else was given
            case _:
                raise _no_column(name)
    if (args := given.get("args")) is not None:
        made |= _arguments(args, made)
    for name in ("type", "trace_id"):
        if not made.get(name):
            raise UsageError(
                f"an event without `{name}`", hint=f"`type` and `trace_id` are needed, `{name}` is missing"
            )
    if made.get("ts_ns", 0) < 0:
        hint = "nanoseconds since 1970, UTC; leave it out for the time of writing"
        raise UsageError(f"`ts_ns` is {made['ts_ns']}, a time before 1970", hint=hint)
    if not own:
        _refuse_own(made)
    return made


def event_id(now_ns: int) -> str:
    """A new UUID of version 7 (RFC 9562, section 5.7): the milliseconds since 1970, and 74 bits of chance."""
    chance = int.from_bytes(os.urandom(10))
    high = (now_ns // 1_000_000 & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | chance >> 68
    low = 0x8000_0000_0000_0000 | chance & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _arguments(args: Any, others: Draft) -> Draft:
    """The columns that arguments make."""
    try:
        value = load(args) if type(args) is str else args
        if not isinstance(value, Mapping):
            raise Malformed("not_object", "not an object")
        written = text_of(value if type(value) is dict or isinstance(value, dict) else dict(value))
    except Malformed as error:
        reason = f"{error.code}: {error.detail}".encode("utf-8", "backslashreplace").decode()
        made: Draft = {"args_error": reason}
        if "content" not in others:
            said = args if type(args) is str else repr(args)
            made["content"] = said.encode("utf-8", "backslashreplace").decode()
        return made
    return {"args": written} if "args_digest" in others else {"args": written, "args_digest": digest(written)}


def _refuse_own(made: Draft) -> None:
    """Refuses what only the store itself may say."""
    if "event_id" in made:
        hint = "leave it out: the answer has the new id; say `call_id` and `span_id` for what joins events"
        raise UsageError("`event_id` is for the journal to say", hint=hint)
    if made["type"] is EventType.REDACTION:
        hint = "`govern audit redact` erases values and writes the signed event"
        raise UsageError("a `redaction` is not appended", hint=hint)


def _no_column(name: str) -> UsageError:
    if name in _OURS:
        return UsageError(f"`{name}` is for the journal to say")
    near = get_close_matches(str(name), GIVEN, 1)
    hint = f"did you mean `{near[0]}`?" if near else "see the columns of an event in `schemas/event.v1.json`"
    return UsageError(f"`{str(name)[:80]}` is no column of an event", hint=hint)


def _wrong(name: str, value: Any, expected: str) -> UsageError:
    return UsageError(f"`{name}` is {repr(value)[:80]}, expected {expected}")


def _unknown(name: str, value: Any) -> UsageError:
    known = list(_KNOWN[name])
    near = get_close_matches(str(value), known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"one of: {', '.join(known)}"
    return UsageError(f"`{str(value)[:80]}` is no `{name}`", hint=hint)
