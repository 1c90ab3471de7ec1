"""What tests showed of a charter: counts by hand, what counts and what cannot, and every output read back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.scenario.test_mutants import loaded

from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.policy.engine import Engine
from govern.report import coverage_html, coverage_json, coverage_lcov, coverage_text
from govern.scenario.coverage import CONDITIONS, Coverage, Item, Part, counted, measured, reaches, rules, total
from govern.scenario.run import run
from govern.scenario.suite import scenarios

TEXT = """\
govern: 1
agent: desk
version: 1
purpose: Pays back what went wrong.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
  unused: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
facts:
  order: {from: session, fields: {total: number}}
tools:
  look: {tier: read_only, input: {type: object, properties: {}}}
  refund:
    tier: irreversible
    approval: {ask: lead, unless: "args.amount <= 50"}
    input: {type: object, required: [amount], properties: {amount: {type: number}, note: {type: string}}}
    rules:
      - {id: paid, only_if: args.amount <= order.total, otherwise: deny, because: Never more than was paid.}
      - {id: odd, when: "args.note.contains('<b>')", then: deny, because: "Notes are plain text, no <script>."}
rules:
  - {id: grave, tiers: [irreversible], when: "args.amount > 500", then: {approval: lead}, because: Much money.}
limits:
  - {id: thrice, tools: [refund], max: 3, within: trace, for_each: [agent], counts: proposed, otherwise: deny}
never:
  - {tools: ["delete_*", "drop_*"], because: Nothing is deleted.}
scenarios:
  - {instruction: A, given: {order: {total: 80}}, call: {refund: {amount: 50, note: x}}, expect: allow}
  - {instruction: B, given: {order: {total: 80}}, call: {refund: {amount: 51, note: y}}, expect: {approval: lead}}
  - {instruction: C, given: {order: {total: 10}}, call: {refund: {amount: 11}}, expect: {deny: paid}}
  - {instruction: D, call: {refund: {amount: "1"}}, expect: {deny: invalid_input}}
  - {instruction: E, call: {delete_all: {}}, expect: {deny: never}}
