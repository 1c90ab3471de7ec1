"""Verifying a bundle: every step finds what it is there for, and what was not run is not passed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.compile.bundle import PAYLOAD_TYPE, Bundle
from govern.compile.validity import Window
from govern.compile.verify import STEPS, Outcome, Verified, verify
from govern.compile.versions import Ledger
from govern.errors import UsageError
from govern.policy.document import from_document
from govern.policy.sql import decision_sql
from govern.signing import dsse
from govern.signing.dsse import Envelope

from .making import DAY, NOW, A, B, canonical, document_of, resealed, small

WINDOW = Window(NOW - DAY, NOW + DAY)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return small(tmp_path, A, window=WINDOW)


def verified(raw: str | bytes, ledger: Ledger | None = None, now: int = NOW) -> Verified:
    return verify(raw if isinstance(raw, bytes) else raw.encode(), "a.bundle", [A.public], 1, now, ledger)


def signed_anew(payload: bytes) -> bytes:
    """A payload with a good signature: what a signer who was deceived would have made."""
    return dsse.text(dsse.signed(Envelope(payload, PAYLOAD_TYPE, ()), [A])).encode()


def outcomes(found: Verified) -> dict[str, Outcome]:
    return {step.id: step.outcome for step in found.steps}


def test_a_good_bundle_passes_every_step(bundle: Bundle) -> None:
    found = verified(bundle.file_text, Ledger())
    assert dict.fromkeys(STEPS, Outcome.PASS) == outcomes(found)
    assert (True, bundle, {"desk": {3: bundle.policy.digest}}) == (
        found.ok,
        found.bundle,
        found.ledger and found.ledger.seen,
    )
    assert all(step.detail for step in found.steps)


def test_without_a_ledger_the_version_is_not_run(bundle: Bundle) -> None:
    """Which is said, and is no pass of that step."""
    found = verified(bundle.file_text)
    assert {**dict.fromkeys(STEPS, Outcome.PASS), "version": Outcome.NOT_RUN} == outcomes(found)
    assert (True, None) == (found.ok, found.ledger)
    assert "an old bundle cannot be told" in found.steps[-1].detail


def other_sql(document: dict[str, Any]) -> None:
    document["decision_sql"] += " "


def other_policy(document: dict[str, Any]) -> None:
    document["policy"]["tools"]["read"]["tier"] = "reversible"
    document["decision_sql"] = decision_sql(from_document(document["policy"]))


def other_agent(document: dict[str, Any]) -> None:
    document["manifest"]["agent"] = "other"


def other_charter(document: dict[str, Any]) -> None:
    document["charter"]["text"] = document["charter"]["text"].replace("read_only", "reversible")


def other_member(document: dict[str, Any]) -> None:
    document["more"] = 1


def other_whole(document: dict[str, Any]) -> None:
    document["manifest"]["whole"] = "sha256:" + "0" * 64


FAILS: dict[str, tuple[str, Callable[[dict[str, Any]], None], Callable[[dict[str, Any]], bytes]]] = {
    "an unknown member": ("form", other_member, canonical),
    "a digest that does not fit": ("members", other_charter, canonical),
    "a digest of the whole that does not fit": ("members", other_whole, canonical),
    "another agent in the manifest": ("policy", other_agent, resealed),
    "other SQL": ("sql", other_sql, resealed),
    "another charter": ("charter", other_charter, resealed),
    "another policy": ("charter", other_policy, resealed),
}


@pytest.mark.parametrize("case", FAILS)
def test_the_step_that_is_there_for_it_fails(case: str, bundle: Bundle) -> None:
    """Even where a trusted key signed it: those before pass, those after are not run, nothing is kept."""
    step, change, seal = FAILS[case]
    document = document_of(bundle)
    change(document)
    found = verified(signed_anew(seal(document)), Ledger())
    place = STEPS.index(step)
    expected = [Outcome.PASS] * place + [Outcome.FAIL] + [Outcome.NOT_RUN] * (len(STEPS) - place - 1)
    assert dict(zip(STEPS, expected, strict=True)) == outcomes(found)
    assert (False, None, None) == (found.ok, found.bundle, found.ledger)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"x",
        b"\xff",
        b"[" * 10**5,
        b'{"payload":"e30K","payloadType":"x","signatures":[]}\n',
        b"\x00" * 10**6,
    ],
)
def test_what_is_no_signed_bundle_fails_the_first_step(raw: bytes) -> None:
    found = verified(raw, Ledger())
    assert [Outcome.FAIL] + [Outcome.NOT_RUN] * (len(STEPS) - 1) == list(outcomes(found).values())
    assert not found.ok


def test_no_key_is_an_error_before_anything_is_looked_at(bundle: Bundle) -> None:
    """Whatever the file holds: no answer of a verifier without keys is to be had."""
    for raw in (b"", bundle.text.encode(), bundle.file_text.encode()):
        with pytest.raises(UsageError, match="no key"):
            verify(raw, "a.bundle", [], 1, NOW)


def test_nothing_signed_is_read_before_the_signature(tmp_path: Path) -> None:
    """What another key signed is not even parsed."""
    made = dsse.signed(Envelope(b"{ no JSON", PAYLOAD_TYPE, ()), [B])
    found = outcomes(verified(dsse.text(made)))
    assert (Outcome.FAIL, Outcome.NOT_RUN) == (found["signatures"], found["form"])


@pytest.mark.parametrize(("now", "says"), [(NOW - DAY - 1, "not valid before"), (NOW + DAY, "expired at")])
def test_outside_its_window(now: int, says: str, bundle: Bundle) -> None:
    """It is refused, with both moments named, and does not enter the ledger."""
    found = verified(bundle.file_text, Ledger(), now)
    step = next(step for step in found.steps if step.id == "window")
    assert (Outcome.FAIL, False, None) == (step.outcome, found.ok, found.ledger)
    assert says in step.detail


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({4: "sha256:" + "0" * 64}, "version 3 of `desk` is lower than 4"),
        ({3: "sha256:" + "0" * 64}, "version 3 of `desk` was seen with another policy"),
    ],
)
def test_a_version_that_may_not_follow(seen: dict[int, str], says: str, bundle: Bundle) -> None:
    found = verified(bundle.file_text, Ledger({"desk": seen}))
    assert {**dict.fromkeys(STEPS, Outcome.PASS), "version": Outcome.FAIL} == outcomes(found)
    assert (False, None) == (found.ok, found.ledger)
    assert says in found.steps[-1].detail


def test_versions_follow_each_other(tmp_path: Path) -> None:
    """A renewed window keeps its version; a changed policy needs a new one; an old bundle stays refused."""
    old, renewed = (small(tmp_path, A, window=Window(None, NOW + days * DAY)) for days in (1, 90))
    changed, newer = small(tmp_path, A, purpose="Other."), small(tmp_path, A, purpose="Other.", version=4)
    ledger = Ledger()
    for made, good in ((old, True), (renewed, True), (changed, False), (newer, True), (old, False), (newer, True)):
        found = verified(made.file_text, ledger)
        assert good is found.ok
        ledger = found.ledger or ledger
    assert {3, 4} == set(ledger.seen["desk"])


def test_a_mended_signature_of_a_changed_bundle_is_told_by_the_charter(bundle: Bundle) -> None:
    """What a reviewer reads is what decides, whoever signs."""
    document = document_of(bundle)
    other_policy(document)
    assert "means" in json.dumps([step.detail for step in verified(signed_anew(resealed(document))).steps])
