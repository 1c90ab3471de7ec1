"""Charters that use every feature of the language, on every call of the corpus: all engines say the same of each.

Compared row by row are validity, the truth value of every condition, and effect, gates and rules with what was not
captured taken for either side: of one call at a time, of SQL over an imported store, of SQL over its sidecar, and of
`tests.conformance`'s reference, which shares no code with them; and the reports of the command line. Where values came
from (`origin`) is worked out once for all engines, and the reference takes it from the replay.

`GOVERN_EVERY_SETTING=1` takes all settings and every run for the reference. Run with `-s` to see what was compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.cli.running import Ran, govern
from tests.conformance import fuzz
from tests.conformance.fuzz import Row
from tests.conformance.traces import Trace
from tests.corpus.every_feature_logs import (
    AGENTS,
    AVAILABLE,
    BERLIN,
    CHARTERS,
    CORPUS,
    EVERY,
    LOGS,
    SETTINGS,
    Setting,
    events,
    known,
    policies,
)
from tests.corpus.every_feature_used import every, used

from govern.audit import read, store
from govern.conditions.sql import text_literal
from govern.events.canonical import parse
from govern.events.model import Event, EventType
from govern.findings import Severity
from govern.lint.run import lint_paths
from govern.policy.model import Policy
from govern.policy.sql import code_columns, truths_of
from govern.policy.verdict import UNCAPTURED
from govern.replay import bulk, sidecar
from govern.replay.groups import Key, Kind, Policies
from govern.replay.told import told

needs_corpus = pytest.mark.skipif(not AVAILABLE, reason=f"no logs under {CORPUS} (set GOVERN_CORPUS)")

WHOLE = SETTINGS == EVERY
LEAST_MOVED, LEAST_TRUE_AND_FALSE = 0.95, 0.8
"""Shares of the rules and limits that take two truth values on the corpus, and that are both true and false."""
BESIDE = Setting("none", BERLIN, True)
"""Decided over typed columns beside the log (`replay.sidecar`), which change no row."""


# -- the charters ----------------------------------------------------------------------------------------


def test_every_feature_is_used() -> None:
    """A key, word, function or operator that is added to the language has to be added to a charter here."""
    files = sorted(CHARTERS.glob("*.yaml"))
    assert len(AGENTS) + 3 == len(files)
    assert set() == every() - used(files, policies().values())


@pytest.mark.parametrize("feature", ["condition: origin", "limit: day executed sum", "SOURCE.where", "schema: format"])
def test_an_unused_feature_is_noticed(feature: str, tmp_path: Path) -> None:
    """The search finds what it looks for, and nothing where nothing is."""
    assert feature in every()
    assert feature in used(CHARTERS.glob("*.yaml"), policies().values())
    bare = tmp_path / "bare.yaml"
    bare.write_text("govern: 1\nagent: bare\ntools: {look: {tier: read_only}}\n", "utf-8")
    assert {"CHARTER.govern", "CHARTER.agent", "CHARTER.tools", "TOOL.tier", "TOOL.tier: read_only"} == used([bare], [])


def test_the_charters_load() -> None:
    """No finding that is an error; warnings stand, since some features are there to be warned of."""
    linted = lint_paths([str(CHARTERS)])
    assert 0 == linted.not_judged
    assert all(file.loads for file in linted.files)
    assert [] == [finding for finding in linted.findings if finding.severity is Severity.ERROR]


# -- the replays -----------------------------------------------------------------------------------------


def calls(times: str) -> Iterator[Event]:
    """All calls: every one of the corpus is an agent's, and has arguments."""
    for event in events(times):
        if event.type is EventType.TOOL_CALL:
            assert event.agent in AGENTS
            assert event.args is not None
            assert event.args_error is None
            yield event


@cache
def judges(zone: str | None) -> Policies:
    return Policies(policies(), zone)


@cache
def alone(setting: Setting) -> tuple[dict[str, Row], dict[str, dict[str, Any]]]:
    """Each call by itself, by its id; and what it was told."""
    rows: dict[str, Row] = {}
    inputs: dict[str, dict[str, Any]] = {}
    for event, given in told(events(setting.times), judges(setting.zone), facts(setting)):
        if event.type is not EventType.TOOL_CALL:
            continue
        agent, tool = str(event.agent), event.tool or ""
        engine = judges(setting.zone).engines[agent]
        args, valid = engine.prepared(tool, parse(event.args or ""))
        truths = engine.recorded_truths(tool, args, given) if tool in engine.policy.tools else ()
        found = rows[event.event_id] = row(agent, tool, valid, truths)
        inputs[event.event_id] = dict(given)
        if UNCAPTURED not in truths:
            verdict = engine.decide_text(tool, event.args or "", given=given)
            assert fuzz.verdict_of(verdict) == found.loosest == found.strictest, event
    return rows, inputs


def row(agent: str, tool: str, valid: bool, truths: tuple[int, ...]) -> Row:
    judgement = judges(None).judge(Key(agent, tool, Kind.JUDGED, valid, truths))
    assert judgement is not None
    said = "".join(fuzz.CODES[truth] for truth in truths)
    return Row(valid, said, fuzz.verdict_of(judgement.loosest), fuzz.verdict_of(judgement.strictest))


