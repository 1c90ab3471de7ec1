"""The bundle: the same bytes for the same charter, the charter's own verdicts, and no byte of it can be changed.

Leaves out signatures (`test_signed`), and what the verdicts mean (`tests/conformance`).
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.shipped import shipped

from govern.compile.reading import looks_like_bundle, read
from govern.compile.schema_file import SCHEMAS
from govern.compile.schema_file import text as schema_text
from govern.compile.sources import one_policy, policies
from govern.errors import AuthorError, EvidenceError
from govern.events.canonical import digest, text_of
from govern.policy.document import from_document
from govern.policy.engine import Engine
from govern.policy.model import Policy
from govern.policy.sql import GIVEN, code_columns, decision_sql, truths_of

from .making import ROOT, canonical, compiled, resealed

# Bases, libraries and deployments are no charters: they stand beside those that name them.
CHARTERS = sorted(
    path
    for path in shipped("charters/*/*.yaml", "samples/*/charter.yaml")
    if path.parent.name not in ("base", "library")
)
STORIES = sorted(path.parent for path in ROOT.glob("samples/*/charter.yaml"))
each_charter = pytest.mark.parametrize("path", CHARTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


def calls(story: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every call of a sample's log, each also with one argument missing, null, and of another kind."""
    for line in (story / "log.jsonl").read_text("utf-8").splitlines():
        # Not every line is good: one call of each log has arguments that are no JSON object.
        row = json.loads(line)
        if row["type"] != "tool_call" or not isinstance(row.get("args"), dict):
            continue
        yield row["tool"], row["args"]
        for key in row["args"]:
            rest = {other: value for other, value in row["args"].items() if other != key}
            yield row["tool"], rest
            for value in (None, "x", 10**6, [], {}, True):
                yield row["tool"], {**rest, key: value}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The bundle of a small sample."""
    path = tmp_path / "support.bundle"
    path.write_bytes(compiled(ROOT / "samples" / "support" / "charter.yaml").text.encode())
    return path


def refused(path: Path, raw: bytes) -> AuthorError | EvidenceError:
    path.write_bytes(raw)
    with pytest.raises((AuthorError, EvidenceError)) as caught:
        read(path)
    assert str(path) in str(caught.value)
    return caught.value


def test_there_are_charters() -> None:
    assert (13, 5) == (len(CHARTERS), len(STORIES))


# --- deterministic ------------------------------------------------------------------------------------------


def test_the_same_charter_gives_the_same_bytes_in_every_process() -> None:
    """Whatever the hash seed, the time zone, the locale and the name of the file."""
    outputs: dict[Path, set[bytes]] = {path: set() for path in CHARTERS[:3]}
    for seed, zone, place in (("0", "UTC", "C"), ("4711", "Asia/Kolkata", "C.UTF-8")):
        for path, found in outputs.items():
            done = subprocess.run(
                [sys.executable, "-m", "govern.cli.app", "compile", str(path), "-o", "-"],
                env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": place},
                capture_output=True, check=True, cwd=ROOT, timeout=60,
            )  # fmt: skip
            found.add(done.stdout)
    for path, found in outputs.items():
        assert {compiled(path).text.encode()} == found


def test_the_order_in_which_tools_are_listed_means_nothing(tmp_path: Path) -> None:
    """The charter in the bundle is another text; policy and decision SQL are the same bytes."""
    path = tmp_path / "charter.yaml"
    text = (ROOT / "samples" / "support" / "charter.yaml").read_text("utf-8")
    before, rest = text.split("\ntools:\n")
    end = next(re.finditer(r"^\S", rest, re.MULTILINE)).start()
    tools, after = rest[:end], rest[end:]
    blocks = re.findall(r"^  \S.*\n(?:(?:    .*)?\n)*", tools, re.MULTILINE)
    assert tools == "".join(blocks)
    assert len(blocks) > 4
    found = []
    for listed in (blocks, blocks[::-1], blocks[2:] + blocks[:2]):
        path.write_text(f"{before}\ntools:\n{''.join(listed)}{after}", "utf-8")
        found.append(json.loads(compiled(path).text))
    assert 3 == len({each["charter"]["text"] for each in found})
    assert 1 == len({text_of(each["policy"]) for each in found})
    assert 1 == len({each["decision_sql"] for each in found})


def test_a_changed_charter_gives_another_digest(tmp_path: Path) -> None:
    """A comment changes the bundle but not the policy; a threshold changes both."""
    path = tmp_path / "charter.yaml"
    text = (ROOT / "samples" / "support" / "charter.yaml").read_text("utf-8")
    seen = []
    for variant in (text, text + "# a comment\n", text.replace("args.amount > 150", "args.amount > 151")):
        path.write_text(variant, "utf-8")
        made = compiled(path)
        seen.append((made.digest, made.policy.digest))
    assert 3 == len({bundle for bundle, _ in seen})
    assert seen[0][1] == seen[1][1] != seen[2][1]


@each_charter
def test_a_bundle_is_read_as_it_was_made(path: Path, tmp_path: Path) -> None:
    made = compiled(path)
    out = tmp_path / "a.bundle"
    out.write_bytes(made.text.encode())
    assert made == read(out)
    assert looks_like_bundle(out)
    assert not looks_like_bundle(path)
    assert path.read_text("utf-8") == made.charter.text
    assert digest(out.read_bytes()) == made.digest
    assert made.policy.digest == json.loads(made.text)["manifest"]["policy_digest"]
    assert text_of(json.loads(made.text)) + "\n" == made.text


# --- the same verdicts --------------------------------------------------------------------------------------


@each_story
def test_charter_and_bundle_decide_alike(story: Path, tmp_path: Path) -> None:
    """Every part of the verdict, for the sample's calls and hundreds of variations of them."""
    out = tmp_path / "a.bundle"
    out.write_bytes(compiled(story / "charter.yaml").text.encode())
    from_charter, from_bundle = Engine(one_policy(story / "charter.yaml")), Engine(one_policy(out))
    effects = set()
    judged = 0
    for tool, args in calls(story):
        verdict = from_charter.decide_value(tool, args)
        assert verdict == from_bundle.decide_value(tool, args), (tool, args)
        effects.add(verdict.effect.label)
        judged += 1
    assert judged > 500
    assert {"allow", "approval", "deny"} == effects


