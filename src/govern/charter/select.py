"""Reads which tools something is about: `tools`, `tiers`, `external`, and the effect that it has on them."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.kinds import Level
from govern.charter.model import Deny, Effect, NeedsApproval, RaisesTier, Selector, Tier
from govern.charter.reader import Fields, Reader
from govern.charter.yaml_tree import Map, Node, Scalar

_RAISED = tuple(tier for tier in vocabulary.TIERS if tier != Tier.READ_ONLY)


def read_selector(reader: Reader, fields: Fields, level: Level, *, mapped: bool = True) -> Selector | None:
    """The tools that `tools`, `tiers` and `external` choose together; at least one of them is written.

    Args:
        mapped: exact names must be mapped tools (of a base they need not be).
    """
    tools = reader.tools(fields["tools"], f"`tools` of {level.what}", mapped=mapped) if "tools" in fields else ()
    tiers = read_tiers(reader, fields["tiers"]) if "tiers" in fields else ()
    external = reader.boolean(fields["external"], "`external`") if "external" in fields else None
    if not {"tools", "tiers", "external"} & set(fields):
        at = fields.key("id") if "id" in fields else fields.at
        if not fields.may_be("tools", "tiers", "external"):
            message = f"{level.what} does not say which tools it is about"
            reader.error("missing-key", at, message, "add `tools`, `tiers` or `external`")
        return None
    if ("tools" in fields and not tools) or ("tiers" in fields and not tiers):
        return None
    if "external" in fields and external is None:
        return None
    return Selector(tools, tiers, external)


def read_tiers(reader: Reader, node: Node) -> tuple[Tier, ...]:
    found: list[str | None] = []
    for item in reader.items(node, "`tiers`"):
        tier = reader.choice(item, "a tier", vocabulary.TIERS, "unknown-tier")
        if tier is not None and tier in found:
            reader.error("duplicate-item", item, f"a tier is listed twice: `{tier}`", "once is enough")
        found.append(tier)
    tiers = tuple(Tier(word) for word in found if word is not None)
    return tiers if len(tiers) == len(found) else ()


def read_effect(reader: Reader, node: Node, key: str) -> Effect | None:
    """`deny`, `{approval: GATE}`, `{tier: TIER}`, or a tier with a gate."""
    if isinstance(node, Map):
        return _mapping(reader, node, key)
    if isinstance(node, Scalar) and node.value == "deny":
        return Deny(reader.at(node))
    if not (isinstance(node, Scalar) and node.refused):
        hint = "`deny`, `{approval: GATE}` or `{tier: TIER}`"
        if isinstance(node, Scalar) and node.value == "allow":
            hint += ": a rule can only make a verdict stricter"
        elif isinstance(node, Scalar) and isinstance(node.value, str) and node.value[:3].lower() == "den":
            hint = "did you mean `deny`?"
        reader.error("unknown-effect", node, f"{reader.show(node)} is no effect of `{key}`", hint)
    return None


def _mapping(reader: Reader, node: Map, key: str) -> Effect | None:
    fields = reader.fields(node, vocabulary.EFFECT)
    if fields is None:
        return None
    if not fields and not fields.misspelt:
        reader.error("missing-key", node, f"the effect of `{key}` is empty", "`{approval: GATE}` or `{tier: TIER}`")
        return None
    gate = reader.name(fields["approval"], "a gate", "gate") if "approval" in fields else None
    tier = reader.choice(fields["tier"], "a tier to raise to", _RAISED, "unknown-tier") if "tier" in fields else None
    if ("approval" in fields and gate is None) or ("tier" in fields and tier is None):
        return None
    if tier is not None:
        return RaisesTier(Tier(tier), gate, reader.at(fields["tier"]))
    return NeedsApproval(gate, reader.at(fields["approval"])) if gate is not None else None
