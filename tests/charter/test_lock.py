"""`govern.lock`: what it pins, what a difference does, and a lock that cannot be believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govern.charter.load import load
from govern.charter.lock import NAME, changes, pinned, pins_beside, pins_of, read, text
from govern.charter.model import Charter, PinnedTool, Pins
from govern.errors import AuthorError

from .fragments import whole

BASE = "govern: 1\nbase: org\nversion: 1\npurpose: Rules.\nowner: chief\nroles: [chief]\nnever: [{tools: [x_*]}]\n"
TOOL = {"name": "refund", "description": "Refunds.", "inputSchema": {"type": "object"}, "annotations": {}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A charter on a base, locked as it is."""
    (tmp_path / "org.yaml").write_text(BASE, "utf-8")
    path = tmp_path / "desk.yaml"
    path.write_text(whole("extends: [org.yaml]"), "utf-8")
    (tmp_path / NAME).write_text(text({"desk.yaml": pins_of(charter(path), {}, None)}), "utf-8")
    return path


def charter(path: Path) -> Charter:
    found = load(path)
    assert () == found.findings
    assert found.charter is not None
    return found.charter


def told(path: Path) -> list[tuple[str, str]]:
    return [(finding.rule, finding.message) for finding in load(path).findings]


def test_as_locked(place: Path) -> None:
    """It loads, and says that it is locked; without a lock it loads too, and says that it is not."""
    locked = charter(place).locked
    assert locked is not None
    assert {"org.yaml"} == set(locked.parts)
    (place.parent / NAME).unlink()
    assert charter(place).locked is None


def test_a_changed_base_is_an_error_where_it_is_named(place: Path) -> None:
    """Until somebody locks it again; a comment in the base is a change too."""
    base = place.parent / "org.yaml"
    base.write_text(BASE + "# a word\n", "utf-8")
    found = load(place)
    assert found.charter is None
    assert [("lock-mismatch", "the base `org.yaml` changed since it was locked", 1)] == [
        (finding.rule, finding.message, finding.location.line) for finding in found.findings
    ]


def test_a_base_more_and_a_base_less(place: Path) -> None:
    """A part that is not in the lock, and one that is there and named no more."""
    (place.parent / "more.yaml").write_text(BASE.replace("base: org", "base: more"), "utf-8")
    before = place.read_text("utf-8")
    place.write_text(before.replace("[org.yaml]", "[org.yaml, more.yaml]"), "utf-8")
    assert [("lock-mismatch", f"`more.yaml` is not in {NAME}")] == told(place)
    place.write_text(before.replace("extends: [org.yaml]\n", ""), "utf-8")
    assert [("lock-mismatch", f"`org.yaml` is in {NAME}, and no longer a part of this file")] == told(place)


def test_a_minimum_is_not_the_charters_to_pin(place: Path) -> None:
    """A deployment's base is composed too, and need not be in the lock; one that the charter names still must."""
    (place.parent / "floor.yaml").write_text(BASE.replace("base: org", "base: floor"), "utf-8")
    found = load(place, ("floor.yaml",))
    assert () == found.findings
    assert found.charter is not None
    assert {"org.yaml", "floor.yaml"} == {part.path for part in found.charter.parts}
    (place.parent / "org.yaml").write_text(BASE + "# a word\n", "utf-8")
    assert ["lock-mismatch"] == [finding.rule for finding in load(place, ("floor.yaml",)).findings]


def test_another_charter_of_the_folder_is_not_locked(place: Path) -> None:
    """A lock says nothing of a charter that it does not name."""
    other = place.with_name("other.yaml")
    other.write_bytes(place.read_bytes())
    assert charter(other).locked is None


def valid() -> dict[str, Any]:
    pin = {"digest": "sha256:1", "read_only": None, "destructive": True}
    return {"schema": "govern/lock/v1", "charters": {"desk.yaml": {"parts": {"a": "sha256:2"}, "tools": {"t": pin}}}}