def columns_read(policy: Policy) -> dict[str, str]:
    """The columns that the decision SQL of a policy reads, with their types (`conditions.sql.Columns`)."""
    kinds = {"at": "BIGINT", "calls": "BIGINT", "succeeded": "BIGINT"}
    kinds |= dict.fromkeys(("exceeded", "tainted", "named_by_user"), "TINYINT")
    sql = decision_sql(policy)
    given = {
        column: kinds.get(key.partition("(")[0], "VARCHAR")
        for key, column in GIVEN.items()
        if re.search(rf"\b{re.escape(column)}\b", sql)
    }
    return {"event_id": "VARCHAR", "tool": "VARCHAR", "args": "VARCHAR", **given}


def test_which_columns_are_read_is_asked_of_the_sql() -> None:
    """A charter that asks for the time reads it, another does not: the tests below make the tables for both."""
    asked = [set(columns_read(compiled(path).policy)) for path in CHARTERS]
    assert {"event_id", "tool", "args"} in asked
    assert any("ts_ns" in columns for columns in asked)


@each_charter
def test_the_stored_sql_runs_where_nothing_of_ours_is(path: Path, tmp_path: Path) -> None:
    """Another process that imports DuckDB alone, its settings as they come: a row of codes for each call."""
    made = compiled(path)
    rows = [[f"e{number}", tool, "{}"] for number, tool in enumerate([*made.policy.tools, "unheard_of"])]
    columns = columns_read(made.policy)
    (tmp_path / "given.json").write_text(
        json.dumps({"sql": json.loads(made.text)["decision_sql"], "rows": rows, "columns": columns}), "utf-8"
    )
    program = (
        "import json, sys, duckdb\n"
        "given = json.load(open('given.json', encoding='utf-8'))\n"
        "con = duckdb.connect()\n"
        "con.execute('CREATE TABLE calls (' + ', '.join(' '.join(each) for each in given['columns'].items()) + ')')\n"
        "con.executemany('INSERT INTO calls (event_id, tool, args) VALUES (?, ?, ?)', given['rows'])\n"
        "json.dump(con.execute(given['sql']).fetchall(), sys.stdout)\n"
        "assert not any(name.partition('.')[0] == 'govern' for name in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    answer = sorted(json.loads(done.stdout))
    assert sorted(row[:2] for row in rows) == [row[:2] for row in answer]
    assert {2 + code_columns(made.policy)} == {len(row) for row in answer}
    assert all(type(code) is int for row in answer for code in row[2:])
    assert {0} == {code for row in answer if row[1] == "unheard_of" for code in row[2:]}
    assert any(code for row in answer for code in row[2:])


@each_story
def test_the_stored_sql_runs_in_plain_duckdb_and_agrees(story: Path) -> None:
    """Only the text of the bundle and a table `calls`: the codes are the truth values of the engine."""
    made = compiled(story / "charter.yaml")
    engine = Engine(made.policy)
    rows = [(f"e{number}", tool, text_of(args)) for number, (tool, args) in enumerate(calls(story))]
    table = ", ".join(f"{name} {kind}" for name, kind in columns_read(made.policy).items())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE calls ({table})")
        connection.executemany("INSERT INTO calls (event_id, tool, args) VALUES (?, ?, ?)", rows)
        answer = connection.execute(json.loads(made.text)["decision_sql"]).fetchall()
    codes = {event_id: (tool, tuple(code)) for event_id, tool, *code in answer}
    assert len(rows) == len(answer) == len(codes)
    judged = set()
    for event_id, tool, args in rows:
        assert (tool, code_columns(made.policy)) == (codes[event_id][0], len(codes[event_id][1]))
        mapped = made.policy.tools.get(tool)
        if mapped is None:
            assert not any(codes[event_id][1])
            continue
        truths = engine.truths(tool, json.loads(args))
        assert truths == truths_of(codes[event_id][1], mapped), (tool, args)
        judged.update(truths)
    assert {0, 1, 2} == judged


def test_a_folder_may_hold_bundles_and_charters(tmp_path: Path) -> None:
    (tmp_path / "a.bundle").write_bytes(compiled(CHARTERS[0]).text.encode())
    (tmp_path / "b.yaml").write_bytes(CHARTERS[1].read_bytes())
    expected = {policy.agent: policy for policy in map(one_policy, CHARTERS[:2])}
    assert expected == policies(str(tmp_path))
    (tmp_path / "c.bundle").write_bytes(b"no bundle")
    with pytest.raises((AuthorError, EvidenceError)):
        policies(str(tmp_path))


# --- tampering ----------------------------------------------------------------------------------------------


def test_any_single_changed_byte_is_refused(written: Path) -> None:
    """The first 300 positions, 300 random ones and the last 20: a bit, a letter, a blank, a quote, NUL."""
    raw = written.read_bytes()
    draw = random.Random(8785)
    places = [*range(300), *draw.sample(range(300, len(raw) - 20), 300), *range(len(raw) - 20, len(raw))]
    for place in places:
        for byte in {raw[place] ^ 1, raw[place] ^ 0x20, 0x20, 0x22, 0x00, draw.randrange(256)} - {raw[place]}:
            refused(written, raw[:place] + bytes([byte]) + raw[place + 1 :])


def test_any_dropped_or_doubled_byte_is_refused(written: Path) -> None:
    raw = written.read_bytes()
    for place in [*range(60), *random.Random(1).sample(range(len(raw)), 120), len(raw) - 1]:
        refused(written, raw[:place] + raw[place + 1 :])
        refused(written, raw[: place + 1] + raw[place:])


@pytest.mark.parametrize("length", [0, 1, 12, 100, -2, -1])
def test_a_truncated_bundle_is_refused(length: int, written: Path) -> None:
    refused(written, written.read_bytes()[:length])


def test_the_forger_of_these_tests_reseals_correctly(written: Path) -> None:
    raw = written.read_bytes()
    assert raw == resealed(json.loads(raw)) == canonical(json.loads(raw))


@pytest.mark.parametrize("forge", [canonical, resealed])
def test_an_unknown_member_is_refused(forge: Callable[[dict[str, Any]], bytes], written: Path) -> None:
    """At the top, in the manifest, the policy, a tool, a gate, a rule: nothing is skipped as unknown."""
    raw = written.read_bytes()
    document = json.loads(raw)
    places: list[Callable[[Any], dict[str, Any]]] = [
        lambda d: d,
        lambda d: d["manifest"],
        lambda d: d["policy"],
        lambda d: d["policy"]["tools"]["refund"],
        lambda d: d["policy"]["tools"]["refund"]["rules"][0],
        lambda d: d["policy"]["gates"]["finance"],
        lambda d: d["policy"]["gates"]["finance"]["if_no_answer"][0],
        lambda d: d["policy"]["never"][0],
    ]
    for place in places:
        changed = json.loads(raw)
        place(changed)["more"] = None
        refused(written, forge(changed))
    assert document == json.loads(raw)


@pytest.mark.parametrize("forge", [canonical, resealed])
def test_a_dropped_member_is_refused(forge: Callable[[dict[str, Any]], bytes], written: Path) -> None:
    raw = written.read_bytes()
    for member in json.loads(raw)["policy"]:
        changed = json.loads(raw)
        del changed["policy"][member]
        refused(written, forge(changed))
    for member in json.loads(raw)["policy"]["tools"]["refund"]:
        changed = json.loads(raw)
        del changed["policy"]["tools"]["refund"][member]
        refused(written, forge(changed))
    for member in ("schema", "charter", "decision_sql", "policy", "manifest"):
        changed = json.loads(raw)
        del changed[member]
        refused(written, canonical(changed))
    for member in json.loads(raw)["manifest"]:
        changed = json.loads(raw)
        del changed["manifest"][member]
        refused(written, canonical(changed))


def loosen_tier(policy: Any) -> None:
    policy["tools"]["refund"].update(tier="read_only")


def drop_a_rule(policy: Any) -> None:
    policy["tools"]["refund"]["rules"].pop()


def change_a_condition(policy: Any) -> None:
    policy["tools"]["refund"]["rules"][0]["condition"] = "args.amount > 1000000"


def change_the_quorum(policy: Any) -> None:
    policy["gates"]["finance"]["quorum"] = 2


def open_a_schema(policy: Any) -> None:
    policy["tools"]["refund"]["input"] = None


def forget_never(policy: Any) -> None:
    policy["never"] = []


CHANGES = [loosen_tier, drop_a_rule, change_a_condition, change_the_quorum, open_a_schema, forget_never]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_policy_is_refused(change: Callable[[Any], None], written: Path) -> None:
    document = json.loads(written.read_bytes())
    change(document["policy"])
    refused(written, canonical(document))


@pytest.mark.parametrize("change", CHANGES)
def test_a_policy_that_is_not_the_charters_is_refused_even_with_right_digests(
    change: Callable[[Any], None], written: Path
) -> None:
    """What a reviewer reads in the bundle is what decides: the charter in it is lowered again."""
    document = json.loads(written.read_bytes())
    change(document["policy"])
    document["decision_sql"] = decision_sql(from_document(document["policy"]))
    assert "not what the charter" in refused(written, resealed(document)).message


def test_another_charter_is_refused_even_with_right_digests(written: Path) -> None:
    document = json.loads(written.read_bytes())
    document["charter"]["text"] = document["charter"]["text"].replace("150", "15000")
    assert "not what the charter" in refused(written, resealed(document)).message


def test_sql_that_is_not_of_the_policy_is_refused_even_with_right_digests(written: Path) -> None:
    document = json.loads(written.read_bytes())
    document["decision_sql"] = document["decision_sql"].replace("150", "150000")
    assert "decision SQL" in refused(written, resealed(document)).message


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: p["tools"]["refund"].update(gate="nobody"),
        lambda p: p["tools"]["refund"].update(gate=None),
        lambda p: p["tools"]["refund"].update(tier="harmless"),
        lambda p: p["tools"]["refund"].update(external="no"),
        lambda p: p["tools"]["refund"]["rules"][0].update(effect="allow", gate=None),
        lambda p: p["tools"]["refund"]["rules"][0].update(condition="args.amount >"),
        lambda p: p["tools"]["refund"]["rules"][0].update(gate="nobody"),
        lambda p: p["gates"]["finance"].update(quorum=0),
        lambda p: p["gates"]["finance"].update(roles=[]),
        lambda p: p["gates"]["finance"].update(if_no_answer=[]),
        lambda p: p.update(version="5"),
        lambda p: p.update(version=True),
        lambda p: p.update(schema="govern/policy/v2"),
        lambda p: p.update(never="export_*"),
    ],
)
def test_a_policy_that_no_charter_can_mean_is_refused(wrong: Callable[[Any], None], written: Path) -> None:
    """Even with every digest right."""
    document = json.loads(written.read_bytes())
    wrong(document["policy"])
    refused(written, resealed(document))


