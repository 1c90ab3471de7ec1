"""Suppressions: which findings a comment quiets, and what is said of one that is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from govern.charter.load import load_text
from govern.charter.source import Source
from govern.findings import Finding, Location, Severity
from govern.lint.config import Configuration
from govern.lint.engine import loading_ids
from govern.lint.run import Linted, judge
from govern.lint.suppress import sift

from .running import Govern, report, team

pytestmark = pytest.mark.usefixtures("few_rules")


def linted(fragment: str) -> Linted:
    loaded = load_text(team(fragment))
    assert loaded.findings == (), fragment
    return judge("charter.yaml", loaded, Configuration())


def rules(fragment: str) -> list[str]:
    return [finding.rule for finding in linted(fragment).findings]


def test_without_a_comment() -> None:
    """The ground that the cases below stand on."""
    assert ["role-unused"] == rules("roles: [head, desk]")


@pytest.mark.parametrize(
    "fragment",
    [
        "roles: [head, desk]  # govern: ignore[role-unused] from March",
        "# govern: ignore[role-unused] from March\nroles: [head, desk]",
        "#govern:ignore[role-unused]from March\nroles: [head, desk]",
        "# govern: ignore[role-unused]: from March\nroles: [head, desk]",
        "# govern: ignore[ role-unused , ] from March\nroles: [head, desk]",
        "# govern: ignore[role-unused] from March\n# who they are\nroles: [head, desk]",
        "roles: [head, desk]  # the night shift # govern: ignore[role-unused] from March",
        "roles:\n  - head\n  - desk  # govern: ignore[role-unused] from March",
        "roles:\n  - head\n  # govern: ignore[role-unused] from March\n  - desk",
    ],
)
def test_a_comment_suppresses(fragment: str) -> None:
    """At the end of the line, or above it, with the reason kept; nothing else is left."""
    found = linted(fragment)
    assert () == found.findings
    assert [("role-unused", "from March")] == [(one.finding.rule, one.reason) for one in found.suppressed]


@pytest.mark.parametrize(
    "fragment",
    [
        "# govern: ignore[role-unused] from March\n\nroles: [head, desk]",
        "roles: [head, desk]\n# govern: ignore[role-unused] from March",
        "roles:\n  - head  # govern: ignore[role-unused] from March\n  - desk",
        "roles: [head, desk]  # govern: ignore[gate-unused] from March",
    ],
)
def test_at_another_place(fragment: str) -> None:
    """A suppression elsewhere, or of another rule, quiets nothing and is said to be of no use."""
    assert {"role-unused", "unused-suppression"} == set(rules(fragment))


@pytest.mark.parametrize(
    "fragment",
    [
        'purpose: "# govern: ignore[role-unused] from March"\nroles: [head, desk]',
        "purpose: |\n  # govern: ignore[role-unused] from March\nroles: [head, desk]",
    ],
)
def test_text_is_no_comment(fragment: str) -> None:
    """What stands in a value suppresses nothing."""
    assert ["role-unused"] == rules(fragment)


def test_several_rules() -> None:
    """Ids stand between commas; each is for itself."""
    fragment = """approvals:
  lead: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}
  # govern: ignore[gate-unused, role-unused] from March
  late: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}
tools: {send: {tier: reversible, approval: {ask: lead}, input: {type: object, properties: {}}}}
"""
    found = linted(fragment)
    assert ["gate-unused"] == [one.finding.rule for one in found.suppressed]
    unused = [finding for finding in found.findings if finding.rule == "unused-suppression"]
    assert ["role-unused"] == [_under(fragment, finding.location) for finding in unused]


def _under(text: str, place: Location) -> str:
    return text.splitlines()[place.line - 1][place.column - 1 : place.end_column - 1]


GUARD = """tools:
  pay:
    tier: reversible
    approval: {{ask: lead}}
    input: {{type: object, properties: {{n: {{type: number}}}}}}
    rules:
      - id: a
        {above}
        when: {head}
          has(args.n)
          && args.n > 5
        then: deny
