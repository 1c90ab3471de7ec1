"""`govern compile --target`: what is written where, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.running import SUPPORT, govern
from tests.compile.backends.test_claude_code import PLAIN

from govern.charter.load import load
from govern.compile.lower import lower
from govern.compile.reading import read
from govern.policy.sql import decision_sql

CHARTER = SUPPORT / "charter.yaml"


def test_sql_is_the_decision_query(tmp_path: Path) -> None:
    charter = load(CHARTER).charter
    assert charter is not None
    expected = decision_sql(lower(charter)) + "\n"
    assert expected == govern("compile", CHARTER, "--target", "sql", "-o", "-").out
    assert 0 == govern("compile", CHARTER, "--target", "sql", "-o", tmp_path / "x.sql").exit_code
    assert expected == (tmp_path / "x.sql").read_text()


def test_claude_code_is_a_folder_with_the_bundle_that_the_settings_name(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(PLAIN)
    done = govern("compile", tmp_path / "c.yaml", "--target", "claude-code", "-o", tmp_path / "out")
    assert (0, "") == (done.exit_code, done.err)
    assert {"settings.json", "policy.bundle"} == {each.name for each in (tmp_path / "out").iterdir()}
    bundle = read(tmp_path / "out" / "policy.bundle")
    assert f"--digest {bundle.policy.digest}" in (tmp_path / "out" / "settings.json").read_text()
    again = govern("compile", tmp_path / "c.yaml", "--target", "claude-code", "-o", tmp_path / "out")
    assert (0, done.out) == (again.exit_code, again.out)


def test_what_a_target_cannot_express_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    done = govern("compile", CHARTER, "--target", "claude-code", "-o", tmp_path / "out")
    assert 3 == done.exit_code
    assert "`approval: finance`" in done.err
    assert "--tighter" in done.err
    assert [] == list(tmp_path.iterdir())


def test_tighter_writes_it_and_says_where_it_is_stricter(tmp_path: Path) -> None:
    done = govern("compile", CHARTER, "--target", "claude-code", "--tighter", "-o", tmp_path / "out")
    assert 0 == done.exit_code
    assert "refund: large-refunds: `approval: finance`" in done.err
    assert "stricter than the charter in 3 parts" in done.err
    assert "settings.json" in done.out


def test_settings_of_somebody_else_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(PLAIN)
    mine = tmp_path / "settings.json"
    mine.write_text(json.dumps({"permissions": {"allow": ["Bash"]}}))
    done = govern("compile", tmp_path / "c.yaml", "--target", "claude-code", "-o", tmp_path)
    assert 2 == done.exit_code
    assert "settings of yours" in done.err
    assert {"permissions": {"allow": ["Bash"]}} == json.loads(mine.read_text())
    assert not (tmp_path / "policy.bundle").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "sql", "--sign", "k"), "`--sign` is for bundles"),
        (("--target", "rego", "--valid-for", "90d"), "`--valid-for` is for bundles"),
        (("--target", "cedar", "--valid-from", "2026-01-01T00:00:00Z"), "`--valid-from` is for bundles"),
        (("--target", "claude-code", "--valid-until", "2026-01-01T00:00:00Z"), "`--valid-until` is for bundles"),
        (("--tighter",), "`--tighter` is for exports"),
        (("--target", "sql", "--tighter"), "`--tighter` is for exports"),
        (("--target", "clade-code"), "clade-code"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = govern("compile", CHARTER, "-o", tmp_path / "x", *arguments)
    assert 2 == done.exit_code
    assert message in done.err
    assert [] == list(tmp_path.iterdir())


def test_several_files_are_not_printed(tmp_path: Path) -> None:
    done = govern("compile", CHARTER, "--target", "claude-code", "--tighter", "-o", "-")
    assert (2, "") == (done.exit_code, done.out)
    assert "name a folder" in done.err


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    done = govern("compile", CHARTER, "--target", "claude-code", "--tighter", "-o", tmp_path / "no" / "out")
    assert 4 == done.exit_code
    (tmp_path / "file").write_text("")
    assert 4 == govern("compile", CHARTER, "--target", "claude-code", "--tighter", "-o", tmp_path / "file").exit_code


def test_an_export_never_overwrites_its_charter(tmp_path: Path) -> None:
    charter = tmp_path / "charter.yaml"
    charter.write_text(PLAIN)
    assert 2 == govern("compile", charter, "--target", "sql", "-o", charter).exit_code
    assert PLAIN == charter.read_text()
