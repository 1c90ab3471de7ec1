"""`govern key`, `govern compile --sign`, `govern bundle` as a user runs them: what is said, and the exit codes.

Leaves out what can be forged (`tests/compile`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .running import ROOT, SUPPORT, Ran, govern

CHARTER = SUPPORT / "charter.yaml"
SCHEMAS = ROOT / "schemas"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two key pairs."""
    monkeypatch.chdir(tmp_path)
    for name in ("release", "other"):
        assert 0 == govern("key", "new", name).exit_code
    return tmp_path


def compiled(*options: str, name: str = "a.bundle", charter: Path = CHARTER) -> Ran:
    ran = govern("compile", charter, "-o", name, *options)
    assert 0 == ran.exit_code, ran.err
    return ran


def versioned(version: int, folder: Path, purpose: str = "Answers customers.") -> Path:
    """The charter of the sample under another version."""
    text = CHARTER.read_text("utf-8")
    text = re.sub(r"^version: \d+$", f"version: {version}", text, flags=re.MULTILINE)
    path = folder / f"v{version}.yaml"
    path.write_text(re.sub(r"^purpose: .*(\n  .*)*", f"purpose: {purpose}", text, flags=re.MULTILINE), "utf-8")
    return path


def steps(ran: Ran) -> dict[str, str]:
    return {step["id"]: step["state"] for step in ran.json["steps"]}


def problems(name: str, document: Any) -> list[str]:
    schema = json.loads((SCHEMAS / f"{name}.v1.json").read_text("utf-8"))
    closed = json.loads(json.dumps(schema).replace('"properties":', '"additionalProperties": false, "properties":'))
    return [error.message for error in jsonschema.Draft202012Validator(closed).iter_errors(document)]


# --- the whole way ------------------------------------------------------------------------------------------


def test_from_key_to_decision(here: Path) -> None:
    """A key, a signed bundle that says so, shown, verified, and decided with."""
    said = compiled("--valid-for", "90d", "--sign", "release.key").out
    keyid = govern("key", "show", "release.pub").out.split()[2]
    assert f"signed by {keyid} (release.key)" in said
    assert "valid until 2" in said
    shown = govern("bundle", "show", "a.bundle", "--key", "release.pub")
    assert 0 == shown.exit_code
    assert f"{keyid}\n              verified by release.pub" in shown.out
    assert "not checked" in govern("bundle", "show", "a.bundle").out
    done = govern("bundle", "verify", "a.bundle", "--key", "release.pub", "--seen", "seen.json", "--begin")
    assert 0 == done.exit_code
    assert re.search(r"^ok: support-desk v\d+ may decide until 2", done.out, re.MULTILINE)
    decided = govern("decide", "--policy", "a.bundle", "--tool", "get_ticket", "--args", '{"ticket_id":"T-1"}')
    assert (0, "allow") == (decided.exit_code, decided.out.partition(":")[0])


def test_each_step_has_its_number() -> None:
    compiled("--sign", "release.key")
    out = govern("bundle", "verify", "a.bundle", "--key", "release.pub").out
    found = re.findall(r"^(\d) (\w+)", out, re.MULTILINE)
    names = ("envelope", "signatures", "form", "members", "policy", "sql", "charter", "window", "version")
    assert [(str(number), name) for number, name in enumerate(names, start=1)] == found
    assert "9 version     not run: " in out
    assert "nobody looked" in out.splitlines()[-1]


def test_signed_at_once_or_later_is_the_same(here: Path) -> None:
    """And by two people, in any order; also over the file that was read."""
    window = ("--valid-from", PAST, "--valid-until", FUTURE)
    compiled(*window, "--sign", "release.key", "--sign", "other.key", name="both.bundle")
    compiled(*window)
    assert 0 == govern("bundle", "sign", "a.bundle", "--key", "other.key", "-o", "a.bundle").exit_code
    assert 0 == govern("bundle", "sign", "a.bundle", "--key", "release.key", "-o", "a.bundle").exit_code
    assert (here / "both.bundle").read_bytes() == (here / "a.bundle").read_bytes()
    keys = ("--key", "release.pub", "--key", "other.pub")
    assert 0 == govern("bundle", "verify", "a.bundle", *keys, "--threshold", "2").exit_code
    again = govern("bundle", "sign", "a.bundle", "--key", "release.key", "-o", "a.bundle")
    assert 2 == again.exit_code
    assert "already" in again.err


def test_the_same_bytes_in_every_process(here: Path) -> None:
    """Signed too, whatever the hash seed, the time zone and the locale."""
    line = ["compile", str(CHARTER), "-o", "-", "--valid-from", PAST, "--valid-for", "90d", "--sign", "release.key"]
    found = {govern(*line).out.encode()}
    for seed, zone in (("0", "UTC"), ("4711", "Asia/Kolkata")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-m", "govern.cli.app", *line], env=env, capture_output=True, check=True, timeout=60
        )
        found.add(done.stdout)
    assert 1 == len(found)


