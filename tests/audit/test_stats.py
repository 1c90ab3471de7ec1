"""`audit stats` counts what is there; and the commands of sealing, retention and holds, as people run them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from tests.audit.sealing_cases import DAY, KEY, NOW, begun, crash, imported, write
from typer.testing import CliRunner, Result

from govern.audit import compaction, holds, import_mark, read, retention, sealing, snapshot, stats, store_log
from govern.cli.audit_compact import compact
from govern.cli.audit_hold import hold
from govern.cli.audit_retain import retain
from govern.cli.audit_seal import seal
from govern.cli.audit_stats import stats as stats_command
from govern.errors import EvidenceError, GovernError

ROOT = Path(__file__).parents[2]
APP = typer.Typer(rich_markup_mode=None)
for _name, _command in (("seal", seal), ("compact", compact), ("retain", retain), ("stats", stats_command)):
    APP.command(_name)(_command)
APP.add_typer(hold, name="hold")


@pytest.fixture
def key(tmp_path: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "log.key"
    made = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


def run(*given: object, code: int = 0) -> Result:
    """Runs a command; an error of ours ends it with its exit code, as the whole command line does."""
    done = CliRunner().invoke(APP, [str(each) for each in given], env={"COLUMNS": "100"})
    found = int(done.exception.exit_code) if isinstance(done.exception, GovernError) else done.exit_code
    assert code == found, (done.output, done.exception)
    return done


def valid(text: str) -> dict[str, Any]:
    """The document, which fits the schema that it names."""
    made: dict[str, Any] = json.loads(text)
    _, name, version = made["schema"].split("/")
    schema = json.loads((ROOT / "schemas" / f"{name}.{version}.json").read_text("utf-8"))
    assert not jsonschema.Draft202012Validator(schema).is_valid({})
    jsonschema.Draft202012Validator(schema).validate(made)
    return made


def document(folder: Path, code: int = 0) -> dict[str, Any]:
    return valid(run("stats", "--audit", folder, "--format", "json", code=code).output)


def test_everything_is_counted(tmp_path: Path) -> None:
    """Events where they stand, by day and type; writers by how they are; files, holds, what was deleted."""
    folder = begun(tmp_path / "audit")
    with write(folder, "ended", 4):
        pass
    crash(write(folder, "crashed", 3))
    imported(folder, "1")
    sealing.seal(folder, KEY)
    imported(folder, "2", 2)
    crash(write(folder, "gone", 2))
    with write(folder, "alive", 5):
        holds.add(folder, KEY, id="h", reason="r", by="b", traces=["t"])
        found = stats.stats(folder)
        assert (22, 13, 2, 7) == (found.events, found.sealed, found.plain, found.journal)
        assert (5, 2, 0) == (found.files, found.plain_files, found.compacted)
        assert 22 == sum(count for _, kinds in found.days for _, count in kinds) == len(list(read.read_events(folder)))
        assert {"unknown", "2022-01-08", "2022-01-09"} < {day for day, _ in found.days}
        states = {each.writer.rsplit("-", 1)[0]: (each.sealed, each.journal, each.state) for each in found.writers}
        assert {
            "ended": (4, 0, "ended"), "crashed": (3, 0, "crashed"), "gone": (0, 2, "gone"), "alive": (0, 5, "alive"),
        } == states  # fmt: skip
        sealed = [folder / snapshot.path_of(each) for each in snapshot.take(folder).sealed]
        assert found.bytes == sum(path.stat().st_size for path in sealed)
        assert ["h"] == [each.id for each in found.holds]
        assert store_log.read(folder).checkpoint == found.checkpoint
        assert 22 == document(folder)["events"]["all"]


def test_negative_times_are_of_their_day(tmp_path: Path) -> None:
    """A nanosecond before 1970 is of 1969-12-31, and midnight of the day that begins."""
    from govern.audit import store
    from govern.events.model import Event, EventType

    some = [
        Event(event_id=str(ts), trace_id="t", type=EventType.PROMPT, writer_id="w", wseq=0, ts_ns=ts)
        for ts in (-DAY - 1, -DAY, -1, 0)
    ]
    store.write(some, tmp_path, durable=False)
    found = dict(stats.stats(tmp_path).days)
    assert {"1969-12-30": 1, "1969-12-31": 2, "1970-01-01": 1} == {day: kinds[0][1] for day, kinds in found.items()}


def test_a_plain_store_and_an_empty_one(tmp_path: Path) -> None:
    """A store without a log is counted, and what it lacks is said; nothing at all is an error."""
    with pytest.raises(EvidenceError, match="no events here"):
        stats.stats(tmp_path)
    imported(tmp_path)
    assert document(tmp_path)["store"] is None
    text = run("stats", "--audit", tmp_path).output
    assert text.startswith("6 events; 6 imported and not sealed\n")
    assert "No log: nothing of it can be verified." in text


def test_what_is_odd_is_said(tmp_path: Path) -> None:
    """An unfinished import, a damaged journal and leftovers: shown, and exit code 3 where something is not counted."""
    folder = begun(tmp_path / "audit")
    with write(folder, events=4, segment=2):
        pass
    (folder / "events").mkdir(exist_ok=True)
    path = sorted(folder.glob("journal/*/*.jsonl"))[0]
    path.write_bytes(path.read_bytes().replace(b"desk 0", b"desk 9"))
    found = document(folder, code=3)
    assert 1 <= len(found["problems"])
    assert "✗" in run("stats", "--audit", folder, code=3).output
    other = tmp_path / "other"
    imported(other)
    with pytest.raises(KeyboardInterrupt), import_mark.importing(other, ["a.jsonl"], None, None):
        raise KeyboardInterrupt
    assert [{"logs": [str(Path("a.jsonl").absolute())], "running": False}] == document(other, 3)["unfinished_imports"]
    assert "was interrupted" in run("stats", "--audit", other, code=3).output


def test_seal_as_people_see_it(tmp_path: Path, key: str) -> None:
    """What was sealed, who ended, what stays open, what to do next; JSON has all of it."""
    folder = begun(tmp_path / "audit")
    crash(write(folder, "gone", 3), b"0" * 7)
    with write(folder, "alive", 2):
        text = run("seal", "--audit", folder, "--sign", key).output
        assert text.startswith("3 events sealed in 1 file, ")
        assert "is gone without a word: 3 events, 7 bytes of a torn line dropped; recorded as crashed" in text
        assert "2 events stay in the open segment of a writer that lives" in text
        assert text.endswith(f"Next: govern audit checkpoint --audit {folder}\n")
        assert "Nothing to seal." in run("seal", "--audit", folder, "--sign", key).output
        run("seal", "--audit", folder, "--sign", key, "--all", code=3)
        made = valid(run("seal", "--audit", folder, "--sign", key, "--format", "json").output)
        assert ("govern/audit-seal/v1", 0, 2) == (made["schema"], made["events"], made["open"][0]["events"])
    path = sorted(folder.glob("journal/*/*.jsonl"))[0]
    path.write_bytes(path.read_bytes().replace(b"alive 0", b"alive 9"))
    text = run("seal", "--audit", folder, "--sign", key, code=1).output
    assert f"✗ not sealed: {path}: line 2: " in text
    assert "Next: govern audit verify" in text


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["seal"], 2), (["seal", "--audit", "DIR"], 2), (["seal", "--audit", "DIR", "--sign", "KEY"], 3),
        (["seal", "--audit", "DIR", "--sign", "NO"], 4), (["stats"], 2), (["stats", "--audit", "DIR"], 3),
        (["compact", "--audit", "DIR", "--sign", "KEY"], 3),
        (["compact", "--audit", "DIR", "--sign", "KEY", "--rows", "1"], 2),
        (["retain", "--audit", "DIR", "--sign", "KEY", "--rule", "r", "--by", "b"], 2),
        (["retain", "--audit", "DIR", "--rule", "r", "--by", "b", "--older-than", "4d"], 2),
        (["retain", "--audit", "DIR", "--sign", "KEY", "--rule", "r", "--by", "b", "--older-than", "4 weeks"], 2),
        (["retain", "--audit", "DIR", "--sign", "KEY", "--rule", "r", "--by", "b", "--before", "yesterday"], 2),
        (["retain", "--audit", "DIR", "--sign", "KEY", "--rule", "r", "--by", "b", "--before", "2020-01-01"], 3),
        (["hold", "add", "a", "--reason", "r", "--by", "b", "--audit", "DIR", "--sign", "KEY"], 2),
        (["hold", "add", "a", "--reason", "r", "--by", "b", "--audit", "DIR", "--sign", "KEY", "--from", "x"], 2),
        (["hold", "list", "--audit", "DIR"], 3), (["hold", "list"], 2),
    ],
)  # fmt: skip
def test_exit_codes(tmp_path: Path, key: str, given: list[str], code: int) -> None:
    """A wrong command line, a folder that is no store, a key that is not there."""
    places = {"DIR": str(tmp_path / "nothing"), "KEY": key, "NO": str(tmp_path / "no.key")}
    run(*(places.get(each, each) for each in given), code=code)


def test_holds_and_retention_as_people_run_them(tmp_path: Path, key: str) -> None:
    """A hold stops a deletion and is named (exit 1); removed, the rest goes, and stats has the tombstone."""
    folder = begun(tmp_path / "audit")
    imported(folder)
    sealing.seal(folder, KEY)
    store = ("--audit", folder, "--sign", key)
    held = ("--reason", "claim\x1b[31m", "--by", "legal")
    assert "1 trace; legal" in run("hold", "add", "case", *held, *store, "--trace-id", "x1").output
    listed = run("hold", "list", "--audit", folder).output
    assert listed.startswith("case  1 trace; legal, ")
    assert "\x1b" not in listed
    made = valid(run("hold", "list", "--audit", folder, "--format", "json").output)
    assert ["case"] == [each["id"] for each in made["holds"]]
    rule = ("--rule", "old", "--by", "dpo", "--before", "2022-01-10")
    dry = run("retain", *rule, "--audit", folder, "--dry-run", code=3).output
    assert "would be deleted" in dry or "Nothing was deleted" in dry
    text = run("retain", *rule, *store, code=3).output
    assert "held by `case`" in text
    assert "its time is not known" in text
    run("hold", "remove", "case", *held, *store)
    assert "no hold is in force\n" == run("hold", "list", "--audit", folder).output
    made = valid(run("retain", *rule, *store, "--format", "json", code=3).output)
    assert ("govern/audit-retain/v1", 1) == (made["schema"], len(made["kept"]))
    assert [] == list(snapshot.take(folder).folder.glob("events/dt=2022-*/*"))
    assert 1 == document(folder)["events"]["all"]
    assert "by dpo: old" in run("stats", "--audit", folder).output


def test_a_hold_alone_is_exit_code_one(tmp_path: Path, key: str) -> None:
    folder = begun(tmp_path / "audit")
    with write(folder, events=2):
        pass
    sealing.seal(folder, KEY)
    holds.add(folder, KEY, id="all", reason="r", by="b", from_ns=0)
    days = ("--older-than", "1d", "--rule", "r", "--by", "b")
    run("retain", *days, "--audit", folder, "--sign", key)
    kept = retention.retain(folder, KEY, before_ns=2 * NOW, rule="r", by="b", now_ns=2 * NOW).kept
    assert [("all",)] == [each.holds for each in kept]


def test_compact_as_people_run_it(tmp_path: Path, key: str) -> None:
    folder = begun(tmp_path / "audit")
    with write(folder, events=6, segment=2):
        pass
    sealing.seal(folder, KEY)
    text = run("compact", "--audit", folder, "--sign", key).output
    assert "3 files became 1; every old root stands\n" in text
    assert "nothing to compact" in run("compact", "--audit", folder, "--sign", key).output
    assert 1 == document(folder)["files"]["compacted"]
    assert [] == compaction.compact(folder, KEY).made
