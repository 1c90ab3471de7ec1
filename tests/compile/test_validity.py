"""When a bundle may decide: from a moment on, until another, and at no other time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from govern.compile import sources
from govern.compile.reading import read
from govern.compile.sources import one_policy, policies
from govern.compile.validity import ALWAYS, Window, asked, moment, stored, window, written
from govern.errors import AuthorError, UsageError

from .making import DAY, NOW, ROOT, A, compiled, document_of, put, resealed, small

S = 10**9


def test_a_moment_is_written_and_read() -> None:
    assert "2026-11-23T14:00:00Z" == written(NOW) == written(NOW + S - 1)
    assert NOW == moment("2026-11-23T14:00:00Z") == moment("2026-11-23T19:30:00+05:30") == stored(written(NOW))
    for at in (0, -S, NOW, 253 * 365 * DAY, -200 * 365 * DAY):
        assert at == stored(written(at))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23", "2026-11-23T14:00:00", "2026-11-23 14:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T14:00:60Z", "2026-11-23T14:00:00.5Z", "now", "", "1795442400", "9999-01-01T00:00:00Z",
        "٢٠٢٦-11-23T14:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_moment(text: str) -> None:
    """No day alone, no local time, no fraction of a second, nothing outside the range that times have."""
    assert moment(text) is None
    with pytest.raises(UsageError, match="is no time"):
        asked(text, "--at")


@pytest.mark.parametrize(
    "text", ["2026-11-23T14:00:00+00:00", "2026-11-23t14:00:00z", "2026-11-23T14:00:00.000Z", 7, None]
)
def test_a_bundle_holds_moments_in_one_form(text: object) -> None:
    assert stored(text) is None


def test_the_ends_of_a_window() -> None:
    """It begins with its first moment, and the last one is no longer in it."""
    between = Window(NOW, NOW + DAY)
    assert ["not valid before", None, None, None, "expired"] == [
        next((word for word in ("not valid before", "expired") if word in refusal), "") if refusal else None
        for refusal in map(between.refusal, (NOW - 1, NOW, NOW + 1, NOW + DAY - 1, NOW + DAY))
    ]
    assert (None, None) == (ALWAYS.refusal(-(2**63)), ALWAYS.refusal(2**63 - 1))
    said = Window(None, NOW).refusal(NOW + DAY)
    assert "the bundle expired at 2026-11-23T14:00:00Z, and it is 2026-11-24T14:00:00Z" == said


def test_options_make_a_window() -> None:
    start, end = "2026-11-23T14:00:00Z", "2027-02-21T14:00:00Z"
    assert ALWAYS == window(None, None, None, NOW)
    assert Window(NOW, NOW + 90 * DAY) == window(start, end, None, 5) == window(start, None, "90d", 5)
    assert Window(None, NOW + 4 * 3600 * S) == window(None, None, "4h", NOW + 999)
    assert Window(None, NOW - DAY) == window(None, written(NOW - DAY), None, NOW)  # to make an old one again


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((None, "2027-01-01T00:00:00Z", "90d"), "twice"),
        (("2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None), "no moment"),
        (("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z", None), "no moment"),
        (("tomorrow", None, None), "no time"),
        ((None, "2026-12-31", None), "no time"),
        ((None, None, "90"), "no duration"),
        ((None, None, "0d"), "no duration"),
        ((None, None, "-1d"), "no duration"),
        ((None, None, "367d"), "no duration"),
        ((None, None, "9999999d"), "no duration"),
        ((None, None, "1d12h"), "no duration"),
        (("2262-04-11T00:00:00Z", None, "366d"), "past all times"),
    ],
)
def test_options_that_make_none(given: tuple[str | None, str | None, str | None], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        window(*given, NOW)


def test_a_window_is_in_the_bundle(tmp_path: Path) -> None:
    """In its manifest, under its digests, and read again; the policy is the same."""
    plain, made = small(tmp_path), small(tmp_path, window=Window(NOW, NOW + DAY))
    manifest = document_of(made)["manifest"]
    assert ("2026-11-23T14:00:00Z", "2026-11-24T14:00:00Z") == (manifest["not_before"], manifest["expires"])
    assert (None, None) == (document_of(plain)["manifest"]["not_before"], document_of(plain)["manifest"]["expires"])
    assert made == read(put(tmp_path, made))
    assert plain.policy.digest == made.policy.digest
    assert plain.digest != made.digest


@pytest.mark.parametrize("keys", [(), (A,)])
def test_a_bundle_decides_within_its_window_alone(keys: tuple[Any, ...], tmp_path: Path) -> None:
    """Signed or not, alone or in a folder; reading it to look at it is possible at any time."""
    folder = tmp_path / "bundles"
    folder.mkdir()
    path = put(folder, small(tmp_path, *keys, window=Window(NOW, NOW + DAY)))
    assert one_policy(path, now=NOW) == one_policy(path, now=NOW + DAY - 1) == policies(str(folder), now=NOW)["desk"]
    for now, says in ((NOW - 1, "not valid before"), (NOW + DAY, "expired at")):
        for judge in (lambda now=now: one_policy(path, now=now), lambda now=now: policies(str(folder), now=now)):
            with pytest.raises(AuthorError, match=says) as caught:
                judge()
            assert str(path) == caught.value.where
    assert "desk" == read(path).policy.agent


def test_who_says_no_time_gets_the_clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, small(tmp_path, window=Window(NOW, NOW + DAY)))
    for now, good in ((NOW - 1, False), (NOW, True), (NOW + DAY, False)):
        monkeypatch.setattr(sources.time, "time_ns", lambda now=now: now)
        if good:
            assert one_policy(path) == policies(str(path))["desk"]
        else:
            for judge in (lambda: one_policy(path), lambda: policies(str(path))):
                with pytest.raises(AuthorError):
                    judge()


@pytest.mark.parametrize(
    "change",
    [
        {"expires": "2026-11-24T14:00:00+00:00"},
        {"expires": "2026-11-24"},
        {"expires": 1},
        {"expires": False},
        {"expires": ""},
        {"expires": "2026-11-23T14:00:00Z"},
        {"expires": "2026-11-23T13:59:59Z"},
        {"not_before": "2026-11-24T14:00:00Z"},
        {"not_before": {}},
    ],
)
def test_a_window_that_is_none_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """Of another form, or with no moment in it, even with every digest right."""
    document = document_of(small(tmp_path, window=Window(NOW, NOW + DAY)))
    document["manifest"].update(change)
    path = tmp_path / "a.bundle"
    path.write_bytes(resealed(document))
    with pytest.raises(AuthorError, match=r"is no time as bundles write it|valid at no time"):
        read(path)


def test_a_longer_window_without_its_digest_is_refused(tmp_path: Path) -> None:
    document = document_of(small(tmp_path, window=Window(NOW, NOW + DAY)))
    document["manifest"]["expires"] = None
    path = tmp_path / "a.bundle"
    path.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    with pytest.raises(AuthorError, match="whole"):
        read(path)


def test_the_same_window_gives_the_same_bytes() -> None:
    path = ROOT / "samples" / "support" / "charter.yaml"
    made = compiled(path, Window(NOW, NOW + DAY))
    assert made.text == compiled(path, Window(NOW, NOW + DAY)).text
    others = (ALWAYS, Window(NOW), replace(made.window, expires=NOW + 2 * DAY))
    assert 4 == len({made.text, *(compiled(path, each).text for each in others)})