# --- refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "key", "step", "says"),
    [
        ((), "release.pub", "envelope", "not signed"),
        (("--sign", "other.key"), "release.pub", "signatures", "none of the given keys"),
        (("--sign", "release.key", "--valid-until", PAST), "release.pub", "window", "the bundle expired at 2020-01-01"),
        (("--sign", "release.key", "--valid-from", FUTURE), "release.pub", "window", "not valid before 2200-01-01"),
    ],
)
def test_what_must_not_decide_is_refused(options: tuple[str, ...], key: str, step: str, says: str) -> None:
    """Exit 1, the step that failed, and why; nothing enters the ledger."""
    compiled(*options)
    line = ("bundle", "verify", "a.bundle", "--key", key, "--seen", "seen.json", "--begin")
    ran = govern(*line, "--format", "json")
    assert (1, "refused", "fail") == (ran.exit_code, ran.json["status"], steps(ran)[step])
    text = govern(*line)
    assert 1 == text.exit_code
    assert says in text.out
    assert text.out.splitlines()[-1].startswith("refused: ")
    assert not Path("seen.json").exists()


@pytest.mark.parametrize("options", [("--valid-until", PAST), ("--valid-from", FUTURE)])
@pytest.mark.parametrize("sign", [(), ("--sign", "release.key")])
def test_a_bundle_outside_its_window_decides_nothing(options: tuple[str, ...], sign: tuple[str, ...]) -> None:
    """Where a charter is asked for, too: no verdict at all, and the reason."""
    compiled(*options, *sign)
    for line in (
        ("decide", "--policy", "a.bundle", "--tool", "get_ticket", "--args", "{}"),
        ("shadow-report", str(SUPPORT / "log.jsonl"), "--charter", "a.bundle"),
    ):
        ran = govern(*line)
        assert (3, "") == (ran.exit_code, ran.out)
        assert re.search("expired at 2020|not valid before 2200", ran.err)
    assert "EXPIRED" in (said := govern("bundle", "show", "a.bundle").out) or "NOT VALID YET" in said


def test_versions_only_rise(here: Path) -> None:
    """2, then 3; 2 again is refused; 3 with other words is; a ledger that is lost is not begun by itself."""

    def verify(version: int, *more: str, purpose: str = "Answers customers.") -> Ran:
        compiled("--sign", "release.key", charter=versioned(version, here, purpose))
        return govern("bundle", "verify", "a.bundle", "--key", "release.pub", "--seen", "seen.json", *more)

    missing = verify(2)
    assert 4 == missing.exit_code
    assert "--begin" in missing.err
    assert 0 == verify(2, "--begin").exit_code
    assert 2 == verify(2, "--begin").exit_code
    assert [0, 0] == [verify(2).exit_code, verify(3).exit_code]
    before = (here / "seen.json").read_bytes()
    lower, other = verify(2), verify(3, purpose="Answers everybody.")
    assert [1, 1] == [lower.exit_code, other.exit_code]
    assert "version 2 of `support-desk` is lower than 3, the highest seen" in lower.out
    assert "version 3 of `support-desk` was seen with another policy" in other.out
    assert before == (here / "seen.json").read_bytes()
    assert [2, 3] == [row["version"] for row in json.loads(before)["seen"]]
    assert [] == problems("seen", json.loads(before))


