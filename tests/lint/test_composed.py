"""Findings that stand in a file that a charter is composed with: shown there, suppressed there, never mended there."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import Govern, report, team

BASE = """govern: 1
base: org
version: 1
purpose: Rules of the house.
owner: head
roles: [head]
rules:
  - {id: big, tools: ["pay*"], when: "has(args.n) && args.n > 5", then: deny}
"""
CHARTER = team("""extends: [org/base.yaml]
roles: [head]
tools: {pay: {tier: reversible, approval: {ask: lead}, input: {type: object, properties: {n: {type: number}}}}}
""")
COMMENT = "  # govern: ignore[guard-loosens] no amount, no payment"


@pytest.fixture
def base(tmp_path: Path, govern: Govern) -> Path:
    """A base whose rule loosens, and a charter with the tool that it is for."""
    file = tmp_path / "org" / "base.yaml"
    file.parent.mkdir()
    file.write_text(BASE, "utf-8")
    (tmp_path / "pay.yaml").write_text(CHARTER, "utf-8")
    return file


def test_shown_at_its_line(govern: Govern, base: Path) -> None:
    """The line is that of the base, not that of the charter."""
    ran = govern("lint", "pay.yaml")
    assert 1 == ran.code
    assert "\n  org/base.yaml:8:39\n" in ran.out
    assert """when: "has(args.n) && args.n > 5", then: de…""" in ran.out


def test_never_mended_there(govern: Govern, base: Path) -> None:
    """What a charter is composed with may be somebody else's: there is no fix for it, in no output."""
    before = base.read_bytes()
    (finding,) = report(govern("lint", "pay.yaml", "--fix", "--format", "json"))["findings"]
    assert ("guard-loosens", None) == (finding["rule"], finding["fix"])
    assert before == base.read_bytes()


def test_suppressed_there(govern: Govern, base: Path) -> None:
    """A comment in the base counts in every charter that extends it; only these know whether it is unused."""
    base.write_text(BASE.rstrip() + COMMENT + "\n", "utf-8")
    ran = govern("lint", "pay.yaml")
    assert (0, "no findings, 1 suppressed in 1 charter.\n") == (ran.code, ran.out)
    assert "unused-suppression" not in govern("lint", "org/base.yaml").out
    assert base.read_text("utf-8").endswith(COMMENT + "\n")


def test_no_comment_of_the_charter_counts_there(govern: Govern, base: Path, tmp_path: Path) -> None:
    """The same line of another file is another line."""
    lines = CHARTER.splitlines()
    (tmp_path / "pay.yaml").write_text("\n".join([*lines[:7], lines[7] + COMMENT, *lines[8:]]) + "\n", "utf-8")
    assert {"guard-loosens", "unused-suppression"} == {
        finding["rule"] for finding in report(govern("lint", "pay.yaml", "--format", "json"))["findings"]
    }


def test_known_by_its_line_there(govern: Govern, base: Path, tmp_path: Path) -> None:
    """A baseline of the charter knows it by the base's text, wherever that moves to."""
    assert 0 == govern("lint", "pay.yaml", "--write-baseline", "known.json").code
    base.write_text("# moved\n" + BASE, "utf-8")
    assert 0 == govern("lint", "pay.yaml", "--baseline", "known.json").code
    base.write_text(BASE.replace("> 5", "> 50"), "utf-8")
    assert 1 == govern("lint", "pay.yaml", "--baseline", "known.json").code
