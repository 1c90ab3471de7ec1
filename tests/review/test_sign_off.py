"""Signing shadow days off: who may, over what, and what voids it. Through the command's own function and back."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from govern.audit.read import read_events
from govern.audit.store import write
from govern.charter.deployment import deployment_or_raise
from govern.cli.sign_off import sign_off
from govern.compile.sign_off import Statement, event_of, keys_of, read
from govern.errors import AuthorError, EvidenceError, GovernError, UsageError
from govern.events.model import Event
from govern.ingest.reader import read as read_logs
from govern.replay.calendar import Calendar, Coverage, Needed, State, coverage
from govern.replay.day_logs import day_logs
from govern.replay.groups import Policies
from govern.replay.run import run
from govern.replay.shadow import report
from govern.report import shadow_json
from govern.review.charters import charters
from govern.review.signed_days import SignedDays, signed_days
from govern.signing import key_files

CHARTER = """\
govern: 1
agent: desk
version: VERSION
purpose: Pays.
owner: OWNER
roles: [head, lead]
approvals: {ask: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}}
tools:
  look: {tier: read_only, input: {type: object}}
  pay: {tier: irreversible, approval: {ask: ask}, input: {properties: {amount: {type: number}}}}
rules:
  - {id: small, tools: [pay], only_if: "args.amount <= MOST", otherwise: deny, because: No more.}
shadow: {business_days: 2, reviewer: head, least_calls: 2}
"""
DEPLOYMENT = """\
govern: 1
deployment: here
roles: {head: {people: [mara, ann]}, lead: {people: [leo]}}
keys: {mara: [MARA], leo: [LEO]}
mode: enforce
time_zone: Europe/Berlin
calendar: {holidays: ["2026-11-18"]}
"""
# Monday to Friday of a past week; 23:30Z on Monday is Tuesday in Berlin.
TIMES = (
    "2026-11-16T09:00:00Z", "2026-11-16T10:00:00Z", "2026-11-16T23:30:00Z", "2026-11-17T09:00:00Z",
    "2026-11-18T09:00:00Z", "2026-11-18T10:00:00Z", "2026-11-19T09:00:00Z",
)  # fmt: skip


class Desk:
    """A folder with a charter, a deployment, keys, a log and an audit store."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.audit = folder, folder / "audit"
        self.log, self.report = folder / "log.jsonl", folder / "report.json"
        self.charter, self.deployment = folder / "desk.yaml", folder / "deployment.yaml"
        made = {name: key_files.write_new(str(folder / name))[0] for name in ("mara", "leo", "stranger")}
        self.keys = {name: b64encode(key.public.der).decode() for name, key in made.items()}
        self.write_charter()
        self.write_deployment()
        self.write_log(*TIMES)

    def write_charter(self, *, version: int = 1, most: int = 100, owner: str = "lead") -> None:
        text = CHARTER.replace("VERSION", str(version)).replace("MOST", str(most)).replace("OWNER", owner)
        self.charter.write_text(text, "utf-8")

    def write_deployment(self, **changes: str) -> None:
        text = DEPLOYMENT.replace("MARA", self.keys["mara"]).replace("LEO", self.keys["leo"])
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        self.deployment.write_text(text, "utf-8")

    def write_log(self, *times: str, amount: int = 5) -> None:
        events = [
            {
                "event_id": f"e{at}-{place}", "trace_id": "t", "type": "tool_call", "ts": at, "agent": "desk",
                "actor_kind": "agent", "tool": "pay", "args": {"amount": amount}, "writer_id": "w", "wseq": place,
                "span_id": f"s{place}",
            }
            for place, at in enumerate(times)
        ]  # fmt: skip
        self.log.write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")

    def events(self) -> Iterator[Event]:
        return (each for each in read_logs([str(self.log)]) if isinstance(each, Event))

    def policies(self, charter: Path | None = None) -> Policies:
        deployed = deployment_or_raise(self.deployment)
        found = charters(str(charter or self.charter), deployed)
        return Policies({agent: kept.policy for agent, kept in found.items()}, deployed.time_zone)

    def write_report(self, **changes: Any) -> None:
        policies = self.policies()
        done = run([str(self.log)], policies)
        deployed = deployment_or_raise(self.deployment)
        made = report(done.replayed, policies, calendar=Calendar(deployed.business_days, deployed.holidays))
        self.report.write_text(json.dumps({**shadow_json.document(made, done.summary), **changes}), "utf-8")

    def sign(self, who: str = "mara", charter: Path | None = None, **more: Any) -> None:
        sign_off(
            str(self.report), [str(self.log)], str(charter or self.charter), str(self.deployment),
            str(self.folder / f"{who}.key"), str(self.audit), **more,
        )  # fmt: skip

    def found(self, charter: Path | None = None) -> SignedDays:
        deployed = deployment_or_raise(self.deployment)
        kept = charters(str(charter or self.charter), deployed)
        return signed_days(self.audit, kept, deployed, self.policies(charter), self.events)

    def covered(self) -> Coverage:
        """The days as the shadow report would show them."""
        deployed = deployment_or_raise(self.deployment)
        days = self.found().days["desk"]
        logs = day_logs(self.events(), self.policies(), [date(2026, 11, number) for number in range(15, 22)])["desk"]
        return coverage(
            "desk", {day: log.calls for day, log in logs.items()},
            Calendar(deployed.business_days, deployed.holidays), Needed(2, "head", 2),
            signed=days.signed, logs=days.logs, restarts=days.restarts,
        )  # fmt: skip

    def states(self) -> dict[int, State]:
        return {each.day.day: each.state for each in self.covered().days}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write_report()
    return made


