"""The guess at a tier from a name: for people to confirm, and never looser than a word in the name warns."""

from __future__ import annotations

import pytest

from govern.policy.verbs import CHANGES, LASTING, READS, guess, words


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
        ("", "irreversible"),
        ("__", "irreversible"),
    ],
)
def test_guess(tool: str, tier: str) -> None:
    """A first verb decides; else the strictest word; a name that says nothing is irreversible."""
    assert tier == guess(tool)[0].value


def test_words_of_a_name() -> None:
    assert ["merge", "pull", "request"] == words("mergePullRequest")


def test_a_verb_has_one_meaning() -> None:
    """No verb stands in two vocabularies."""
    assert set() == (READS & CHANGES) | (READS & LASTING) | (CHANGES & LASTING)
