"""Deployment files: each key wrong once is told at its place, what is right is read, minimums bind every charter."""

from __future__ import annotations

import os
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from govern.charter.deployment import (
    Deployment,
    deployment_or_raise,
    is_deployment,
    load_deployment,
    minimums,
    read_deployment,
)
from govern.charter.load import charter_or_raise, load
from govern.errors import AuthorError

from .fragments import MINIMA, whole

WHOLE = Path(__file__).parent / "whole"
NAME = "deployment: production\n"


def read(text: str) -> Deployment:
    found, findings = read_deployment(text.encode(), "deployment.yaml")
    assert () == findings
    assert found is not None
    return found


def slips(fragment: str, *, without: tuple[str, ...] = ()) -> list[str]:
    """Rule, line and column of every finding in a deployment whose first lines are the fragment."""
    found, findings = read_deployment(whole(fragment + NAME, without=without).encode(), "deployment.yaml")
    assert found is None
    assert {"deployment.yaml"} == {each.location.file for each in findings}
    return [f"{each.rule} {each.location.line}:{each.location.column}" for each in findings]


# --- what is read -------------------------------------------------------------------------------------------


def test_every_key_is_read() -> None:
    data = (WHOLE / "deployment.yaml").read_bytes()
    found, findings = read_deployment(data, "deployment.yaml")
    assert () == findings
    assert found is not None
    assert "production" == found.name
    assert ["ann@example.com", "oidc:bob"] == [word.name for word in found.roles["lead"].people]
    assert ["desk"] == [word.name for word in found.roles["lead"].notify]
    assert ("lead", "finance") == tuple(found.roles)
    desk, hook, pager = (found.notifications[name] for name in ("desk", "hook", "pager"))
    assert ("desk@example.com", "", ()) == (desk.mail, desk.webhook, desk.command)
    assert ("", "https://example.com/hook", ()) == (hook.mail, hook.webhook, hook.command)
    assert ("", "", ("page", "--now")) == (pager.mail, pager.webhook, pager.command)
    assert ["hook-key"] == [each.secret.name for each in (desk, hook, pager) if each.secret]
    assert {"hook-key": "env:HOOK_KEY", "other": "file:keys/other"} == found.secrets
    assert (date(2031, 3, 1), "Europe/Berlin") == (found.shadow_until, found.time_zone)
    assert (("monday", "tuesday"), (date(2031, 1, 1),)) == (found.business_days, found.holidays)
    assert ("org.yaml",) == found.minimums
    assert f"sha256:{sha256(data).hexdigest()}" == found.digest


def test_what_is_not_written() -> None:
    found = read(whole(NAME))
    assert (None, ()) == (found.shadow_until, found.minimums)
    assert (("monday", "tuesday", "wednesday", "thursday", "friday"), ()) == (found.business_days, found.holidays)
    assert ({}, {}) == (found.notifications, found.secrets)


def test_a_comment_changes_the_digest() -> None:
    """It is the digest of the bytes, as a signature's would be."""
    assert read(whole(NAME)).digest != read(whole(NAME) + "# a comment\n").digest


def test_days_are_in_order_and_once() -> None:
    found = read(
        whole(NAME + 'calendar: {business_days: [friday, monday, friday], holidays: ["2031-05-01", "2031-01-01"]}\n')
    )
    assert (("monday", "friday"), (date(2031, 1, 1), date(2031, 5, 1))) == (found.business_days, found.holidays)


# --- each key wrong once ------------------------------------------------------------------------------------

