"""Sections: the key that changed, both texts at their places, its direction and why; and what no YAML key holds."""

from __future__ import annotations

import pytest
import yaml
from tests.diff.comparing import changed, loaded, told, way
from tests.diff.edits import TEXTS, made

from govern.charter.files import within
from govern.charter.load import load_text
from govern.charter.model import Charter
from govern.diff.compare import compare
from govern.diff.model import Change, Difference, SectionChange
from govern.events.canonical import text_of


def _texts(file: str, *edits: tuple[str, str]) -> dict[str, str]:
    text = TEXTS[file]
    for old, new in edits:
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    return {**TEXTS, file: text}


def _between(file: str, *edits: tuple[str, str]) -> Difference:
    return compare(loaded(TEXTS), loaded(_texts(file, *edits)))


def _one(difference: Difference, path: str) -> SectionChange:
    return next(section for section in difference.sections if section.path == path)


def test_a_section_stands_at_its_key_in_both_files() -> None:
    """Old and new text, the line of each, the direction by the vocabulary's key, and why."""
    section = _one(_between("desk.yaml", ("    quorum: 2\n", "    # fewer\n    quorum: 1\n")), "approvals.lead.quorum")
    assert section.old is not None
    assert section.new is not None
    assert ("2", "1") == (section.old.text, section.new.text)
    lines = TEXTS["desk.yaml"].split("\n")
    assert "    quorum: 2" == lines[section.old.at.line - 1]
    assert 1 == section.new.at.line - section.old.at.line
    assert (Change.WIDENED, "GATE", "quorum") == (section.direction, section.level, section.key)
    assert "the more people must approve, the narrower" == section.why


def test_a_section_of_a_base_stands_in_the_base() -> None:
    """What a composed file says is shown where it is written."""
    section = _one(_between("org.yaml", ("times: 5", "times: 9")), "escalation.error.times")
    assert section.old is not None
    assert ("org.yaml", "5", Change.WIDENED) == (section.old.at.file, section.old.text, section.direction)


def test_what_is_not_written_is_shown_at_what_it_belongs_to() -> None:
    """A default that is overridden has a place: the thing that it is a default of."""
    board = "board: {roles: [board], quorum: 3,"
    difference = _between("desk.yaml", (board, f"{board} use_within: 5m,"))
    section = _one(difference, "approvals.board.use_within")
    assert section.old is not None
    assert section.new is not None
    assert ("900", "5m", Change.NARROWED) == (section.old.text, section.new.text, section.direction)
    assert "  board:" == TEXTS["desk.yaml"].split("\n")[section.old.at.line - 1][:8]


@pytest.mark.parametrize(
    ("edits", "path", "change"),
    [
        ([("\nrules:\n  - {id: own", "\nrules:\n  - {id: ownn")], "rules.ownn-customer", Change.ADDED),
        ([("\nrules:\n  - {id: own", "\nrules:\n  - {id: ownn")], "rules.own-customer", Change.REMOVED),
        ([('tools: ["close_*", wipe]', 'tools: ["close_*"]')], "never.wipe", Change.REMOVED),
        ([("  ping: {", "  pong: {")], "tools.pong", Change.ADDED),
    ],
)
def test_what_came_and_went_is_added_and_removed(edits: list[tuple[str, str]], path: str, change: Change) -> None:
    """Under another name it is another thing: one added, one removed."""
    files = _texts("desk.yaml", *edits)
    files["desk.yaml"] = files["desk.yaml"].replace("expect: {deny: own-customer}", "expect: deny")
    assert change is _one(compare(loaded(TEXTS), loaded(files)), path).change


_IGNORE = "  # govern: ignore[broad-scope, single-approver] reviewed each spring"


def test_a_suppression_that_came_is_wider_and_one_that_went_is_narrower() -> None:
    """A comment that keeps findings quiet counts, each of its rules by itself; nothing else of it is compared."""
    line = '  standing: ["orders:read", "tickets:read"]'
    quiet = _texts("desk.yaml", (line, line + _IGNORE))
    added = compare(loaded(TEXTS), loaded(quiet))
    assert ["identity.standing.ignore[broad-scope]", "identity.standing.ignore[single-approver]"] == [
        section.path for section in added.sections
    ]
    assert ("widened", {}) == (way(added), changed(added))
    assert "narrowed" == way(compare(loaded(quiet), loaded(TEXTS)))
    assert "unchanged" == way(compare(loaded(quiet), loaded(quiet)))


def test_a_suppression_of_something_else_is_another_one() -> None:
    """The same comment at another key keeps another finding quiet."""
    one, other = '  standing: ["orders:read", "tickets:read"]', "    quorum: 2"
    here, there = _texts("desk.yaml", (one, one + _IGNORE)), _texts("desk.yaml", (other, other + _IGNORE))
    assert "shifted" == way(compare(loaded(here), loaded(there)))