@pytest.mark.parametrize("key", ["agent", "version", "policy_digest", "deployment_digest", "members", "whole"])
def test_a_manifest_that_says_something_else_is_refused(key: str, written: Path) -> None:
    """Of another kind, or of another value, even where Python finds both equal."""
    for other in (None, True, 4.5, "sha256:" + "0" * 64, {}, []):
        document = json.loads(written.read_bytes())
        if document["manifest"][key] == other and other is not True:
            continue
        told = {**document["manifest"], key: other}
        if key != "whole":
            rest = {name: value for name, value in told.items() if name != "whole"}
            told["whole"] = digest(text_of({**document, "manifest": rest}))
        refused(written, canonical({**document, "manifest": told}))


def test_a_version_that_python_finds_equal_is_refused(tmp_path: Path) -> None:
    """`true` is 1 to Python, and not to a bundle."""
    path = tmp_path / "charter.yaml"
    text = (ROOT / "samples" / "support" / "charter.yaml").read_text("utf-8")
    path.write_text(re.sub(r"^version: \d+$", "version: 1", text, flags=re.MULTILINE), "utf-8")
    document = json.loads(compiled(path).text)
    assert 1 == document["manifest"]["version"]
    told = {**document["manifest"], "version": True}
    told.pop("whole")
    told["whole"] = digest(text_of({**document, "manifest": told}))
    assert "`version`" in refused(tmp_path / "a.bundle", canonical({**document, "manifest": told})).message


