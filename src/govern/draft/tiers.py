"""A tier for a tool, with its reason: from its name, its HTTP method, its arguments, and what its server says.

Everything here can only make the guess stricter than the name alone, with one exception: GET and HEAD read by
definition (RFC 9110, 9.2.1), so they speak for a name that says nothing. MCP annotations are hints of an untrusted
server: `readOnlyHint` is never believed against a verb that changes something, nor for a name that says nothing;
a name and a hint that both say "reads" agree. What a server leaves unsaid says nothing here, although the
specification calls a tool destructive then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from govern.draft.listing import Hints, Listed
from govern.policy import verbs
from govern.policy.terms import Tier

_ORDER = (Tier.READ_ONLY, Tier.REVERSIBLE, Tier.IRREVERSIBLE)
# An argument that chooses what the tool does, and one that is a program.
CHOOSES = frozenset({"method", "action", "operation", "op", "verb"})
_PROGRAM = frozenset({"sql", "script", "command", "commands", "cmd", "shell", "statement"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Guess:
    """What a tool probably does.

    Args:
        tier: the guess.
        why: the reasons for it, the deciding one first.
        external: why its effect leaves the organisation, empty where nothing says so.
        doubt: what a person must settle, empty where everything agrees.
    """

    tier: Tier
    why: str
    external: str = ""
    doubt: str = ""


def guess(tool: Listed) -> Guess:
    """The guess for a listed tool."""
    tier, why = _by_name(tool)
    silent = why == verbs.SAYS_NOTHING
    reasons = [why]
    told = (*_by_method(tool), *_by_arguments(tool.schema), *_by_hints(tool.hints, tier), *tool.seen)
    for stricter, reason in told:
        if _ORDER.index(stricter) > _ORDER.index(tier):
            tier = stricter
            reasons.insert(0, reason)
        elif stricter is tier and tier is not Tier.READ_ONLY and reason not in why:
            reasons.append(reason)
    doubt = _disagreement(tool, tier)
    if not doubt and silent and len(reasons) == 1:
        doubt = why
    return Guess(tier, "; ".join(dict.fromkeys(reasons)), _external(tool, tier), doubt)


def _by_name(tool: Listed) -> tuple[Tier, str]:
    name = tool.name
    if tool.made_up:  # of method and path: the method is judged as such, and the path may name a verb
        path = name.partition("_")[2]
        if tool.method in _SAFE:
            return verbs.guess(f"get_{path}")[0], f"`{tool.method}` only reads"
        if tool.method == "POST":
            return Tier.IRREVERSIBLE, "`POST` may do anything"
        return verbs.guess(f"{'delete' if tool.method == 'DELETE' else 'update'}_{path}")[0], f"`{tool.method}`"
    tier, why = verbs.guess(name)
    if why == verbs.SAYS_NOTHING and tool.method in _SAFE:
        return Tier.READ_ONLY, f"`{tool.method}` only reads"
    if why == verbs.SAYS_NOTHING and tool.method in ("PUT", "PATCH"):
        return Tier.REVERSIBLE, f"`{tool.method}` changes what can be put back"
    return tier, why


def _by_method(tool: Listed) -> list[tuple[Tier, str]]:
    if not tool.method or tool.method in _SAFE or tool.made_up:
        return []
    return [(Tier.IRREVERSIBLE if tool.method == "DELETE" else Tier.REVERSIBLE, f"`{tool.method}`")]


def _by_arguments(schema: Any) -> list[tuple[Tier, str]]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    found: list[tuple[Tier, str]] = []
    for name, value in properties.items() if isinstance(properties, dict) else ():
        if name.lower() in _PROGRAM and isinstance(value, dict) and value.get("type", "string") == "string":
            found.append((Tier.IRREVERSIBLE, f"argument `{name}` can say anything"))
        choices = value.get("enum") if name.lower() in CHOOSES and isinstance(value, dict) else None
        worst: tuple[Tier, str] | None = None
        for choice in choices if isinstance(choices, list) else ():
            first = next(iter(verbs.words(choice)), "") if isinstance(choice, str) else ""
            tier = verbs.tier_of(first)
            if tier is not None and (worst is None or _ORDER.index(tier) > _ORDER.index(worst[0])):
                worst = tier, f"`{name}` may be `{first}`"
        if worst is not None:
            found.append(worst)
    return found


def _by_hints(hints: Hints, named: Tier) -> list[tuple[Tier, str]]:
    if hints.destructive:
        return [(Tier.IRREVERSIBLE, "the server calls it destructive")]
    if hints.read_only is False and named is Tier.READ_ONLY:
        # A name that reads, and a server that says it does not: nothing tells what it does.
        tier = Tier.REVERSIBLE if hints.destructive is False else Tier.IRREVERSIBLE
        return [(tier, "the server says that it changes something")]
    return []


def _disagreement(tool: Listed, tier: Tier) -> str:
    hints = tool.hints
    if hints.read_only and hints.destructive:
        return "the server calls it both read-only and destructive"
    if hints.read_only and tier is not Tier.READ_ONLY:
        return "the server says that it only reads; its name does not, and the hint alone is not believed"
    if hints.read_only is False and verbs.guess(tool.name)[0] is Tier.READ_ONLY:
        return "its name reads, and the server says that it changes something"
    if tool.method in _SAFE and tier is not Tier.READ_ONLY:
        return f"its method `{tool.method}` only reads"
    return ""


def _external(tool: Listed, tier: Tier) -> str:
    if tier is Tier.READ_ONLY:
        return ""
    if (word := verbs.reaches_out(tool.name)) is not None and not tool.made_up:
        return f"`{word}` reaches others"
    return "the server says it reaches an open world" if tool.hints.open_world else ""
