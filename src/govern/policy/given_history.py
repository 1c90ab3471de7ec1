"""What somebody says of a call's history, for `decide`: counts, limits, taint, origins by key of `conditions.Inputs`.

A key may be written as conditions write it; it is brought to the one form that engines look for. What could say
nothing of the policy is refused: a slip in it would leave the input unknown unnoticed. Leaves out working the history
out of a trace (`policy.history`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NoReturn

from govern.conditions import ConditionError
from govern.conditions.inputs import ORIGINS, Path, history_key, path_of
from govern.conditions.parse import parse
from govern.conditions.tree import HISTORY, OF_HISTORY, Call, Lit
from govern.errors import UsageError
from govern.events.canonical import text_of
from govern.findings import did_you_mean
from govern.policy.history import History
from govern.policy.schema_tree import read

WHERE: Final = "--history"
_COUNTS: Final = ("calls", "succeeded")
_PLACES: Final = ("origin", "named_by_user")


def told(history: History, tool: str, value: dict[str, Any]) -> dict[str, Any]:
    """The inputs of the history that somebody says, by the key that engines look for; null says that it is not known.

    Args:
        history: of the policy that judges.
        tool: that is called.
        value: JSON data by key, as in `{"exceeded('budget')": true, "calls('refund')": 2}`.

    Raises:
        UsageError: no such key, nothing of the policy that it could be about, a value it cannot have, one said twice.
    """
    found: dict[str, Any] = {}
    for written, said in value.items():
        key, fn = _key(history, tool, written)
        if key in found:
            _fail(f"`{key}` is said twice")
        _fits(key, fn, said)
        found[key] = said
    return {key: said for key, said in found.items() if said is not None}


def _key(history: History, tool: str, written: str) -> tuple[str, str]:
    fn, operand = _read(written)
    policy = history.policy
    match fn:
        case "exceeded":
            return _named(fn, operand, (limit.id for limit in policy.limits), "limit", policy.agent), fn
        case "tainted":
            return _named(fn, operand, ("session",), "place that is tainted", policy.agent), fn
        case "calls" | "succeeded":
            known = {*policy.tools, *(of for _, of in history.counts.values())}
            return _named(fn, operand, known, "tool", policy.agent), fn
        case _:
            if isinstance(operand, str):
                _fail(f"`{fn}` is of an argument, not of `{operand[:60]}`", f"as in `{fn}(args.to)`")
            return _placed(history, tool, fn, operand), fn


def _read(written: str) -> tuple[str, str | Path]:
    """The function and what it is of: a name, or a path below `args`."""
    fn, bracket, rest = written.partition("(")
    if fn not in OF_HISTORY or not bracket:
        _fail(f"`{written[:80]}` is no input of the history", did_you_mean(fn, OF_HISTORY))
    try:
        # Those that no charter can write are read as one that it can.
        node = parse(f"{fn if fn in HISTORY else 'calls'}({rest}")
    except ConditionError as error:
        _fail(f"`{written[:80]}`: {error.problems[0].message}", _example(fn))
    match node:
        case Call(_, (Lit(str() as name),)):
            return fn, name
        case Call(_, (operand,)) if fn in _PLACES and (path := path_of(operand)) and path[0] == "args":
            return fn, path
        case _:
            _fail(f"`{written[:80]}` is no input of the history", _example(fn))


def _example(fn: str) -> str:
    return f"as in `{fn}(args.to)`" if fn in _PLACES else f"as in `{fn}('name')`"


def _named(fn: str, operand: str | Path, known: Iterable[str], what: str, agent: str) -> str:
    names = list(known)
    if not isinstance(operand, str) or operand not in names:
        shown = operand if isinstance(operand, str) else "args…"
        _fail(f"`{shown[:80]}` is no {what} of `{agent}`", did_you_mean(shown, names) or f"it has no {what}")
    return history_key(fn, operand)


def _placed(history: History, tool: str, fn: str, path: Path) -> str:
    key = history_key(fn, path)
    if key in history.keys:
        return key
    mapped = history.policy.tools.get(tool)
    schema = read(mapped.schema) if mapped is not None and mapped.schema is not None else {}
    known = schema.get("properties", {}) if isinstance(schema, dict) else {}
    closed = isinstance(schema, dict) and schema.get("additionalProperties") is False
    if closed and len(path) > 1 and path[1] not in known:
        _fail(f"`{path[1]}` is no argument of `{tool[:80]}`", did_you_mean(str(path[1]), known))
    return key


def _fits(key: str, fn: str, said: Any) -> None:
    if said is None:
        return
    shown = text_of(said)[:60]
    if fn in _COUNTS and not (type(said) is int and said >= 0):
        _fail(f"`{key}` is a number of calls, `{shown}` is none", "a whole number from 0")
    if fn == "origin" and said not in ORIGINS:
        hint = did_you_mean(said if isinstance(said, str) else "", ORIGINS)
        _fail(f"`{key}` is never `{shown}`", hint)
    if fn in ("exceeded", "tainted", "named_by_user") and not isinstance(said, bool):
        _fail(f"`{key}` is true or false, not `{shown}`")


def _fail(message: str, hint: str = "") -> NoReturn:
    raise UsageError(message, where=WHERE, hint=hint)