def test_other_layouts_of_the_same_document_are_refused(written: Path) -> None:
    """Pretty-printed, escaped, in another order of keys, with white space around, with CR LF, with a BOM."""
    raw = written.read_bytes()
    document = json.loads(raw)
    layouts = [
        json.dumps(document, indent=2).encode(),
        json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode().replace(b"e", b"\\u0065", 1),
        json.dumps(dict(reversed(document.items())), separators=(",", ":"), ensure_ascii=False).encode() + b"\n",
        raw[:-1],
        raw + b"\n",
        b" " + raw,
        raw[:-1] + b"\r\n",
        b"\xef\xbb\xbf" + raw,
        raw[:-2] + b',"schema":"govern/bundle/v1"}\n',
    ]
    for layout in layouts:
        assert layout != raw
        refused(written, layout)


@pytest.mark.parametrize("raw", [b"{}\n", b"[]\n", b"null\n", b'{"charter":""}\n', b"\xff", b"[" * 100_000])
def test_what_is_no_bundle_is_refused(raw: bytes, written: Path) -> None:
    refused(written, raw)


def test_a_missing_bundle_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be read"):
        read(tmp_path / "gone.bundle")


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_files_are_in_step(name: str) -> None:
    """`python -m govern.compile.schema_file` writes what is in the repository."""
    assert schema_text(name) == (ROOT / "schemas" / f"{name}.v1.json").read_text("utf-8")