def test_a_changed_byte(here: Path) -> None:
    compiled("--sign", "release.key")
    raw = (here / "a.bundle").read_bytes()
    (here / "b.bundle").write_bytes(raw.replace(b"payloadType", b"payloadtype"))
    (here / "c.bundle").write_bytes(raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:])
    (here / "d.bundle").write_bytes(b"")
    for name in ("b.bundle", "c.bundle", "d.bundle"):
        assert 1 == govern("bundle", "verify", name, "--key", "release.pub").exit_code
        shown = govern("bundle", "show", name)
        assert (3, "") == (shown.exit_code, shown.out)
        signed = govern("bundle", "sign", name, "--key", "other.key", "-o", "e.bundle")
        assert 3 == signed.exit_code
    assert not (here / "e.bundle").exists()


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("bundle verify a.bundle", 2, "no key to verify with"),
        ("bundle verify a.bundle --key gone.pub", 4, "the key cannot be read"),
        ("bundle verify a.bundle --key a.bundle", 4, "is no key"),
        ("bundle verify a.bundle --key release.key", 2, "is a private key"),
        ("bundle verify a.bundle --key release.pub --threshold 2", 2, "--threshold"),
        ("bundle verify a.bundle --key release.pub --threshold 0", 2, "--threshold"),
        ("bundle verify a.bundle --key release.pub --begin", 2, "--seen"),
        ("bundle verify a.bundle --key release.pub --at yesterday", 2, "is no time"),
        ("bundle verify a.bundle --key release.pub --at 2026-01-01T00:00:00Z --seen s.json", 2, "as of now"),
        ("bundle verify gone.bundle --key release.pub", 3, "cannot be read"),
        ("bundle verify . --key release.pub", 3, "cannot be read"),
        ("bundle show gone.bundle", 3, "cannot be read"),
        ("bundle show release.pub", 3, "no canonical JSON"),
        ("bundle show a.bundle --key gone.pub", 4, "the key cannot be read"),
        ("bundle sign a.bundle --key release.pub -o b.bundle", 2, "is a public key"),
        ("bundle sign a.bundle --key release.key -o release.key", 2, "the key itself"),
        ("bundle sign a.bundle --key other.key -o no/b.bundle", 4, "cannot be written"),
        ("key new release", 2, "never overwritten"),
        ("key new no/x", 4, "cannot be written"),
        ("key show gone.key", 4, "cannot be read"),
        ("compile CHARTER -o b.bundle --sign gone.key", 4, "the key cannot be read"),
        ("compile CHARTER -o b.bundle --sign release.pub", 2, "is a public key"),
        ("compile CHARTER -o release.key --sign release.key", 2, "the key itself"),
        ("compile CHARTER -o b.bundle --valid-until 2026-12-31", 2, "is no time"),
        ("compile CHARTER -o b.bundle --valid-for soon", 2, "is no duration"),
        ("compile CHARTER -o b.bundle --valid-for 1d --valid-until 2200-01-01T00:00:00Z", 2, "twice"),
    ],
)
def test_what_a_user_can_get_wrong(line: str, code: int, says: str, here: Path) -> None:
    """Named, with its exit code; nothing is written, no key is harmed."""
    compiled("--sign", "release.key")
    before = {path: path.read_bytes() for path in here.iterdir()}
    ran = govern(*line.replace("CHARTER", str(CHARTER)).split())
    assert code == ran.exit_code, ran.err
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert before == {path: path.read_bytes() for path in here.iterdir()}


def test_showing_with_a_key_that_did_not_sign_is_found() -> None:
    compiled("--sign", "release.key")
    compiled(name="plain.bundle")
    assert [0, 0] == [govern("bundle", "show", name).exit_code for name in ("a.bundle", "plain.bundle")]
    assert 1 == govern("bundle", "show", "a.bundle", "--key", "other.pub").exit_code
    assert 1 == govern("bundle", "show", "plain.bundle", "--key", "release.pub").exit_code
    assert "by nobody" in govern("bundle", "show", "plain.bundle").out


def test_the_past_is_told_on_request() -> None:
    """A bundle that expired, as of a day when it was valid."""
    compiled("--sign", "release.key", "--valid-from", "2019-01-01T00:00:00Z", "--valid-until", PAST)
    line = ("bundle", "verify", "a.bundle", "--key", "release.pub")
    assert 1 == govern(*line).exit_code
    assert 0 == govern(*line, "--at", "2019-06-01T12:00:00Z").exit_code
    assert 1 == govern(*line, "--at", PAST).exit_code


# --- contracts ----------------------------------------------------------------------------------------------


def test_the_json_is_as_published(here: Path) -> None:
    """Signed or not, verified or refused, composed or alone: every key is described, none is missing."""
    composed = ROOT / "charters" / "code-review" / "reviewer.yaml"
    compiled(name="plain.bundle", charter=composed)
    compiled("--sign", "release.key", "--sign", "other.key", "--valid-from", PAST, "--valid-until", FUTURE)
    shown = [
        govern("bundle", "show", name, *keys, "--format", "json").json
        for name in ("plain.bundle", "a.bundle")
        for keys in ((), ("--key", "release.pub"))
    ]
    verified = [
        govern("bundle", "verify", name, "--key", "release.pub", "--format", "json").json
        for name in ("plain.bundle", "a.bundle")
    ]
    assert [[]] * 4 == [problems("bundle-show", each) for each in shown]
    assert [[]] * 2 == [problems("bundle-verify", each) for each in verified]
    assert ["refused", "ok"] == [each["status"] for each in verified]
    states = [sorted(each["state"] for each in one["signatures"]) for one in shown]
    assert [[], [], ["not_checked", "not_checked"], ["unknown_key", "verified"]] == states
    assert len(shown[0]["files"]) >= 6
    assert shown[0]["counts"]["tools"] == len(shown[0]["tools"]) > 5
    for name, document in (("bundle-show", shown[3]), ("bundle-verify", verified[1])):
        for key in document:
            assert problems(name, {other: value for other, value in document.items() if other != key}), key
        assert problems(name, {**document, "more": 1})
    envelope = json.loads((here / "a.bundle").read_bytes())
    assert [] == problems("bundle-envelope", envelope)
    assert problems("bundle-envelope", {**envelope, "payloadType": "application/json"})