def facts(setting: Setting) -> dict[str, dict[str, Any]] | None:
    return known(setting.times) if setting.known else None


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All logs in one store by their times: as they are, through `govern import`."""
    found = {times: tmp_path_factory.mktemp(f"{times}-times") for times in sorted({each.times for each in SETTINGS})}
    for times, folder in found.items():
        if times != "none":
            store.write(iter(events(times)), folder)
            continue
        for name, agent in LOGS.items():
            named = () if agent is None else ("--agent", agent)
            assert 0 == govern("import", CORPUS / name, "-o", folder, *named).exit_code
    return found


def in_sql(setting: Setting, folder: Path, beside: Path | None = None) -> dict[str, Row]:
    """All calls of an agent at once, by their ids.

    Args:
        beside: a folder for the sidecar; None decides without one.
    """
    con = read.open_events(folder)
    try:
        bulk.prepare(con)
        side = None
        if beside is not None:
            parts = sorted((folder / "events").rglob("*.parquet"))
            side = sidecar.build(con, bulk.calls_as_recorded(con), parts, beside)
            side.attach(con)
        rows: dict[str, Row] = {}
        for agent, policy in policies().items():
            mine = f"agent = {text_literal(agent)}"
            own = None if side is None else bulk.Beside(side, mine)
            made = bulk.decided(con, judges(setting.zone).engines[agent], agent, mine, facts(setting), own)
            codes = ", ".join(f"code{index}" for index in range(code_columns(policy)))
            for event_id, tool, valid, *packed in con.execute(
                f"SELECT event_id, tool, valid, {codes} FROM ({made.query})"
            ).fetchall():
                assert event_id not in rows, f"a call is judged twice: {event_id}"
                truths = truths_of(tuple(packed), policy.tools[tool]) if tool in policy.tools else ()
                rows[event_id] = row(agent, tool, valid, truths)
            con.unregister("gv_prepared")
        return rows
    finally:
        con.close()


def differences(setting: Setting, expected: Mapping[str, Row], found: Mapping[str, Row]) -> list[str]:
    """The first calls of which two engines do not say the same, with the conditions that they differ on."""
    made = []
    for event in calls(setting.times):
        one, other = expected[event.event_id], found.get(event.event_id)
        if one != other:
            tool = policies()[str(event.agent)].tools.get(event.tool or "")
            pairs = zip(tool.conditions if tool else (), one.truths, other.truths if other else "", strict=False)
            texts = [f"{left} {right}: {condition.text}" for condition, left, right in pairs if left != right]
            made.append(f"{event.agent} {event.tool} {event.args} ({event.event_id}): {one} / {other} {texts}")
    return made[:5]


@pytest.mark.corpus
@needs_corpus
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
class TestCallByCall:
    def test_sql_says_the_same(self, setting: Setting, stores: dict[str, Path], tmp_path: Path) -> None:
        """Of every call of every log: validity, each truth value, and the verdicts they come to."""
        rows, _ = alone(setting)
        many = in_sql(setting, stores[setting.times], tmp_path if setting == BESIDE else None)
        assert [] == differences(setting, rows, many)
        assert len(rows) == len(many) == sum(1 for _ in calls(setting.times))
        undecidable = sum(each.loosest[:2] != each.strictest[:2] for each in rows.values())
        vectors = {(event.agent, event.tool, rows[event.event_id].truths) for event in calls(setting.times)}
        print(
            f"\n{setting}: {len(rows)} calls, {len(AGENTS)} agents, {len(vectors)} truth vectors, "
            f"{100 * undecidable / len(rows):.1f} % undecidable"
        )

    def test_the_reference_says_the_same(self, setting: Setting) -> None:
        """Of the calls of every sixth run, others in each setting; the history is always that of whole logs."""
        rows, inputs = alone(setting)
        runs = dict.fromkeys(each.trace_id for each in events(setting.times))
        order = {trace: place for place, trace in enumerate(runs)}
        turn = SETTINGS.index(setting)
        compared: Counter[str] = Counter()
        for agent, plain in references(setting, inputs).items():
            mine = [each for each in calls(setting.times) if each.agent == agent]
            for event in mine if WHOLE else [each for each in mine if order[each.trace_id] % 6 == turn % 6]:
                expected = plain.row(event)
                assert expected == rows[event.event_id], (event.tool, event.args, event.event_id)
                if event.tool in plain.case.policy.tools:
                    asked = judges(setting.zone).engines[agent].history.asked(event.tool)
                    assert told_of(asked, plain.given[event.event_id]) == told_of(asked, inputs[event.event_id])
                compared[agent] += 1
        assert set(AGENTS) == set(compared)
        assert sum(compared.values()) > len(rows) // 8


def told_of(asked: frozenset[str], given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: (type(given[key]), given[key]) for key in asked if key in given}


class Reference(fuzz.Reference):
    """With the formats of schemas, by another library than the engines'."""

    def prepared(self, name: str, args: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        filled, valid = super().prepared(name, args)
        tool = self.case.policy.tools.get(name)
        return filled, valid and (tool is None or tool.schema is None or formats(tool.schema).is_valid(filled))


@cache
def formats(schema: str) -> Any:
    known = jsonschema.FormatChecker(["date", "email"])
    return jsonschema.Draft202012Validator(parse(schema), format_checker=known)


def references(setting: Setting, inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Reference]:
    origins = {
        event_id: {key: value for key, value in given.items() if key.startswith(("origin(", "named_by_user("))}
        for event_id, given in inputs.items()
    }
    trace = Trace(events(setting.times), facts(setting))
    return {agent: Reference(fuzz.Case(policy, trace, setting.zone), origins) for agent, policy in policies().items()}


@pytest.fixture(scope="module", params=[SETTINGS[0], SETTINGS[-1]], ids=str)
def reports(
    request: pytest.FixtureRequest, stores: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Setting, Ran, Ran]:
    """What `shadow-report` prints: of calls one at a time, and of SQL."""
    setting: Setting = request.param
    folder = tmp_path_factory.mktemp("report")
    options: list[str | Path] = ["--charter", CHARTERS, "--format", "json"]
    if setting.zone is not None:
        options += ["--deployment", deployment(setting.zone, folder)]
    if setting.known:
        (folder / "facts.json").write_text(json.dumps(facts(setting)), "utf-8")
        options += ["--session-facts", folder / "facts.json"]
    one, many = (
        govern("shadow-report", stores[setting.times], *options, "--engine", engine) for engine in ("calls", "sql")
    )
    return setting, one, many


@pytest.mark.corpus
@needs_corpus
class TestReports:
    def test_they_are_the_same(self, reports: tuple[Setting, Ran, Ran]) -> None:
        """One JSON, whichever engine judged, with the counts of the rows."""
        setting, one, many = reports
        assert one.exit_code == many.exit_code
        assert without_ranges(one.json) == without_ranges(many.json)
        rows, _ = alone(setting)
        counted = Counter(label(setting, event, rows[event.event_id]) for event in calls(setting.times))
        assert {"allow", "approval", "deny", "undecidable"} == set(counted)
        assert counted == {name: one.json["verdicts"][name] for name in counted}
        assert len(rows) == one.json["totals"]["calls"]

    def test_they_show_the_same_ranges(self, reports: tuple[Setting, Ran, Ran]) -> None:
        """And the same of calls that could not be decided: from, to, why, samples."""
        _, one, many = reports
        assert one.json["undecidable"] == many.json["undecidable"]


def label(setting: Setting, event: Event, found: Row) -> str:
    truths = tuple("FUTC".index(truth) for truth in found.truths)
    judgement = judges(setting.zone).judge(Key(event.agent, event.tool or "", Kind.JUDGED, found.valid, truths))
    assert judgement is not None
    return judgement.label


def without_ranges(document: dict[str, Any]) -> dict[str, Any]:
    """A report, of undecidable calls only which tools they are of, and how many."""
    rows = sorted((row["agent"], row["tool"], row["calls"]) for row in document["undecidable"])
    return document | {"undecidable": rows}


def deployment(zone: str, folder: Path) -> Path:
    roles = sorted({role for policy in policies().values() for role in policy.roles})
    file = folder / "deployment.yaml"
    people = {role: {"people": [f"{role}@example.com"]} for role in roles}
    written = {"govern": 1, "deployment": "replay", "roles": people, "mode": "enforce", "time_zone": zone}
    file.write_text(yaml.safe_dump(written), "utf-8")
    return file


@pytest.mark.corpus
@needs_corpus
def test_rules_and_limits_are_put_to_the_test() -> None:
    """Nearly every rule, limit, waiver and requirement is true of a call, and false or unknown of another."""
    seen: dict[str, set[str]] = {}
    for policy in policies().values():
        seen |= {name: set() for tool in policy.tools for name in names(policy, tool)}
    for setting in SETTINGS:
        rows, _ = alone(setting)
        for event in calls(setting.times):
            of = names(policies()[str(event.agent)], event.tool or "")
            for name, truth in zip(of, rows[event.event_id].truths, strict=True):
                seen[name].add(truth)
    moved = {name for name, truths in seen.items() if len(truths - {"C"}) > 1}
    still = ", ".join(f"{name} ({''.join(sorted(seen[name]))})" for name in sorted(seen.keys() - moved))
    print(f"\n{len(moved)} of {len(seen)} rules and limits take several truth values; not so: {still}")
    assert len(moved) >= LEAST_MOVED * len(seen)
    assert sum({"T", "F"} <= truths for truths in seen.values()) >= LEAST_TRUE_AND_FALSE * len(seen)


def names(policy: Policy, tool: str) -> list[str]:
    """What the truth values of a call belong to: a charter's own under its agent, a base's or library's once."""
    mapped = policy.tools.get(tool)
    if mapped is None:
        return []
    waiver = [] if mapped.unless is None else [f"unless of {tool}"]
    found = (*waiver, *(rule.id for rule in mapped.rules))
    return [each if "/" in each else f"{policy.agent}: {each}" for each in found]