def test_a_suppression_stays_where_its_key_goes() -> None:
    """Lines that move, and another reason, are no change."""
    line = '  standing: ["orders:read", "tickets:read"]'
    one = _texts("desk.yaml", (line, line + _IGNORE))
    other = {**one, "desk.yaml": "# moved\n" + one["desk.yaml"].replace("each spring", "every spring")}
    assert "unchanged" == way(compare(loaded(one), loaded(other)))


def test_a_suppression_in_a_base_counts() -> None:
    """Findings of composed files are kept quiet there."""
    added = _between(
        "org.yaml", ("owner: head-of-security", "owner: head-of-security  # govern: ignore[role-unused] a while")
    )
    assert "widened" == way(added)


@pytest.mark.parametrize(
    "edits",
    [
        [("govern: 1\n", "# a comment\ngovern: 1   # and another\n")],
        [("roles: [head-of-support, head-of-security, lead", "roles: [lead, head-of-security, head-of-support")],
        [("quorum: 2", "quorum:   2")],
        [("{after: 4h, ask: finance}", "{ask: finance, after: 240m}")],
        [('only_if: order.customer_id == customer.id, otherwise: deny, because',
          'when: "order.customer_id != customer.id", then: deny, because')],
    ],
)  # fmt: skip
def test_how_it_is_written_is_no_requirement(edits: list[tuple[str, str]]) -> None:
    """Comments, layout, order, units, and the same rule in its other form change nothing."""
    difference = _between("desk.yaml", *edits)
    assert ("unchanged", {}) == (way(difference), changed(difference)), told(difference)


def _locked(pins: dict[str, object]) -> Charter:
    lock = text_of({"schema": "govern/lock/v1", "charters": {"desk.yaml": pins}}).encode()
    found = load_text(TEXTS["desk.yaml"], "desk.yaml", within(TEXTS), lock=lock)
    assert () == found.findings
    assert found.charter is not None
    return found.charter


def test_pins_of_the_lock_count() -> None:
    """A tool that is pinned no more may change unnoticed; one that is described otherwise is another one."""
    parts = {part.path: part.digest for part in loaded(TEXTS).parts}
    tool = {"digest": f"sha256:{'0' * 64}", "read_only": None, "destructive": None}
    plain, pinned = _locked({"parts": parts, "tools": {}}), _locked({"parts": parts, "tools": {"refund": tool}})
    other = _locked({"parts": parts, "tools": {"refund": {**tool, "digest": f"sha256:{'1' * 64}"}}})
    assert ["narrowed", "widened", "shifted", "widened", "unchanged"] == [
        way(compare(*pair))
        for pair in ((plain, pinned), (pinned, plain), (pinned, other), (plain, loaded(TEXTS)), (plain, plain))
    ]


def test_bases_are_compared_by_themselves() -> None:
    """Of a file that grants nothing, every key counts by itself: no tool shows what a rule does."""
    base = loaded(TEXTS, "org.yaml")
    data = yaml.safe_load(TEXTS["org.yaml"])
    del data["rules"]
    less = loaded({**TEXTS, "org.yaml": yaml.safe_dump(data)}, "org.yaml")
    assert ["widened", "narrowed", "unchanged"] == [
        way(compare(*pair)) for pair in ((base, less), (less, base), (base, base))
    ]


def test_a_rule_that_another_one_repeats_is_no_loss() -> None:
    """The section says that a rule went; no tool is wider, and nothing counts as widened."""
    again = "{id: again, tools: [refund, add_note], only_if: order.customer_id == customer.id, otherwise: deny}"
    twice = TEXTS["desk.yaml"].replace("\nrules:\n", f"\nrules:\n  - {again}\n")
    difference = compare(loaded({**TEXTS, "desk.yaml": twice}), loaded(TEXTS))
    assert ("unchanged", Change.WIDENED) == (way(difference), _one(difference, "rules.again").direction)


def test_the_plain_form_of_the_files_says_the_same() -> None:
    """What the edits start from is the charter as written."""
    assert "unchanged" == way(compare(loaded(TEXTS), loaded(made())))


def test_libraries_are_compared_by_themselves() -> None:
    """Of a library, what it says of each of its tools counts."""
    library = loaded(TEXTS, "mail.yaml")
    data = yaml.safe_load(TEXTS["mail.yaml"])
    data["tools"]["send_email"]["external"] = False
    data["tools"]["mailbox"]["tier"] = "reversible"
    other = loaded({**TEXTS, "mail.yaml": yaml.safe_dump(data)}, "mail.yaml")
    difference = compare(library, other)
    assert {"send_email": "widened", "mailbox": "narrowed"} == changed(difference), told(difference)
    assert "shifted" == way(difference)


def test_a_base_is_never_the_same_as_a_charter() -> None:
    """Files of two kinds are two things, whatever they say."""
    assert compare(loaded(TEXTS, "org.yaml"), loaded(TEXTS)).widened
    assert compare(loaded(TEXTS), loaded(TEXTS, "org.yaml")).widened
