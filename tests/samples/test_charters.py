"""The samples' charters are examples to copy: nothing that lint knows can be said against them."""

from __future__ import annotations

import pytest

from govern.charter.load import load
from govern.lint.engine import lint, lint_rules

from .reading import SAMPLES, STORIES


@pytest.mark.parametrize("story", STORIES)
def test_charters_lint_clean(story: str) -> None:
    """No finding of any severity, notes included; every tool has an input schema, every rule a reason."""
    loaded = load(SAMPLES / story / "charter.yaml")
    assert lint_rules()
    assert not lint(loaded)
    assert loaded.charter is not None
    assert all(tool.input for tool in loaded.charter.tools.values())
    assert all(len(rule.because) > 15 for rule in loaded.charter.every_rule)
