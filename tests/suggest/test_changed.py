"""What is written is what was meant, or is refused: nothing of a log becomes a line of a charter by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.load import load_text
from govern.charter.model import Tier
from govern.draft.formats import name_problem
from govern.draft.stanza import Stanza
from govern.errors import AuthorError
from govern.lint.config import Configuration
from govern.suggest import drafting
from govern.suggest.changed import DoesNotFit, fitting, sound, written

from .seen import CHARTER, action, target

GOOD = Stanza("add_note", Tier.REVERSIBLE)
ASKS_NOBODY = Stanza("send", Tier.IRREVERSIBLE)
NO_SCHEMA = Stanza("add_b", Tier.REVERSIBLE, input={"type": "object", "properties": {"a": {"type": "txt"}}})


def test_written() -> None:
    """The text, the tools that are in it, and what it means."""
    edited, policy = written(target(), [GOOD], Configuration())
    assert ("add_note",) == edited.tools
    assert Tier.REVERSIBLE is policy.tools["add_note"].tier
    assert edited.gate is None


def test_nothing_to_write() -> None:
    edited, policy = written(target(), [], Configuration())
    assert (CHARTER, ()) == (edited.after, edited.tools)
    assert policy == target().policy


@pytest.mark.parametrize(
    ("stanza", "reason"),
    [
        (ASKS_NOBODY, "would not load: `send` cannot be undone, and nobody is asked"),
        (NO_SCHEMA, "would not load"),
        (Stanza("get_order", Tier.READ_ONLY), "would not load"),
        (Stanza("x*", Tier.READ_ONLY), "would not load"),
        (Stanza("ok", Tier.REVERSIBLE, notes=("fine",), input={"type": "object", "$id": "x"}), "would not load"),
    ],
)
def test_does_not_fit(stanza: Stanza, reason: str) -> None:
    """What the loader refuses is not written, with its reason."""
    with pytest.raises(DoesNotFit) as told:
        written(target(), [stanza], Configuration())
    assert reason in told.value.reason


def test_the_rest_is_kept() -> None:
    """One that does not fit takes no other with it; the order stays."""
    some = [Stanza(f"add_{number}", Tier.REVERSIBLE) for number in range(7)]
    edited, policy, refused = fitting(target(), [*some[:3], ASKS_NOBODY, *some[3:], NO_SCHEMA], Configuration())
    assert tuple(each.name for each in some) == edited.tools
    assert {"send", "add_b"} == refused.keys()
    assert {each.name for each in some} <= policy.tools.keys()
    assert load_text(edited.after).charter is not None


def test_a_text_that_says_something_else() -> None:
    """A charter that is read otherwise than it was written, as by a library that makes the tier stricter, is not
    taken for what was suggested."""
    other = target()

    def stricter(text: str) -> Any:
        loaded = load_text(text)
        assert loaded.charter is not None
        tools = dict(loaded.charter.tools)
        if "add_note" in tools:
            tools["add_note"] = replace(tools["add_note"], tier=Tier.READ_ONLY)
        return replace(loaded, charter=replace(loaded.charter, tools=tools))

    with pytest.raises(DoesNotFit) as told:
        written(replace(other, again=stricter), [GOOD], Configuration())
    assert "something else than was meant" in told.value.reason


def test_other_tools_stay_as_they_are() -> None:
    """A result in which another tool means something else is refused."""
    charter = load_text(CHARTER.replace("tier: read_only", "tier: reversible")).charter
    assert charter is not None
    before = target(CHARTER)
    policy = target(CHARTER.replace("tier: read_only", "tier: reversible")).policy
    with pytest.raises(DoesNotFit) as told:
        written(replace(before, policy=policy), [GOOD], Configuration())
    assert "other tools would change" in told.value.reason


def test_sound() -> None:
    """An error of lint in the charter as it is; none is nothing to speak of."""
    sound(target(), Configuration())
    text = CHARTER + "scenarios:\n  - {instruction: Do, call: {delete_x: {}}, expect: allow}\n"
    with pytest.raises(AuthorError):
        sound(target(text), Configuration())


ARGUMENTS = st.dictionaries(
    st.text(max_size=12),
    st.recursive(
        st.none() | st.integers(-5, 5) | st.text(max_size=8), lambda inner: st.lists(inner, max_size=2), max_leaves=3
    ),
    max_size=3,
)


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=30) | st.from_regex(r"[A-Za-z0-9_.\-/]{1,20}", fullmatch=True),
    st.lists(ARGUMENTS, min_size=1, max_size=3),
)
def test_any_name_and_any_arguments(tool: str, calls: list[dict[str, Any]]) -> None:
    """A tool of any name, called with anything, is refused for its name, or written so that it alone is added: every
    line that was there is still there, every new one is a comment or indented below `tools`."""
    if name_problem(tool) or tool in target().charter.tools:
        return
    each = drafting.drafted(target(), action(tool, calls, samples=(tool, "a\nb", "#")), None, values=True)
    edited, _, refused = fitting(target(), [each.stanza], Configuration())
    assert {} == refused
    made = load_text(edited.after).charter
    assert made is not None
    assert {*target().charter.tools, tool} == made.tools.keys()
    before = CHARTER.splitlines()
    new = [line for line in edited.after.splitlines() if line not in before and not line.startswith("version: ")]
    assert [] == [line for line in new if line and not line.startswith("  ")]
    assert all(line.isprintable() for line in new)