def refused(run: Callable[[], object], error: type[GovernError], said: str) -> None:
    with pytest.raises(error) as caught:
        run()
    assert said in str(caught.value)


def test_a_reviewer_signs_every_day_that_counts(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Days of the deployment's clock; no holiday, and no day with too few calls."""
    desk.sign()
    said = capsys.readouterr().out
    assert "desk v1: 2 days signed off by mara (head)" in said
    assert {16: State.SIGNED, 17: State.SIGNED, 18: State.NOT_BUSINESS, 19: State.TOO_FEW} == desk.states()
    assert desk.covered().complete
    assert [2, 2] == [event.wseq + 2 for event in read_events(desk.audit, "type = ?", ["sign_off"])]


def test_the_event_says_what_the_signature_covers(desk: Desk) -> None:
    """Its columns repeat the statement; the statement has every digest."""
    desk.sign(day=["2026-11-16"], reason="Looked at all of it.")
    event = next(iter(read_events(desk.audit)))
    found = read(event, keys_of(deployment_or_raise(desk.deployment).keys))
    said = found.statement
    assert ("mara", "mara", "head", date(2026, 11, 16), 2) == (found.by, said.person, said.role, said.day, said.calls)
    assert (event.policy_digest, event.deployment_digest, event.result_digest, event.actor, event.reason) == (
        said.policy, said.deployment, said.report, "mara", "Looked at all of it.",
    )  # fmt: skip
    assert deployment_or_raise(desk.deployment).digest == said.deployment


@pytest.mark.parametrize(
    ("who", "said"),
    [("stranger", "belongs to nobody"), ("leo", "`leo` does not hold `head`")],
)
def test_only_the_reviewer_may_sign(desk: Desk, who: str, said: str) -> None:
    """A key that the deployment does not know, a person who does not hold the role: nothing is written."""
    refused(lambda: desk.sign(who), UsageError, said)
    assert not desk.audit.exists()


def test_the_author_may_not_sign(desk: Desk) -> None:
    """Who owns the charter is taken for its author; a bundle that another person signed says who that is."""
    desk.write_charter(owner="head")
    desk.write_report()
    refused(desk.sign, UsageError, "`mara` holds `head`, which owns this charter")
    for author, bundle in (("mara", desk.folder / "own.bundle"), ("leo", desk.folder / "other.bundle")):
        compile_signed(desk, author, bundle)
    refused(lambda: desk.sign(charter=desk.folder / "own.bundle"), UsageError, "`mara` signed the bundle")
    desk.sign(charter=desk.folder / "other.bundle")
    assert [""] * 2 == [each.refused for each in desk.found(desk.folder / "other.bundle").days["desk"].signed]


def compile_signed(desk: Desk, author: str, output: Path) -> None:
    from govern.compile.bundle import signed
    from govern.compile.writing import write as write_bundle

    kept = charters(str(desk.charter), deployment_or_raise(desk.deployment))["desk"]
    write_bundle(signed(kept.bundle, (key_files.read_private(str(desk.folder / f"{author}.key")),)), str(output))


def test_late_rows_void_the_day_alone(desk: Desk) -> None:
    """The day they belong to, on the deployment's clock; signing again heals it."""
    desk.sign()
    desk.write_log(*TIMES, "2026-11-16T22:59:00Z")
    assert (State.VOID, State.SIGNED) == (desk.states()[16], desk.states()[17])
    assert "1 call of that day came after it was signed" == desk.covered().days[0].why
    desk.write_report()
    desk.sign(day=["2026-11-16"])
    assert State.SIGNED is desk.states()[16]


def test_changed_and_lost_rows_void_the_day(desk: Desk) -> None:
    """The same number of calls with other arguments, and fewer calls."""
    desk.sign()
    desk.write_log(*TIMES, amount=6)
    assert {State.VOID} == {desk.states()[16], desk.states()[17]}
    assert "the log of that day changed after it was signed" == desk.covered().days[0].why
    desk.write_log(*TIMES[1:])
    assert "1 call that it was signed over are not in the log" == desk.covered().days[0].void[0][1]


def test_order_and_packing_of_the_log_change_nothing(desk: Desk) -> None:
    """What happened is signed, not a file: rows in another order, in two files, or twice are the same log."""
    desk.sign()
    lines = desk.log.read_text("utf-8").splitlines(keepends=True)
    desk.log.write_text("".join([*reversed(lines), lines[0]]), "utf-8")
    assert desk.covered().complete


def test_a_wider_charter_restarts_and_a_narrower_one_does_not(desk: Desk) -> None:
    """Compared as charters, by what they let through."""
    desk.sign()
    desk.write_charter(version=2, most=50)
    assert desk.covered().complete
    desk.write_charter(version=2, most=500)
    assert {State.VOID} == {desk.states()[16], desk.states()[17]}
    assert desk.covered().days[0].why.startswith("the charter was widened since: tool pay")
    desk.write_report()
    desk.sign()
    assert desk.covered().complete


def test_a_charter_that_is_not_kept_counts_as_wider(desk: Desk) -> None:
    """What cannot be compared is not taken on trust, and another file under its name is told."""
    desk.sign()
    kept = next((desk.audit / "events" / "policies").iterdir())
    text = kept.read_text("utf-8")
    kept.unlink()
    assert "cannot be read" in desk.covered().days[0].why
    kept.write_text(text.replace("Pays.", "Owes."), "utf-8")
    assert "cannot be read" in desk.covered().days[0].why
    kept.write_text(text, "utf-8")
    assert desk.covered().complete


def test_who_leaves_signs_nothing_any_more(desk: Desk) -> None:
    """Without a key in the deployment, without the role, with a key that became another's: it does not count."""
    desk.sign()
    for change, said in (
        ({"mara: [" + desk.keys["mara"] + "], ": ""}, "no key of the deployment signed it"),
        ({"people: [mara, ann]": "people: [ann]"}, "mara does not hold head"),
        ({"mara: [": "ann: ["}, "signed with the key of ann, as mara"),
    ):
        desk.write_deployment(**change)
        assert {said} == {each.refused for each in desk.found().days["desk"].signed}
        assert () == desk.covered().signed


def test_no_column_of_an_event_is_believed(desk: Desk) -> None:
    """A copy with other columns says what was signed; a changed byte of the envelope says nothing, and is told."""
    desk.sign(day=["2026-11-16"])
    event = next(iter(read_events(desk.audit)))
    forged = replace(event, event_id="forged", agent="other", actor="leo", policy_digest="sha256:0", writer_id="x")
    content = event.content or ""
    broken = replace(event, event_id="broken", content=content.replace('"sig":"', '"sig":"A', 1), writer_id="y")
    write([forged, broken], desk.audit)
    found = desk.found()
    assert {date(2026, 11, 16)} == {each.day for each in found.days["desk"].signed}
    assert 1 == len(found.unreadable)
    assert State.SIGNED is desk.states()[16]


def test_a_statement_signed_by_the_wrong_person_never_counts(desk: Desk) -> None:
    """Somebody who has a key may sign what they like, in anybody's name, past the command: it does not count."""
    desk.sign(day=["2026-11-16"])
    people = keys_of(deployment_or_raise(desk.deployment).keys)
    genuine = read(next(iter(read_events(desk.audit))), people).statement
    tuesday = replace(genuine, day=date(2026, 11, 17))
    leo = key_files.read_private(str(desk.folder / "leo.key"))
    mara = key_files.read_private(str(desk.folder / "mara.key"))
    cases = {
        "signed with the key of leo, as mara": event_of(tuesday, leo),
        "leo does not hold head": event_of(replace(tuesday, person="leo"), leo),
        "signed as lead, which is not the role that signs off": event_of(replace(tuesday, role="lead"), mara),
        "the charter in policies/ is another than the one that it was signed under": event_of(
            replace(tuesday, policy="sha256:" + "0" * 64), mara
        ),
    }
    write(list(cases.values()), desk.audit)
    refusals = {each.refused for each in desk.found().days["desk"].signed if each.day == date(2026, 11, 17)}
    assert set(cases) == refusals
    assert State.VOID is desk.states()[17]
    assert State.SIGNED is desk.states()[16]


def test_a_report_of_something_else_is_not_signed(desk: Desk) -> None:
    """Of another policy, another clock, other logs, cut short, or no report at all."""
    for changes, said in (
        ({"policies": [{"agent": "desk", "version": 1, "digest": "sha256:0"}]}, "made with another policy"),
        ({"time_zone": "UTC"}, "the report's days are those of UTC"),
        ({"partial": {"signal": "SIGINT"}}, "stopped before it had judged everything"),
        ({"schema": "govern/diff/v1"}, "is no `govern/shadow-report/v1`"),
        ({"calendar": 3}, "does not have what"),
    ):
        desk.write_report(**changes)
        refused(desk.sign, EvidenceError, said)
    desk.report.write_text("{", "utf-8")
    refused(desk.sign, EvidenceError, "no JSON")
    desk.write_report()
    desk.write_log(*TIMES, "2026-11-16T12:00:00Z")
    refused(desk.sign, EvidenceError, "the report has 2 calls on 2026-11-16, these logs have 3")
    assert not desk.audit.exists()


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-18", "a holiday"), ("2026-11-19", "1 calls, at least 2"), ("2026-11-20", "nothing of that day"),
        ("18 Nov", "is no day"),
    ],
)  # fmt: skip
def test_a_day_that_does_not_count_is_not_signed(desk: Desk, day: str, said: str) -> None:
    refused(lambda: desk.sign(day=[day]), UsageError, said)