"""


def covered(text: str = TEXT) -> Coverage:
    charter: Charter = loaded(text)
    policy = lower(charter)
    outcomes = run(Engine(policy), scenarios(charter))
    assert [] == [failure for each in outcomes for failure in each.failures]
    return measured(charter, policy, outcomes)


def points(item: Item) -> dict[str, int | None]:
    """How often each outcome was seen; None where it cannot be."""
    return {point.outcome: point.seen if point.possible else None for point in item.points}


def test_counts_by_hand() -> None:
    """Every part of a charter with what five scenarios showed of it, worked out by hand. D is invalid input: it counts
    for the schema and for no rule. C has no note: what `odd` asks of it is unknown. Nothing that is required and of one
    kind can be unknown; of a limit in a session nobody else writes to, nothing can."""
    found = {(each.part, each.name): points(each) for each in covered().items}
    never = {"asked": None, "approved": None, "denied": None, "expired": None}
    assert {
        (Part.GATE, "lead"): {"asked": 1, "approved": 0, "denied": 0, "expired": 0},
        (Part.GATE, "unused"): never,
        (Part.TOOL, "look"): {"called": 0},
        (Part.INPUT, "look"): {"valid": 0, "invalid": 0},
        (Part.TOOL, "refund"): {"called": 4},
        (Part.INPUT, "refund"): {"valid": 3, "invalid": 1},
        (Part.WAIVER, "refund"): {"true": 2, "false": 1, "unknown": None},
        (Part.RULE, "paid"): {"true": 2, "false": 1, "unknown": 0},
        (Part.RULE, "odd"): {"true": 0, "false": 2, "unknown": 1},
        (Part.RULE, "grave"): {"true": 0, "false": 3, "unknown": None},
        (Part.LIMIT, "thrice"): {"true": 0, "false": 3, "unknown": None},
        (Part.NEVER, "delete_*"): {"hit": 1, "passed": 4},
        (Part.NEVER, "drop_*"): {"hit": 0, "passed": 5},
    } == found


def test_shares_by_hand() -> None:
    """The shares are of what can be: rules that applied, outcomes, gates, tools, inputs, and all of it."""
    found = [covered()]
    # unless (A, C), paid (C), odd (C, unknown) and delete_* applied; grave, thrice, drop_* never did.
    assert (4, 7) == (rules(found).seen, rules(found).of)
    assert (11, 16) == (counted(found, *CONDITIONS).seen, counted(found, *CONDITIONS).of)
    assert (1, 4) == (counted(found, Part.GATE).seen, counted(found, Part.GATE).of)
    assert (1, 2) == (counted(found, Part.TOOL).seen, counted(found, Part.TOOL).of)
    assert (2, 4) == (counted(found, Part.INPUT).seen, counted(found, Part.INPUT).of)
    assert (15, 26) == (total(found).seen, total(found).of)


def test_percent_is_rounded_down_and_compared_exactly() -> None:
    """15 of 26 is 57.69 %: shown as 57, and less than 57.7."""
    found = [covered()]
    assert 57 == total(found).percent
    assert [True, True, False, False] == [reaches(found, least) for least in (57, "57.69", "57.7", 58)]


def test_a_rule_of_another_tier_is_not_exercised() -> None:
    """A rule for irreversible calls shows nothing on calls of a reversible tool."""
    text = TEXT.replace("tiers: [irreversible]", "tools: [refund, look], tiers: [irreversible]")
    text += "  - {instruction: F, call: {look: {}}, expect: allow}\n"
    (grave,) = [each for each in covered(text).items if each.name == "grave"]
    assert 3 == sum(point.seen for point in grave.points)
    assert {"refund"} == {tool for point in grave.points for tool, _ in point.tools}


def test_what_was_skipped_shows_nothing() -> None:
    """Coverage is of tests that ran."""
    charter = loaded(TEXT)
    policy = lower(charter)
    cases = tuple(replace(case, skip="later") for case in scenarios(charter))
    assert 0 == total([measured(charter, policy, run(Engine(policy), cases))]).seen


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("args.amount <= 50", {"true", "false"}),
        ("args.note == 'x'", {"true", "false", "unknown"}),
        ("has(args.note)", {"true", "false"}),
        ("order.total > 1", {"true", "false", "unknown"}),
        ("args.amount > 1 && args.amount < 1", {"false"}),
        ("true", {"true"}),
        ("args.amount == args.amount", {"true"}),
        ("args.amount in [1, 2]", {"true", "false"}),
        ("size(list(args.note)) > 0", {"true", "false", "unknown"}),
        ("size(args.note) + size(args.note) > 1", {"true", "false", "unknown"}),
        ("args.amount + 1 > 5", {"true", "false", "unknown"}),  # sums overflow
        ("lower(args.note).contains('x') || args.amount > 1", {"true", "false", "unknown"}),
    ],
)
def test_which_outcomes_can_be(condition: str, expected: set[str]) -> None:
    """An outcome that no valid call reaches does not count; where that is not clear, it does."""
    text = TEXT.replace("args.amount > 500", condition).partition("scenarios:")[0]
    charter = loaded(text)
    policy = lower(charter)
    (grave,) = [each for each in measured(charter, policy, ()).items if each.name == "grave"]
    assert expected == {point.outcome for point in grave.counted}


def test_lcov_is_read_back() -> None:
    """The tracefile has each line once, each outcome as a branch, and totals that agree with them."""
    (record,) = coverage_lcov.text([covered()]).split("end_of_record\n")[:-1]
    rows = [line.partition(":")[::2] for line in record.splitlines()]
    values = {key: value for key, value in rows if key not in ("DA", "BRDA")}
    lines = [tuple(map(int, value.split(","))) for key, value in rows if key == "DA"]
    branches = [value.split(",") for key, value in rows if key == "BRDA"]
    assert ("", "charter.yaml") == (values["TN"], values["SF"])
    assert len({number for number, _ in lines}) == len(lines) == int(values["LF"])
    assert sum(hits > 0 for _, hits in lines) == int(values["LH"])
    assert 26 == len(branches) == int(values["BRF"])
    assert 15 == sum(taken not in ("-", "0") for *_, taken in branches) == int(values["BRH"])
    assert {(8, 0, 0): "1", (8, 0, 1): "0"} == {
        (int(line), int(block), int(branch)): taken
        for line, block, branch, taken in branches
        if line == "8" and branch in "01"
    }
    # The tool `look` and its schema stand on one line, two blocks, and no test came by.
    assert [["13", "0", "0", "-"], ["13", "1", "0", "-"], ["13", "1", "1", "-"]] == [
        b for b in branches if b[0] == "13"
    ]
    assert [1, Counter(branch[0] for branch in branches)["13"]] == [lines.count((13, 0)), 3]


def test_text_marks_what_no_test_showed() -> None:
    """The charter's own lines, a mark under each part, and in words what is missing."""
    lines: list[str] = []
    coverage_text.show([covered()], lambda line: lines.append(line.plain))
    text = "\n".join(lines)
    assert lines[0].startswith("coverage 57%  15 of 26: rules 4 of 7, outcomes 11 of 16, gates 1 of 4")
    assert "rule `paid`: never unknown" in text
    assert "rule `odd`: never true" in text
    assert "gate `lead`: never approved, never denied, never expired" in text
    assert "never `drop_*`: never hit" in text
    assert "unused" not in text
    at = next(index for index, line in enumerate(lines) if "never `drop_*`" in line)
    mark = lines[at] if "^" in lines[at] else lines[at - 1]
    source = next(line for line in lines[at::-1] if '"drop_*"' in line)
    assert source.index('"drop_*"') == mark.index("^")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_is_whole_and_harmless() -> None:
    """The page has every line of the charter as text, nothing of it as markup, no script, nothing from elsewhere, and a
    link to every gap."""
    hostile = TEXT.replace(
        "rules:\n  - {id: grave", "# '\"><img src=x onerror=alert(1)></div>&lt;\nrules:\n  - {id: grave"
    )
    assert "<img" in hostile
    page = _Page()
    page.feed(coverage_html.text([covered(hostile)]))
    assert [] == page.open
    assert {"script", "img", "link", "iframe"} & set(page.tags) == set()
    assert [] == [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "action")]
    assert all(value.startswith("#gap-") for name, value in page.attributes if name == "href" and value)
    for line in hostile.splitlines():
        assert line in page.text
    ids = {value for name, value in page.attributes if name == "id"}
    linked = {str(value)[1:] for name, value in page.attributes if name == "href"}
    assert ids == linked
    assert "never unknown" in page.text


def test_json_has_every_part_and_line() -> None:
    """The document has the shares of the contract, each part with its points, and each line with what is missing."""
    found = coverage_json.document([covered()])
    assert {"seen": 15, "of": 26, "percent": 57} == found["whole"]
    assert {"seen": 4, "of": 7, "percent": 57} == found["rules"]
    assert {"seen": 11, "of": 16, "percent": 68} == found["outcomes"]
    assert 5 == found["decisions"]
    assert 13 == len(found["items"])
    assert 26 - 15 == sum(line["unseen"] for line in found["lines"])


def test_charters_that_share_a_base_count_it_once() -> None:
    """What stands at one place of a file is one part, and what the tests of any charter showed of it is shown."""
    one = covered()
    charter = loaded(TEXT)
    none = measured(charter, lower(charter), ())
    assert (15, 26) == (total([none, one]).seen, total([none, one]).of)
    assert (15, 26) == (total([one, one]).seen, total([one, one]).of)