"""


@pytest.mark.parametrize(
    ("above", "head"),
    [
        ("# govern: ignore[guard-loosens] no n, no payment", ">-"),
        ("# above", ">-  # govern: ignore[guard-loosens] no n, no payment"),
    ],
)
def test_a_value_of_several_lines(above: str, head: str) -> None:
    """It belongs to the line on which it begins: inside it no comment can stand."""
    found = linted(GUARD.format(above=above, head=head))
    assert ((), ["guard-loosens"]) == (found.findings, [one.finding.rule for one in found.suppressed])


def test_inside_a_value_of_several_lines() -> None:
    """A finding on a later line of a value is for the directive of its first line, and no longer behind the value."""
    source = Source.of("# govern: ignore[role-unused] why\na: |\n  b\n  c\nd: e\n", "f")
    place = [source.locate(source.text.index(word), source.text.index(word) + 1) for word in ("c\n", "d:")]
    inside, behind = (Finding("role-unused", Severity.WARNING, "m", at) for at in place)
    sifted = sift(source, [inside, behind], ["role-unused"])
    assert ([inside], (behind,)) == ([one.finding for one in sifted.suppressed], sifted.findings)


@pytest.mark.parametrize(
    ("comment", "rule", "under"),
    [
        ("# govern: ignore[role-unused]", "suppression-without-reason", "# govern: ignore[role-unused]"),
        ("# govern: ignore[role-unused] - .", "suppression-without-reason", "# govern: ignore[role-unused] - ."),
        ("# govern: ignore[unused-role] why", "suppression-unknown-rule", "unused-role"),
        ("# govern: ignore[role_unused] why", "suppression-unknown-rule", "role_unused"),
        ("# govern: ignore[*] why", "suppression-unknown-rule", "*"),
        ("# govern: ignore[unknown-key] why", "suppression-unknown-rule", "unknown-key"),
        ("# govern: ignore[unused-suppression] why", "suppression-unknown-rule", "unused-suppression"),
        ("# govern: ignore[] why", "suppression-malformed", "# govern: ignore[] why"),
        ("# govern: ignore role-unused why", "suppression-malformed", "# govern: ignore role-unused why"),
        ("# govern: ignroe[role-unused] why", "suppression-malformed", "# govern: ignroe[role-unused] why"),
        ("# Govern: Ignore[role-unused] why", "suppression-malformed", "# Govern: Ignore[role-unused] why"),
        ("# govern ignore[role-unused] why", "suppression-malformed", "# govern ignore[role-unused] why"),
    ],
)
def test_what_is_wrong_with_one(comment: str, rule: str, under: str) -> None:
    """It suppresses nothing, and a finding underlines what is wrong."""
    fragment = f"roles: [head, desk]  {comment}"
    found = linted(fragment)
    assert {"role-unused", rule} == {finding.rule for finding in found.findings}
    assert () == found.suppressed
    assert [under] == [_under(fragment, one.location) for one in found.findings if one.rule == rule]


@pytest.mark.parametrize("comment", ["# govern: 1", "# we govern the desk", "# govern", "# `# govern: ignore[x]`"])
def test_other_comments(comment: str) -> None:
    """A key that somebody commented out, and prose, are no suppressions."""
    assert [] == rules(f"{comment}\nroles: [head]")


def test_a_suggestion_for_an_unknown_rule() -> None:
    found = linted("roles: [head]  # govern: ignore[role-unsed] why").findings
    assert ["did you mean `role-unused`?"] == [finding.hint for finding in found]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("roles: [head]  # govern: ignore[role-unused] why", "roles: [head]"),
        ("# govern: ignore[role-unused] why\nroles: [head]", "roles: [head]"),
        ("# govern: ignore[role-unused, gate-unused] why\nroles: [head]", "roles: [head]"),
        ("roles: [head]  # who # govern: ignore[role-unused] why", "roles: [head]  # who"),
        (
            "roles: [head, desk]  # govern: ignore[gate-unused, role-unused] why",
            "roles: [head, desk]  # govern: ignore[role-unused] why",
        ),
        (
            "roles: [head, desk]  # govern: ignore[role-unused, gate-unused, model-asserts] why",
            "roles: [head, desk]  # govern: ignore[role-unused] why",
        ),
    ],
)
def test_fix_deletes_what_is_unused(govern: Govern, tmp_path: Path, before: str, after: str) -> None:
    """An id with its comma, or the whole directive with the last one; nothing else on the line."""
    file = tmp_path / "team.yaml"
    file.write_text(team(before), "utf-8")
    assert 0 == govern("lint", "team.yaml", "--fix", "--fail-on", "warning").code
    assert team(after) == file.read_text("utf-8")


@pytest.mark.parametrize("rule", ["unknown-key", "quote-condition", "undefined-role"])
def test_errors_of_loading_are_never_suppressed(govern: Govern, tmp_path: Path, rule: str) -> None:
    """Whatever a comment, a configuration or a baseline says, what keeps a charter from loading is shown."""
    lines = {
        "unknown-key": "tols: 1",
        "quote-condition": "rules: [{id: a, tools: [get_note], when: !has(args.id), then: deny}]",
        "undefined-role": "owner: nobody",
    }
    assert rule in loading_ids()
    (tmp_path / "bad.yaml").write_text(team(f"{lines[rule]}  # govern: ignore[{rule}] it is meant so"), "utf-8")
    ran = govern("lint", "bad.yaml", "--format", "json")
    document = report(ran)
    assert 1 == ran.code
    assert rule in {finding["rule"] for finding in document["findings"]}
    assert [] == document["suppressed"]


def test_shown_and_counted(govern: Govern, tmp_path: Path) -> None:
    """Suppressed findings are counted always, shown on request, and in JSON with their reason."""
    (tmp_path / "team.yaml").write_text(team("roles: [head, desk]  # govern: ignore[role-unused] from March"), "utf-8")
    quiet = govern("lint", "team.yaml")
    assert (0, "no findings, 1 suppressed in 1 charter.\n") == (quiet.code, quiet.out)
    loud = govern("lint", "team.yaml", "--show-suppressed")
    assert 0 == loud.code
    assert (
        """\
suppressed[role-unused]: nothing asks or calls the role `desk`
  team.yaml:1:15
   1 | roles: [head, desk]  # govern: ignore[role-unused] from March
     |               ^^^^ because: from March

no findings, 1 suppressed in 1 charter.
"""
        == loud.out
    )
    (one,) = report(govern("lint", "team.yaml", "--format", "json"))["suppressed"]
    assert ("role-unused", 1, "from March") == (one["rule"], one["line"], one["reason"])


def test_a_reason_reaches_no_terminal_raw(govern: Govern, tmp_path: Path) -> None:
    """What an author writes as a reason is data."""
    text = team("roles: [head, desk]  # govern: ignore[role-unused] from \u00a0M\u0378arch")
    (tmp_path / "team.yaml").write_text(text, "utf-8")
    assert "from \\u00a0M\\u{378}arch" in govern("lint", "team.yaml", "--show-suppressed").out


def test_many_are_quick() -> None:
    """Thousands of suppressions, on lines of their own or in one, take no time that grows with their square."""
    rows = "# govern: ignore[role-unused] why\n" * 10_000 + f"# govern: ignore[{'role-unused, ' * 10_000}] why\n"
    started = time.perf_counter()
    assert 20_000 == len(linted(team("roles: [head]") + rows).findings)
    assert 10 > time.perf_counter() - started
