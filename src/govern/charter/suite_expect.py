"""Reads what a test expects: a verdict, or what came of a request for approval.

A short form names causes that must be among the verdict's, as scenarios do: `{approval: team-lead}`, `{deny: budget}`.
`gates`, `rules`, `reasons` and `unknown` say a list whole, in any order; `none` is the empty one.
"""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.cases import AllOrSome, ExpectRequest, ExpectVerdict, Named
from govern.charter.reader import Fields, Reader
from govern.charter.suite_given import Known
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.findings import Location, did_you_mean
from govern.policy.terms import EFFECTS, Effect, Reason, Tier

_WHOLE = ("gates", "rules", "reasons", "unknown")
_EFFECT_KEYS = ("approval", "deny", "verdict")


def verdict(known: Known, node: Node, key: Scalar) -> ExpectVerdict | None:
    """An expected verdict.

    Args:
        key: the key that says it.
    """
    reader = known.reader
    at = reader.at(node if isinstance(node, Scalar) else key)
    if not isinstance(node, Map):
        word = reader.choice(node, "an expected verdict", vocabulary.VERDICTS, "unknown-effect")
        return ExpectVerdict(EFFECTS[word], at) if word is not None else None
    fields = reader.fields(node, vocabulary.EXPECTED, key)
    if fields is None or not _one_effect(reader, fields, key):
        return None
    effect, gates, causes = _effect(known, fields)
    whole = {name: _whole(known, fields, name) for name in _WHOLE if name in fields}
    tier = reader.choice(fields["tier"], "a tier", vocabulary.TIERS, "unknown-tier") if "tier" in fields else None
    if effect is None:
        return None
    return ExpectVerdict(
        effect, at, whole.get("gates") or gates, causes, whole.get("rules"), whole.get("reasons"),
        whole.get("unknown"), Tier(tier) if tier is not None else None,
    )  # fmt: skip


def _one_effect(reader: Reader, fields: Fields, key: Scalar) -> bool:
    said = [each for each in _EFFECT_KEYS if each in fields]
    if len(said) == 1:
        if "gates" in fields and said == ["approval"]:
            message = "`approval` names gates, and `gates` says them whole"
            reader.error("conflicting-keys", fields.key("gates"), message, "`verdict: approval` goes with `gates`")
            return False
        return True
    if said:
        message = f"`{said[0]}` and `{said[1]}` say two verdicts"
        reader.error("conflicting-keys", fields.key(said[1]), message, "keep one of them")
    elif not fields.may_be(*_EFFECT_KEYS):
        hint = "`{approval: GATE}`, `{deny: RULE}`, or `verdict: allow` beside the others"
        reader.error("missing-key", key, "`expect` says no verdict", hint)
    return False


def _effect(known: Known, fields: Fields) -> tuple[Effect | None, Named | None, tuple[str, ...]]:
    if "approval" in fields:
        names = tuple(each for item in _several(known, fields["approval"], "a gate") for each in _gate(known, item))
        return Effect.APPROVAL, Named(names, AllOrSome.SOME), ()
    if "deny" in fields:
        items = _several(known, fields["deny"], "a rule or a reason")
        return Effect.DENY, None, tuple(each for item in items for each in _cause(known, item))
    word = known.reader.choice(fields["verdict"], "a verdict", vocabulary.VERDICTS, "unknown-effect")
    return (EFFECTS[word] if word is not None else None), None, ()


def _several(known: Known, node: Node, what: str) -> tuple[Node, ...]:
    return known.reader.items(node, what) if isinstance(node, Seq) else (node,)


def _whole(known: Known, fields: Fields, name: str) -> Named:
    node = fields[name]
    if isinstance(node, Scalar) and node.value == "none":
        return Named((), AllOrSome.ALL)
    names: list[str] = []
    for item in known.reader.items(node, f"`{name}`"):
        match name:
            case "gates":
                names += _gate(known, item)
            case "rules":
                names += _cause(known, item, reasons=False)
            case "reasons":
                word = known.reader.choice(item, "a reason", tuple(each.value for each in Reason), "undefined-rule")
                names += [word] if word is not None else []
            case _:
                text = known.reader.text(item, "an unknown input")
                names += [text] if text is not None else []
    return Named(tuple(names), AllOrSome.ALL)


def _gate(known: Known, node: Node) -> list[str]:
    word = known.reader.name(node, "a gate")
    gates = known.charter.gates if known.charter else None
    if word is not None and gates is not None and word.name not in gates:
        known.reader.error("undefined-gate", node, f"`{word}` is not among `approvals`", did_you_mean(word.name, gates))
    return [word.name] if word is not None else []


def _cause(known: Known, node: Node, *, reasons: bool = True) -> list[str]:
    text = known.reader.text(node, "a rule's id or a reason" if reasons else "a rule's id")
    if text is None:
        return []
    if known.charter is not None and not text.startswith("never:"):
        ids = causes(known) | ({each.value for each in Reason} if reasons else set())
        if text not in ids:
            what = "no rule's id and no reason" if reasons else "no rule's id"
            known.reader.error("undefined-rule", node, f"`{text}` is {what}", did_you_mean(text, ids))
    return [text]


def causes(known: Known) -> set[str]:
    """The ids that verdicts under the charter may name."""
    charter = known.charter
    if charter is None:
        return set()
    after = charter.untrusted.after_reading if charter.untrusted else ()
    return {
        *(rule.id.name for rule in charter.every_rule),
        *(limit.id.name for limit in charter.limits),
        *(each.id.name if each.id else f"after_reading:{index}" for index, each in enumerate(after, start=1)),
    }


def request(known: Known, node: Node, key: Scalar) -> ExpectRequest | None:
    """What is expected of a request for approval after an answer or a time."""
    reader = known.reader
    at = reader.at(node if isinstance(node, Scalar) else key)
    if not isinstance(node, Map):
        words = (*vocabulary.REQUEST_STATES, "refused")
        word = reader.choice(node, "what comes of a request", words, "unknown-word")
        if word is None:
            return None
        return ExpectRequest(None, at, refused="any") if word == "refused" else ExpectRequest(word, at)
    fields = reader.fields(node, vocabulary.OUTCOME, key)
    if fields is None:
        return None
    if not fields:
        if not fields.misspelt:
            reader.error("empty-collection", node, "`then` is empty", "say what comes of the request")
        return None
    return _request(known, fields, at)


def _request(known: Known, fields: Fields, at: Location) -> ExpectRequest:
    reader = known.reader
    state = (
        reader.choice(fields["request"], "a state of a request", vocabulary.REQUEST_STATES, "unknown-word")
        if "request" in fields
        else None
    )
    refused = (
        reader.choice(fields["refused"], "why an answer does not count", vocabulary.REFUSALS, "unknown-word")
        if "refused" in fields
        else ""
    )
    gates: dict[str, str] = {}
    for key, value in reader.mapping(fields["gates"], "`gates`") if "gates" in fields else ():
        found = reader.choice(value, "a state of a gate", vocabulary.GATE_STATES, "unknown-word")
        for name in _gate(known, key):
            gates[name] = found or ""
    asks = None
    if "asks" in fields:
        asks = tuple(name for item in reader.items(fields["asks"], "`asks`") for name in _gate(known, item))
    return ExpectRequest(state, at, refused or "", gates, asks)
