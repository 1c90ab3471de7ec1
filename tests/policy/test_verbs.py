"""The guess at a tier from a name: for people to confirm, and never looser than a word in the name warns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.policy.model import Tier
from govern.policy.verbs import CHANGES, LASTING, REACHES_OUT, READS, guess, reaches_out, tier_of, words


@pytest.mark.parametrize(
    ("tool", "tier"),
    [
        ("get_order", "read_only"),
        ("github/list_issues", "read_only"),
        ("mcp__github__merge_pull_request", "irreversible"),
        ("calendar_search", "read_only"),
        ("mailing_list_purge", "irreversible"),
        ("user_get_and_delete", "irreversible"),
        ("update_branch_protection", "irreversible"),
        ("get_permissions", "read_only"),
        ("updateLabel", "reversible"),
        ("label_add", "reversible"),
        ("frobnicate", "irreversible"),
        # A thing, then the verb.
        ("issue_read", "read_only"),
        ("pull_request_read", "read_only"),
        ("projects_list", "read_only"),
        ("label_delete", "irreversible"),
        ("comment_remove", "irreversible"),
        ("set_auto_merge", "irreversible"),
        ("issue_write", "irreversible"),
        ("password_read", "irreversible"),
        ("mark_all_read", "reversible"),
        # Reading is not the whole of it.
        ("get_or_create_customer", "reversible"),
        ("get_and_delete", "irreversible"),
        ("search_and_replace", "reversible"),
        ("check_out_cart", "irreversible"),
        ("list_remove_item", "irreversible"),
        ("view_drop", "irreversible"),
        ("compute_instances_delete", "irreversible"),
        ("estimate_send", "irreversible"),
        ("queue_list_purge", "irreversible"),
        ("list_merge_requests", "read_only"),
        ("check_order", "read_only"),
        ("view_comment", "read_only"),
        ("create_and_send_note", "irreversible"),
        ("check_restaurant_opening_hours", "read_only"),
        ("frobnicate_and_get", "irreversible"),
        # What it changes makes the difference.
        ("edit_file", "irreversible"),
        ("copy_file", "irreversible"),
        ("create_directory", "reversible"),
        ("create_order", "irreversible"),
        ("update_payment", "irreversible"),
        ("create_api_key", "irreversible"),
        # A syllable before a verb.
        ("resend_mail", "irreversible"),
        ("unpin_note", "reversible"),
        ("reprioritize_task", "reversible"),
        ("review_draft", "reversible"),
        ("research_topic", "irreversible"),
        # Servers.
        ("mcp__delete__get_status", "read_only"),
        ("google_calendar__list_events", "read_only"),
        ("delete__list", "irreversible"),
        ("deleter/get_a", "read_only"),
        ("", "irreversible"),
        ("__", "irreversible"),
    ],
)
def test_guess(tool: str, tier: str) -> None:
    """A first verb decides; else the strictest word; a name that says nothing is irreversible."""
    assert tier == guess(tool)[0].value


LASTING_ALONE = sorted(LASTING - {"post", "order", "book", "message", "email", "call", "release", "charge", "reply",
                                  "exchange", "share", "commit", "return", "block"})  # fmt: skip


@given(st.sampled_from(LASTING_ALONE), st.sampled_from(["get", "list", "and", "add", "issue", "or"]), st.booleans())
def test_a_lasting_verb_is_never_overheard(verb: str, other: str, first: bool) -> None:
    """Of two words of which one is a verb beyond undoing (and no noun), the guess is that it cannot be undone."""
    name = f"{verb}_{other}" if first else f"{other}_{verb}"
    if other == "get" and not first:
        name = f"get_and_{verb}"  # `get_release`, `get_purchase`: behind `get` alone it is a thing
    assert "irreversible" == guess(name)[0].value


@given(st.lists(st.sampled_from(sorted(READS | CHANGES | LASTING | {"issue", "and", "file"})), min_size=1, max_size=4))
def test_read_only_begins_or_ends_with_reading(found: list[str]) -> None:
    """Nothing is called read-only whose name has no reading verb first, second or last."""
    if guess("_".join(found))[0].value == "read_only":
        assert {found[0], found[min(1, len(found) - 1)], found[-1]} & READS
        assert tier_of(found[0]) in (None, Tier.READ_ONLY)


@pytest.mark.parametrize(
    ("tool", "word"),
    [
        ("send_email", "send"),
        ("mcp__mail__forward", "forward"),
        ("make_payment", "payment"),
        ("user_invite", "invite"),
        ("update_order", None),
        ("get_payment", None),
        ("add_label", None),
        ("", None),
    ],
)
def test_reaches_out(tool: str, word: str | None) -> None:
    """A name that changes something outside the organisation says so by a word; one that reads does not."""
    assert word == reaches_out(tool)


def test_words_of_a_name() -> None:
    assert ["merge", "pull", "request"] == words("mergePullRequest")


def test_a_verb_has_one_meaning() -> None:
    """No verb stands in two vocabularies."""
    assert set() == (READS & CHANGES) | (READS & LASTING) | (CHANGES & LASTING)


def test_what_reaches_out_is_known() -> None:
    """Every verb that reaches out is one that cannot be undone: what is out is out."""
    assert {"payout"} == REACHES_OUT - LASTING