SLIPS = {
    "roles that are a list": ("roles: [lead]\n", "wrong-value 1:8"),
    "a role that is a list": ("roles: {lead: [ann]}\n", "wrong-value 1:15"),
    "a role without people": ("roles: {lead: {}}\n", "missing-key 1:9"),
    "a role's unknown key": ("roles: {lead: {people: [ann], persons: [bob]}}\n", "unknown-key 1:31"),
    "people that are text": ("roles: {lead: {people: ann}}\n", "wrong-value 1:24"),
    "a person that is a number": ("roles: {lead: {people: [7]}}\n", "wrong-value 1:25"),
    "a notification that is not there": (
        "roles: {lead: {people: [ann], notify: [desk]}}\n", "undefined-notification 1:40",
    ),
    "notifications that are a list": ("notifications: [desk]\n", "wrong-value 1:16"),
    "a notification of no way": ("notifications: {desk: {}}\n", "missing-key 1:17"),
    "a notification of two ways": (
        'notifications: {desk: {mail: "a@example.com", command: [a]}}\n', "conflicting-keys 1:17",
    ),
    "a mail without an at": ("notifications: {desk: {mail: desk}}\n", "wrong-value 1:30"),
    "a hook without encryption": ('notifications: {desk: {webhook: "http://example.com"}}\n', "wrong-value 1:33"),
    "a command that is text": ("notifications: {desk: {command: page}}\n", "wrong-value 1:33"),
    "an empty command": ("notifications: {desk: {command: []}}\n", "empty-collection 1:33"),
    "a secret that is not there": (
        'notifications: {desk: {webhook: "https://example.com", secret: key}}\n', "undefined-secret 1:64",
    ),
    "a secret as written": ("secrets: {key: hunter2}\n", "wrong-value 1:16"),
    "a secret of no place": ("secrets: {key: {}}\n", "missing-key 1:11"),
    "a secret of two places": ("secrets: {key: {env: A, file: b}}\n", "conflicting-keys 1:11"),
    "a secret that is a number": ("secrets: {key: {env: 7}}\n", "wrong-value 1:22"),
    "a mode that is not there": ("mode: shadowed\n", "unknown-mode 1:7"),
    "shadow without an end": ("mode: shadow\n", "unknown-mode 1:7"),
    "shadow that is a day": ('mode: {shadow: "2031-03-01"}\n', "wrong-value 1:16"),
    "shadow without a key": ("mode: {shadow: {}}\n", "missing-key 1:8"),
    "a mode without a key": ("mode: {}\n", "missing-key 1:7"),
    "no day of the calendar": ('mode: {shadow: {until: "2031-02-30"}}\n', "wrong-value 1:24"),
    "a day in words": ('mode: {shadow: {until: "tomorrow"}}\n', "invalid-name 1:24"),
    "no zone": ("time_zone: Europe/Berln\n", "unknown-zone 1:12"),
    "a zone that is a path": ('time_zone: "../../etc/passwd"\n', "unknown-zone 1:12"),
    "a zone that is a whole path": ('time_zone: "/etc/localtime"\n', "unknown-zone 1:12"),
    "a zone that is a folder": ("time_zone: Europe\n", "unknown-zone 1:12"),
    "a zone that is a number": ("time_zone: 1\n", "wrong-value 1:12"),
    "a calendar that is a list": ("calendar: [monday]\n", "wrong-value 1:11"),
    "a weekday that is none": ("calendar: {business_days: [munday]}\n", "unknown-word 1:28"),
    "a holiday that is none": ('calendar: {holidays: ["2031-13-01"]}\n', "invalid-name 1:23"),
    "a minimum that is a text": ("minimums: org.yaml\n", "wrong-value 1:11"),
    "a minimum at another place": ('minimums: ["/etc/org.yaml"]\n', "invalid-name 1:12"),
    "a minimum on the network": ('minimums: ["https://example.com/org.yaml"]\n', "invalid-name 1:12"),
    "an unknown key": ("time_zones: UTC\ntime_zone: UTC\n", "unknown-key 1:1"),
    "a charter's key": ("never: [{tools: [a]}]\n", "unknown-key 1:1"),
    "another language": ("govern: 2\n", "unsupported-language 1:9"),
}  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip(name: str) -> None:
    """One slip, one finding at its place, and no deployment."""
    fragment, expected = SLIPS[name]
    assert [expected] == slips(fragment)


