"""The charters, bases, libraries and deployments that are shipped, as files. Suites (`NAME.test.yaml`) are none."""

from __future__ import annotations

from pathlib import Path

from govern.charter.files import is_suite

ROOT = Path(__file__).parent.parent


def shipped(*patterns: str) -> list[Path]:
    """Files below the repository's root by glob, sorted, without suites."""
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern) if not is_suite(str(path)))