def test_today_is_not_over(desk: Desk) -> None:
    """A day is signed once it is over where the deployment is."""
    from datetime import UTC, datetime

    now = datetime.now(UTC).replace(microsecond=0)
    stamps = [now.isoformat().replace("+00:00", "Z")] * 2
    desk.write_deployment(**{'calendar: {holidays: ["2026-11-18"]}': "calendar: {business_days: [monday, tuesday, "
                             "wednesday, thursday, friday, saturday, sunday]}"})  # fmt: skip
    desk.write_log(*stamps)
    desk.write_report()
    refused(desk.sign, EvidenceError, "the day is not over")


def test_without_shadow_nobody_signs(desk: Desk) -> None:
    desk.charter.write_text(desk.charter.read_text("utf-8").split("shadow:")[0], "utf-8")
    refused(desk.sign, AuthorError, "`desk` has no `shadow`")


@pytest.mark.parametrize("column", ["event_id", "args", "tool", "status", "ts_ns", "content", "agent_version"])
def test_the_digest_of_a_day_sees_every_column(desk: Desk, column: str) -> None:
    """Whatever a row says; but not where it was read."""
    events = list(desk.events())
    days, policies = [date(2026, 11, 16)], desk.policies()
    before = day_logs(events, policies, days)["desk"][days[0]]
    value = (events[0].ts_ns or 0) + 1 if column == "ts_ns" else "x"
    altered: dict[str, Any] = {column: value}
    changed = [replace(events[0], **altered), *events[1:]]
    assert before.digest != day_logs(changed, policies, days)["desk"][days[0]].digest
    moved = [replace(event, writer_id="v", wseq=9, source_ref="z", recorded_ns=1) for event in reversed(events)]
    assert before == day_logs(moved, policies, days)["desk"][days[0]]