@pytest.mark.parametrize("key", ["roles", "mode", "time_zone", "deployment"])
def test_a_missing_key(key: str) -> None:
    """What nothing works without is asked for."""
    text = "".join({**MINIMA["deployment"], "deployment": NAME}.values())
    lines = [line for line in text.splitlines() if not line.startswith(f"{key}:")]
    found, findings = read_deployment("\n".join(lines).encode(), "deployment.yaml")
    assert found is None
    assert ["missing-key"] == [each.rule for each in findings]
    assert f"`{key}`" in f"{findings[0].message} {findings[0].hint}"


def test_all_slips_in_one_run() -> None:
    assert ["unknown-mode 1:7", "unknown-zone 2:12", "wrong-value 3:12"] == slips(
        "mode: enforced\ntime_zone: Mars\nminimums: [7]\n"
    )


def test_a_zone_is_suggested() -> None:
    _, findings = read_deployment(whole("time_zone: Europe/Berln\n" + NAME).encode(), "deployment.yaml")
    assert "`Europe/Berlin`" in (findings[0].hint or "")


# --- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"# only\n", b"[]", b"\xff", b"a: [", b"x" * 100])
def test_what_is_no_deployment(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "deployment.yaml"
    path.write_bytes(data)
    assert not is_deployment(path)
    assert load_deployment(path)[0] is None
    with pytest.raises(AuthorError, match="no deployment file") as caught:
        deployment_or_raise(path)
    assert str(path) == caught.value.where


@pytest.mark.parametrize("name", ["gone.yaml", "."])
def test_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    assert not is_deployment(tmp_path / name)
    with pytest.raises(AuthorError, match="file-unreadable"):
        deployment_or_raise(tmp_path / name)


def test_a_broken_deployment_is_still_one() -> None:
    """It is never taken for a charter; whether it is good is another question."""
    found = {name: is_deployment(WHOLE / name) for name in sorted(os.listdir(WHOLE))}
    assert ["deployment.yaml"] == [name for name, is_one in found.items() if is_one]


def test_a_slip_does_not_hide_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("deployment: x\nmode: 7\n", "utf-8")
    assert is_deployment(path)
    assert load_deployment(path)[0] is None


# --- minimums -----------------------------------------------------------------------------------------------

BASE = """govern: 1
base: floor
version: 1
purpose: What no charter goes below.
owner: chief
roles: [chief]
never: [{tools: ["refund*"]}]
"""


@pytest.fixture
def placed(tmp_path: Path) -> Path:
    """`deployed/deployment.yaml` with `floor.yaml` beside it, `agents/charter.yaml`; the folder of both."""
    for folder in ("deployed", "agents"):
        (tmp_path / folder).mkdir()
    (tmp_path / "deployed" / "floor.yaml").write_text(BASE, "utf-8")
    (tmp_path / "deployed" / "deployment.yaml").write_text(whole(NAME + "minimums: [floor.yaml]\n"), "utf-8")
    (tmp_path / "agents" / "charter.yaml").write_text(whole(""), "utf-8")
    return tmp_path


def least(charter: str | Path, deployment: str | Path) -> tuple[str, ...]:
    """The paths of the minimums; the charter loads with them, and they bind it."""
    found = minimums(charter, deployment_or_raise(deployment))
    made = charter_or_raise(load(charter, found), str(charter))
    assert ["refund*"] == [pattern.name for never in made.never for pattern in never.tools]
    assert list(found) == [part.path for part in made.parts]
    return found


def test_minimums_bind_however_paths_are_spelt(placed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand beside the deployment, and are named from the charter's folder."""
    expected = ("../deployed/floor.yaml",)
    charter, deployment = placed / "agents" / "charter.yaml", placed / "deployed" / "deployment.yaml"
    assert expected == least(charter, deployment)
    (placed / "link").symlink_to(placed)
    assert expected == least(placed / "link" / "agents" / "charter.yaml", deployment)
    assert expected == least(charter, placed / "link" / "deployed" / "deployment.yaml")
    monkeypatch.chdir(placed)
    assert expected == least("agents/charter.yaml", "deployed/deployment.yaml")
    assert expected == least(charter, "deployed/deployment.yaml")
    assert expected == least("agents/charter.yaml", deployment)
    monkeypatch.chdir(placed / "agents")
    assert expected == least("charter.yaml", "../deployed/deployment.yaml")
    assert expected == least("./charter.yaml", deployment)


def test_minimums_bind_across_links(placed: Path) -> None:
    """Where the charter's own folder is a link, its neighbours are those of the link."""
    (placed / "far").mkdir()
    (placed / "far" / "agents").symlink_to(placed / "agents")
    found = least(placed / "far" / "agents" / "charter.yaml", placed / "deployed" / "deployment.yaml")
    assert ("../../deployed/floor.yaml",) == found


def test_no_minimums(placed: Path) -> None:
    charter, deployment = placed / "agents" / "charter.yaml", placed / "deployed" / "deployment.yaml"
    assert () == minimums(charter, None)
    deployment.write_text(whole(NAME), "utf-8")
    assert () == minimums(charter, deployment_or_raise(deployment))


@pytest.mark.parametrize("text", [None, "", whole(""), BASE.replace("base: floor", "bse: floor"), BASE + "tools: {}\n"])
def test_a_minimum_that_does_not_load_judges_nothing(text: str | None, placed: Path) -> None:
    """Gone, empty, a charter, broken, with what a base may not say: never a charter without its minimums."""
    floor = placed / "deployed" / "floor.yaml"
    floor.unlink()
    if text is not None:
        floor.write_text(text, "utf-8")
    charter = placed / "agents" / "charter.yaml"
    loaded = load(charter, minimums(charter, deployment_or_raise(placed / "deployed" / "deployment.yaml")))
    assert loaded.charter is None
    assert loaded.findings


# --- keys of people -----------------------------------------------------------------------------------------

KEY = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


def test_keys_of_people_are_read() -> None:
    """As `govern key new` writes the public half, by the identity that roles name."""
    other = KEY.replace("AGb9", "AGb8")
    found = read(whole(NAME + f'keys: {{ann@example.com: [{KEY}, "{other}"]}}\n'))
    assert {"ann@example.com": (KEY, other)} == found.keys
    assert {} == read(whole(NAME, without=("keys",))).keys


@pytest.mark.parametrize(
    ("written", "slip"),
    [
        (f"keys: {{ann: [{KEY[:-2]}F=]}}\n", "invalid-name 1:14"),
        (f"keys: {{ann: [{KEY[16:]}]}}\n", "invalid-name 1:14"),
        (f"keys: {{ann: [{KEY}x]}}\n", "invalid-name 1:14"),
        (f"keys: {{ann: [sha256:{'0' * 64}]}}\n", "invalid-name 1:14"),
        (f"keys: {{ann: {KEY}}}\n", "wrong-value 1:13"),
        ("keys: {ann: []}\n", "empty-collection 1:13"),
        (f"keys: {{ann: [{KEY}, {KEY}]}}\n", f"duplicate-item 1:{16 + len(KEY)}"),
        (f"keys: {{ann: [{KEY}], bob: [{KEY}]}}\n", f"duplicate-item 1:{23 + len(KEY)}"),
        (f"keys: {{a b: [{KEY}]}}\n", "invalid-name 1:8"),
    ],
)
def test_a_key_that_tells_nobody_is_an_error(written: str, slip: str) -> None:
    """Spare bits, a bare key, an id, one key of two people: each at its place."""
    assert [slip] == slips(written, without=("keys",))
