"""`govern shadow-report --deployment`: minimums apply, and local time is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import SAMPLES, govern

BASE = """\
govern: 1
base: floor
version: 1
purpose: Nothing is read at night.
owner: chief
roles: [chief]
rules:
  - {id: by-day, tools: ["*"], only_if: "hour(at) >= 6", otherwise: deny, because: Nobody is there.}
"""
DEPLOYMENT = """\
govern: 1
deployment: here
roles: {chief: {people: [ann@example.org]}}
mode: enforce
time_zone: ZONE
minimums: [floor.yaml]
"""


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    (tmp_path / "floor.yaml").write_text(BASE, "utf-8")
    path = tmp_path / "deployment.yaml"
    path.write_text(DEPLOYMENT.replace("ZONE", "UTC"), "utf-8")
    return path


def report(*arguments: str | Path) -> dict[str, int]:
    story = SAMPLES / "code-review"
    ran = govern(
        "shadow-report", story / "log.jsonl", "--charter", story / "charter.yaml", "--format", "json", *arguments
    )
    verdicts: dict[str, int] = ran.json["verdicts"]
    return verdicts


def test_a_minimum_denies_what_the_charter_allows(deployment: Path) -> None:
    """By the time of each event in the deployment's zone: another zone, other calls."""
    alone, here = report(), report("--deployment", deployment)
    assert here["deny"] >= alone["deny"]
    assert sum(alone.values()) == sum(here.values())
    deployment.write_text(DEPLOYMENT.replace("ZONE", "Pacific/Auckland"), "utf-8")  # 13 hours ahead then
    there = report("--deployment", deployment)
    assert there["deny"] > here["deny"]
    assert there["undecidable"] == here["undecidable"] == alone["undecidable"]


def test_a_deployment_that_is_none(deployment: Path) -> None:
    """Nothing is judged with half of what applies."""
    (deployment.parent / "floor.yaml").unlink()
    story = SAMPLES / "code-review"
    ran = govern("shadow-report", story / "log.jsonl", "--charter", story / "charter.yaml", "--deployment", deployment)
    assert 3 == ran.exit_code
    assert "floor.yaml" in ran.err
