"""`canon` and `leaf` of events as DuckDB SQL over their columns: the same bytes that `canon.text` gives.

It seals what was imported without a pass through Python, and it is the second opinion on whether the columns of a
sealed file say what its `canon` says. A test holds both together over all of Unicode and int64.

Leaves out: running it (`sealing`, `verify_sql`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from govern.audit.canon import VERSION
from govern.audit.schema import REQUIRED
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS, ActorKind, EventType, Fidelity, Mode

_ENUMS: Final[dict[str, type[StrEnum]]] = {
    "type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity,
}  # fmt: skip
_TEXTS: Final = tuple(name for name in COLUMNS if name not in INTEGERS and name not in TEXT_LISTS)
_UPPER: Final = r"[\x0b\x0e\x0f\x1a-\x1f]"
"""Control characters whose escape has a hex letter: DuckDB writes it in upper case, RFC 8785 in lower case."""
_SHORT: Final = {8: r"\b", 9: r"\t", 10: r"\n", 12: r"\f", 13: r"\r"}
_ESCAPES: Final = {"\\": r"\\", '"': r"\""} | {chr(code): _SHORT.get(code, rf"\u{code:04x}") for code in range(32)}
"""The backslash first: the others write some."""


def canon(prefix: str = "") -> str:
    """The expression of the canonical text (VARCHAR) of an event.

    Args:
        prefix: of each column's name, such as `e.`; the columns have the types of `audit.schema`.
    """
    # All texts go through one lambda: written out for each column, planning alone takes 130 ms.
    texts = f"list_transform([{', '.join(prefix + name for name in _TEXTS)}], lambda gv_text: {_quoted('gv_text')})"
    members = ", ".join(_member(name, prefix + name) for name in sorted((*COLUMNS, "v")))
    return f"list_transform([{texts}], lambda gv_texts: '{{' || concat_ws(',', {members}) || '}}')[1]"


def leaf(canon: str) -> str:
    """The expression of the leaf (BLOB of 32 bytes) of a canonical text.

    Args:
        canon: an expression that gives VARCHAR.
    """
    return f"unhex(sha256('\\x00'::BLOB || encode({canon})))"


def impossible(prefix: str = "") -> str:
    """The expression that is true where columns of the right types have values that no event has.

    Args:
        prefix: as of `canon`.
    """
    odd = [f"{prefix}{name} IS NULL" for name in REQUIRED]
    for name, kind in _ENUMS.items():
        values = ", ".join(f"'{value}'" for value in kind)
        odd.append(f"{prefix}{name} NOT IN ({values})")
    odd += [f"list_count({prefix}{name}) < len({prefix}{name})" for name in TEXT_LISTS]
    return f"coalesce({' OR '.join(odd)}, false)"


def _member(name: str, column: str) -> str:
    """A member of the object; NULL where it is left out, which `concat_ws` leaves out with its comma."""
    key = f"'\"{name}\":'"
    if name == "v":
        return f"'\"v\":{VERSION}'"
    if name in TEXT_LISTS:
        items = f"array_to_string(list_transform({column}, lambda gv_item: {_quoted('gv_item')}), ',')"
        return f"CASE WHEN len({column}) > 0 THEN {key} || '[' || {items} || ']' END"
    if name in INTEGERS:
        return f"{key} || {column}::VARCHAR"
    return f"{key} || gv_texts[{_TEXTS.index(name) + 1}]"


def _quoted(text: str) -> str:
    """A text as RFC 8785 writes it."""
    escaped = text
    for character, escape in _ESCAPES.items():
        escaped = f"replace({escaped}, chr({ord(character)}), '{escape}')"
    slow = f"'\"' || {escaped} || '\"'"
    return f"CASE WHEN regexp_matches({text}, '{_UPPER}') THEN {slow} ELSE to_json({text})::VARCHAR END"
