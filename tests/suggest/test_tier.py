"""The tier of a suggestion: the strictest of name, arguments, values and library; and which gate is asked."""

from __future__ import annotations

import pytest

from govern.charter.load import load_text
from govern.policy.model import Tier
from govern.suggest import drafting, gates
from govern.suggest.infer import infer
from govern.suggest.tier import guess, stricter

from .seen import CHARTER, action, of, target


@pytest.mark.parametrize(
    ("tool", "call", "tier", "why"),
    [
        ("get_order", {"id": "1"}, Tier.READ_ONLY, "verb `get`"),
        ("add_note", {"id": "1"}, Tier.REVERSIBLE, "verb `add`"),
        ("refund_order", {"id": "1"}, Tier.IRREVERSIBLE, "verb `refund`"),
        ("frobnicate", {"id": "1"}, Tier.IRREVERSIBLE, "its name says nothing"),
        ("get_rows", {"sql": "DROP TABLE x"}, Tier.IRREVERSIBLE, "`sql` can say anything"),
        ("get_item", {"method": "DELETE"}, Tier.IRREVERSIBLE, "`method` says more than reading"),
        ("get_item", {"action": "update_it"}, Tier.REVERSIBLE, "`action` says more than reading"),
        ("get_item", {"method": "GET"}, Tier.READ_ONLY, "verb `get`"),
    ],
)
def test_strictest_wins(tool: str, call: dict[str, str], tier: Tier, why: str) -> None:
    """A reason is told, a value never."""
    seen = of(call)
    found = guess(tool, infer(seen).schema, seen, None)
    assert tier is found.tier
    assert why in found.why
    assert "drop" not in found.why.lower()
    assert "delete" not in found.why.lower()


def test_many_words_for_what_to_do() -> None:
    """More values than were kept: nobody knows which verbs are among them."""
    seen = of(*({"method": f"get_{number}"} for number in range(80)))
    assert Tier.IRREVERSIBLE is guess("get_item", None, seen, None).tier


def test_stricter_ends() -> None:
    assert [Tier.REVERSIBLE, Tier.IRREVERSIBLE, None] == [stricter(tier) for tier in Tier]


def test_never_autonomy_for_what_looks_irreversible() -> None:
    """It asks the gate that the charter's irreversible tools ask, and that somebody must decide about."""
    each = drafting.drafted(target(), action("delete_all"), None, values=False)
    assert (Tier.IRREVERSIBLE, "finance") == (each.tier, each.gate)
    assert "decide" in each.stanza.gate_note
    assert "lead" == drafting.drafted(target(), action("delete_all"), "lead", values=False).gate


def test_no_gate_that_would_let_pass() -> None:
    """Not one that asks the served person alone, nor one that lets a call pass when nobody answers."""
    text = CHARTER.replace(
        "roles: [finance], if_no_answer: [{after: 4h, then: deny}]",
        "confirm: session.person, if_no_answer: [{after: 4h, then: deny}]",
    )
    text = text.replace(
        "lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}",
        "lead: {roles: [lead], if_no_answer: [{after: 4h, then: allow}]}",
    )
    charter = load_text(text).charter
    assert charter is not None
    assert gates.chosen(charter) is None
    assert ("approver", "lead") == (gates.drafted(charter).name, gates.drafted(charter).role)


def test_secrets_are_marked() -> None:
    """An argument with a secret's name is marked, and its values stand nowhere."""
    calls = [{"password": "hunter2", "inner": [{"api_key": "k"}]}] * 40
    each = drafting.drafted(target(), action("login_user", calls), None, values=True)
    assert ("args.inner[*].api_key", "args.password") == each.stanza.secret
    assert "hunter2" not in str(each.stanza)


def test_rules_that_name_others() -> None:
    """A rule that names tools one by one and reads an argument of the new one is a question."""
    text = (
        CHARTER
        + "rules:\n  - {id: own, tools: [refund], only_if: \"args.id == '1'\", otherwise: deny, because: One.}\n"
    )
    each = drafting.drafted(target(text), action("refund_all"), None, values=False)
    assert "whether rule own is about it too, which reads `args.id`" in each.decide
    other = drafting.drafted(target(text), action("refund_all", [{"x": 1}]), None, values=False)
    assert not [note for note in other.decide if "rule own" in note]


def test_near_names() -> None:
    """A tool that is mapped under a like name is a question."""
    each = drafting.drafted(target(), action("Refund"), None, values=False)
    other = drafting.drafted(target(), action("shop/refund"), None, values=False)
    assert "whether it is `refund`, which differs only by case" in each.decide
    assert "whether it is `refund`, which is mapped" in other.decide