def test_a_sign_off_is_no_row_of_the_log(desk: Desk) -> None:
    """Kept in the store that is also the log, it does not void what it signs."""
    key = key_files.read_private(str(desk.folder / "mara.key"))
    digest = "sha256:" + "0" * 64
    statement = Statement(
        "desk", 1, digest, digest, digest, digest, date(2026, 11, 16), digest, 2, 0, 0, "mara", "head", 10**18
    )
    days, policies = [date(2026, 11, 16)], desk.policies()
    events = list(desk.events())
    event = replace(event_of(statement, key), ts_ns=events[0].ts_ns)
    assert day_logs(events, policies, days) == day_logs([*events, event], policies, days)


def test_the_log_may_be_the_store_that_keeps_the_sign_offs(desk: Desk) -> None:
    """Nothing that is kept beside the events is taken for a log, and nothing of it voids what was signed."""
    write(desk.events(), desk.audit)
    lines, desk.log = desk.log, desk.audit
    desk.write_report()
    desk.sign()
    assert desk.covered().complete
    read_again = run([str(desk.audit)], desk.policies())
    assert 0 == read_again.summary.refused
    desk.log = lines
    assert desk.covered().complete


def test_a_store_without_sign_offs_signs_nothing(desk: Desk) -> None:
    """An empty one is an answer; one that is not there is an error."""
    refused(desk.found, EvidenceError, "no such audit store")
    desk.audit.mkdir()
    assert {} == desk.found().days


def test_a_report_that_says_something_else_is_not_signed(desk: Desk) -> None:
    """A reviewer signs what these logs and this charter give: another verdict, rule or action is found, whatever the
    calls of a day are."""
    desk.write_report()
    said = json.loads(desk.report.read_text("utf-8"))
    parts = ("verdicts", "by_tool", "unmapped", "by_rule", "approvals", "days", "undecidable", "malformed_arguments")
    for part in parts:
        changed = json.loads(json.dumps(said[part]))
        match changed:
            case {"allow": int(calls)}:
                changed["allow"] = calls - 1
            case [{"calls": int(calls)}, *_]:
                changed[0]["calls"] = calls + 1
            case []:
                changed = [{"agent": "desk", "tool": "x", "calls": 1}]
            case _:
                changed = 7
        desk.write_report(**{part: changed})
        refused(desk.sign, EvidenceError, f"the report's `{part}` is not what these logs")
    desk.write_report()
    desk.sign()
