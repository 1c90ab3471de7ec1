"""A guessed tier: its reason, and that a server's hints never loosen it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.draft.listing import Hints, Listed
from govern.draft.tiers import guess
from govern.policy import verbs
from govern.policy.model import Tier

ORDER = list(Tier)
READS = Hints(read_only=True)
CHANGES = Hints(read_only=False)
DESTROYS = Hints(read_only=False, destructive=True)
HARMLESS = Hints(read_only=False, destructive=False)


def listed(name: str, hints: Hints | None = None, **other: Any) -> Listed:
    return Listed(name, hints=hints or Hints(), **other)


@pytest.mark.parametrize(
    ("tool", "tier", "doubt"),
    [
        (listed("get_a"), "read_only", False),
        (listed("get_a", READS), "read_only", False),
        (listed("get_a", DESTROYS), "irreversible", True),
        (listed("get_a", CHANGES), "irreversible", True),
        (listed("get_a", HARMLESS), "reversible", True),
        (listed("get_a", Hints(read_only=True, destructive=True)), "irreversible", True),
        (listed("update_a"), "reversible", False),
        (listed("update_a", READS), "reversible", True),
        (listed("update_a", DESTROYS), "irreversible", False),
        (listed("update_a", HARMLESS), "reversible", False),
        (listed("delete_a", READS), "irreversible", True),
        (listed("delete_a", HARMLESS), "irreversible", False),
        (listed("frobnicate"), "irreversible", True),
        (listed("frobnicate", READS), "irreversible", True),
        (listed("frobnicate", HARMLESS), "irreversible", True),
        (listed("frobnicate", DESTROYS), "irreversible", False),
        (listed("frobnicate", method="GET"), "read_only", False),
        (listed("frobnicate", method="POST"), "irreversible", True),
        (listed("frobnicate", method="PUT"), "reversible", False),
        (listed("listA", method="POST"), "reversible", False),
        (listed("deleteA", method="GET"), "irreversible", True),
        (listed("updateA", method="DELETE"), "irreversible", False),
    ],
    ids=lambda value: value.name if isinstance(value, Listed) else str(value),
)
def test_tier(tool: Listed, tier: str, doubt: bool) -> None:
    """The strictest of name, method and hints; where they contradict each other a person decides."""
    made = guess(tool)
    assert (tier, doubt) == (made.tier.value, bool(made.doubt))
    assert made.why


@pytest.mark.parametrize(
    ("name", "properties", "tier", "why"),
    [
        ("get_rows", {"sql": {"type": "string"}}, "irreversible", "argument `sql`"),
        ("get_rows", {"SQL": {}}, "irreversible", "argument `SQL`"),
        ("get_rows", {"sql": {"type": "boolean"}}, "read_only", "verb `get`"),
        ("get_a", {"method": {"enum": ["get", "list"]}}, "read_only", "verb `get`"),
        ("get_a", {"method": {"enum": ["get", "delete_all"]}}, "irreversible", "`method` may be `delete`"),
        ("get_a", {"action": {"enum": ["add", "frob", 7]}}, "reversible", "`action` may be `add`"),
        ("get_a", {"state": {"enum": ["delete"]}}, "read_only", "verb `get`"),
        ("get_a", [], "read_only", "verb `get`"),
        ("get_a", {"sql": "string", "method": 7}, "read_only", "verb `get`"),
    ],
)
def test_arguments(name: str, properties: Any, tier: str, why: str) -> None:
    """An argument that is a program, or that chooses what the tool does, can only make the guess stricter."""
    made = guess(listed(name, schema={"properties": properties}))
    assert (tier, why) == (made.tier.value, made.why[: len(why)])


truths = st.sampled_from([None, True, False])
names = st.lists(
    st.sampled_from(sorted(verbs.READS | verbs.CHANGES | verbs.LASTING | {"issue", "file", "and", "or", "key"})),
    min_size=1, max_size=4,
).map("_".join)  # fmt: skip


@given(names, st.builds(Hints, truths, truths, truths, truths))
def test_a_hint_never_loosens(name: str, hints: Hints) -> None:
    """Whatever a server says of its tool, the guess is at least as strict as the name's."""
    assert ORDER.index(verbs.guess(name)[0]) <= ORDER.index(guess(listed(name, hints)).tier)


def test_idempotent_hint_says_nothing() -> None:
    """Doing it twice being like doing it once does not say that it can be undone."""
    for name, idempotent in itertools.product(("get_a", "update_a", "delete_a", "a"), (True, False)):
        assert guess(listed(name)) == guess(listed(name, Hints(idempotent=idempotent)))


@pytest.mark.parametrize(
    ("tool", "external"),
    [
        (listed("send_email"), True),
        (listed("make_payment"), True),
        (listed("update_a"), False),
        (listed("update_a", Hints(open_world=True)), True),
        (listed("update_a", Hints(open_world=False)), False),
        (listed("send_email", Hints(open_world=False)), True),
        (listed("search_web", Hints(open_world=True)), False),
        (listed("get_sent_emails"), False),
        (listed("update_order_status"), False),
    ],
    ids=lambda value: value.name if isinstance(value, Listed) else str(value),
)
def test_external(tool: Listed, external: bool) -> None:
    """What changes something and reaches out, by its verb or by an open world, leaves the organisation."""
    assert external == bool(guess(tool).external)