def broken() -> list[Any]:
    """Locks of which something is missing, more, or of another kind."""
    found: list[Any] = [b"", b"{", b"[]", b"null", b'{"schema": "govern/lock/v2", "charters": {}}', b"\xff", b"{}"]
    changes: list[tuple[tuple[str, ...], Any]] = [
        (("charters",), []),
        (("charters", "desk.yaml"), []),
        (("charters", "desk.yaml", "parts"), []),
        (("charters", "desk.yaml", "parts", "a"), 7),
        (("charters", "desk.yaml", "tools", "t"), "sha256:1"),
        (("charters", "desk.yaml", "tools", "t", "digest"), None),
        (("charters", "desk.yaml", "tools", "t", "read_only"), "yes"),
        (("charters", "desk.yaml", "tools", "t", "more"), 1),
        (("charters", "desk.yaml", "more"), {}),
        (("more",), 1),
    ]
    for path, value in changes:
        document = valid()
        inner: Any = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        found.append(json.dumps(document).encode())
    for path in [("schema",), ("charters",), ("charters", "desk.yaml", "parts"), ("charters", "desk.yaml", "tools")]:
        document = valid()
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        found.append(json.dumps(document).encode())
    return found


@pytest.mark.parametrize("data", broken(), ids=lambda data: data.decode("latin-1")[-60:])
def test_a_lock_that_cannot_be_read_is_never_ignored(data: bytes, place: Path) -> None:
    """The charter does not load: nobody knows what was looked at."""
    with pytest.raises(AuthorError):
        read(data, "x")
    (place.parent / NAME).write_bytes(data)
    assert ["lock-unreadable"] == [rule for rule, _ in told(place)]


def test_a_lock_that_is_a_folder_or_leads_nowhere(place: Path) -> None:
    (place.parent / NAME).unlink()
    (place.parent / NAME).symlink_to(place.parent / "gone")
    assert ["file-unreadable"] == [rule for rule, _ in told(place)]
    (place.parent / NAME).unlink()
    (place.parent / NAME).mkdir()
    assert ["file-unreadable"] == [rule for rule, _ in told(place)]
    with pytest.raises(AuthorError):
        pins_beside(place)


def test_text_and_back() -> None:
    """The same text whatever the order, and reading gives what was written."""
    pins = {
        "b.yaml": Pins({"x": "1", "a": "2"}, {"t": PinnedTool("d", None, True), "s": PinnedTool("e", False, None)}),
        "a.yaml": Pins({}, {}),
    }
    turned = {
        name: Pins(dict(reversed(list(each.parts.items()))), dict(reversed(list(each.tools.items()))))
        for name, each in reversed(list(pins.items()))
    }
    assert text(pins) == text(turned)
    assert pins == read(text(pins).encode(), "x")


@pytest.mark.parametrize("key", ["name", "description", "inputSchema", "outputSchema", "annotations"])
def test_every_word_of_a_description_is_pinned(key: str) -> None:
    """Any change of name, description, schemas or annotations is another digest; other keys are none of it."""
    assert pinned(TOOL) != pinned({**TOOL, key: {"x": 1}})
    assert pinned(TOOL) == pinned({**TOOL, "_meta": {"x": 1}})


def test_hints_are_kept_as_given() -> None:
    """What is no truth value is no hint."""
    for said, expected in (
        ({"read_only": True}, (True, None)),
        ({"destructive": False}, (None, False)),
        ({"read_only": "yes", "destructive": 1}, (None, None)),
        (None, (None, None)),
    ):
        pin = pinned({**TOOL, "annotations": said})
        assert expected == (pin.read_only, pin.destructive)


def test_tools_are_found_behind_their_server_and_keep_their_pins(place: Path) -> None:
    """A charter's `server/name` takes the description of `name`; what no list has keeps its pin, what is gone goes."""
    text_ = place.read_text("utf-8").replace("  refund:", "  shop/refund:")
    place.write_text(text_, "utf-8")
    first = pins_of(charter(place), {"refund": TOOL}, None)
    assert {"shop/refund": pinned(TOOL)} == first.tools
    assert first == pins_of(charter(place), {}, first)
    assert {} == pins_of(charter(place), {}, Pins({}, {"gone": pinned(TOOL)})).tools


def test_changes_are_told() -> None:
    one, two = pinned(TOOL), pinned({**TOOL, "description": "Pays."})
    before = Pins({"a": "1", "b": "2"}, {"t": one, "u": one})
    after = Pins({"b": "3", "c": "4"}, {"t": two, "v": one})
    assert [] == changes(before, before)
    assert [
        "`a` is locked, and no longer there",
        "`b` changed since it was locked",
        "`c` is not locked yet",
        "tool `t` changed since it was locked",
        "tool `u` is locked, and no longer there",
        "tool `v` is not locked yet",
    ] == changes(before, after)
