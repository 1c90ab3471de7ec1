"""`govern diff`: what it says of a change, in every form, and its exit codes. Leaves out which change is which way."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from .diffing import BOTH, LOOKED, NARROWER, OLD, OTHERS, PAID, WIDER, call, charter, log
from .running import ROOT, SAMPLES, SUPPORT, Ran, govern
from .test_contracts import problems, undescribed

MORE = OLD + "  also: {tier: read_only}\n"
LESS = OLD.replace("  post: {tier: reversible}\n", "")


def diffed(folder: Path, new: str, *options: str | Path, old: str = OLD) -> Ran:
    return govern("diff", charter(folder, old, "old.yaml"), charter(folder, new, "new.yaml"), *options)


def replayed(folder: Path, new: str, *events: Any, options: tuple[str, ...] = ()) -> Any:
    return diffed(folder, new, "--logs", log(folder, *events), "--format", "json", *options).json


# -- exit codes --


@pytest.mark.parametrize(
    ("new", "fail_on", "code"),
    [
        (WIDER, None, 0), (WIDER, "widened", 1), (WIDER, "narrowed", 0), (WIDER, "any", 1), (WIDER, "never", 0),
        (NARROWER, "widened", 0), (NARROWER, "narrowed", 1), (NARROWER, "any", 1),
        (BOTH, "widened", 1), (BOTH, "narrowed", 1),
        (OLD, "any", 0), (OLD.replace("Answers", "Reads"), "any", 0),
        (MORE, "widened", 1), (MORE, "narrowed", 0), (LESS, "widened", 0), (LESS, "narrowed", 1),
    ],
)  # fmt: skip
def test_what_is_asked_for_makes_the_exit_code(tmp_path: Path, new: str, fail_on: str | None, code: int) -> None:
    """1 only where something of --fail-on is there; without it a difference is no failure."""
    ran = diffed(tmp_path, new, *(("--fail-on", fail_on) if fail_on else ()))
    assert (code, "") == (ran.exit_code, ran.err)


def test_past_calls_are_no_reason_of_their_own(tmp_path: Path) -> None:
    """What a log shows is in the charters too: a change that only narrows stays one."""
    logs = log(tmp_path, *PAID)
    assert 0 == diffed(tmp_path, NARROWER, "--logs", logs, "--fail-on", "widened").exit_code
    assert 1 == diffed(tmp_path, WIDER, "--logs", logs, "--fail-on", "widened").exit_code


def test_an_empty_log_is_not_green(tmp_path: Path) -> None:
    ran = diffed(tmp_path, OLD, "--logs", log(tmp_path))
    assert 3 == ran.exit_code
    assert "nothing was compared over them" in ran.out


def test_a_log_that_is_not_there_is_not_green(tmp_path: Path) -> None:
    ran = diffed(tmp_path, OLD, "--logs", str(tmp_path / "gone"))
    assert 3 == ran.exit_code
    assert "1 refusal: what could not be read" in ran.out


def test_calls_without_arguments_are_undecidable_and_counted(tmp_path: Path) -> None:
    """The verdict hangs on what the log lacks: exit 3 even where something widened; an amount can be admitted."""
    logs = log(tmp_path, call(0, "pay"), *LOOKED)
    ran = diffed(tmp_path, WIDER, "--logs", logs, "--fail-on", "widened", "--format", "json")
    assert (3, 3, 1) == (ran.exit_code, ran.json["judged"], ran.json["not_judged"])
    assert 1 == ran.json["replay"]["matrix"]["undecidable"]["undecidable"]
    assert 0 == diffed(tmp_path, WIDER, "--logs", logs, "--allow-undecidable", "1").exit_code
    assert 1 == diffed(
        tmp_path, WIDER, "--logs", logs, "--allow-undecidable", "25%", "--fail-on", "widened"
    ).exit_code  # fmt: skip
    assert 3 == diffed(tmp_path, WIDER, "--logs", logs, "--allow-undecidable", "24%").exit_code


def test_undecidable_for_both_alike_is_told_apart(tmp_path: Path) -> None:
    document = replayed(tmp_path, OLD, call(0, "pay"), call(1, "pay", {"amount": 5}))
    assert (1, 1) == (document["replay"]["undecidable"], document["replay"]["undecidable_same"])
    document = replayed(tmp_path, OTHERS, call(0, "pay"))
    assert (1, 0) == (document["replay"]["undecidable"], document["replay"]["undecidable_same"])


def test_a_refused_row_is_counted_and_admitted(tmp_path: Path) -> None:
    logs = log(tmp_path, *PAID, "no JSON")
    assert 3 == diffed(tmp_path, OLD, "--logs", logs).exit_code
    assert 0 == diffed(tmp_path, OLD, "--logs", logs, "--allow-bad", "1").exit_code
    assert "1 refusal: what could not be read" in diffed(tmp_path, OLD, "--logs", logs, "--allow-bad", "1").out


def test_calls_of_another_agent_are_not_judged(tmp_path: Path) -> None:
    """The log of another agent compares nothing."""
    ran = diffed(tmp_path, WIDER, "--logs", log(tmp_path, call(0, "pay", {"amount": 5}, agent="other")))
    assert 3 == ran.exit_code
    assert "1 call of agents for which there is no charter after the change" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--session-facts", "f.json"], "without --logs"),
        (["--allow-bad", "1"], "without --logs"),
        (["--memory-limit", "1GB"], "without --logs"),
        (["--logs", "x", "--allow-bad", "-1"], "--allow-bad"),
        (["--logs", "x", "--memory-limit", "1"], "--memory-limit"),
        (["--fail-on", "wide"], "--fail-on"),
    ],
)
def test_a_wrong_command_line_is_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    ran = diffed(tmp_path, OLD, *arguments)
    assert 2 == ran.exit_code
    assert said in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"), ("govern: 1\nagent: [", "error"), ("base: x\n", "error"),
        (OLD.replace("tier: read_only", "teir: read_only"), "teir"),
        (OLD.replace("ask: lead", "ask: nobody"), "nobody"),
    ],
)  # fmt: skip
def test_what_is_no_charter_is_not_judged(tmp_path: Path, text: str, said: str) -> None:
    """On either side; the message says which file and where."""
    good, bad = charter(tmp_path, OLD, "good.yaml"), charter(tmp_path, text, "bad.yaml")
    for sides in ((good, bad), (bad, good)):
        ran = govern("diff", *sides)
        assert (3, "") == (ran.exit_code, ran.out)
        assert "bad.yaml" in ran.err
        assert said in ran.err


def test_a_report_that_cannot_be_written_is_4(tmp_path: Path) -> None:
    ran = diffed(tmp_path, WIDER, "-o", tmp_path / "no" / "report.md", "--format", "markdown")
    assert 4 == ran.exit_code
    assert "cannot be written: no such file or directory" in ran.err


def test_a_report_goes_into_a_file(tmp_path: Path) -> None:
    """The same as on standard output, which stays empty."""
    for format in ("markdown", "html", "json"):
        ran = diffed(tmp_path, WIDER, "-o", tmp_path / "report", "--format", format)
        assert (0, "") == (ran.exit_code, ran.out)
        assert diffed(tmp_path, WIDER, "--format", format).out == (tmp_path / "report").read_text("utf-8")


# -- what is said --


def test_the_answer_comes_first(tmp_path: Path) -> None:
    """What changed, then what that does to past calls; then the tool with a call that shows it."""
    lines = diffed(tmp_path, WIDER, "--logs", log(tmp_path, *PAID, *LOOKED)).out.splitlines()
    assert "desk v1 → v2: 1 tool widened, 2 unchanged" == lines[0]
    assert "of 10 past calls: 2 need less" == lines[1]
    assert lines[3].startswith("pay  widened ")
    assert '"amount":' in lines[4]
    matrix = next(place for place, line in enumerate(lines) if line.startswith("Over 10 past calls"))
    assert ["was", "allow", "5", "5", "·", "·"] == lines[matrix + 1].split()
    assert ["was", "approval", "4", "2", "2", "·"] == lines[matrix + 2].split()
    assert ["was", "deny", "1", "·", "·", "1"] == lines[matrix + 3].split()
    moved = lines.index(next(line for line in lines if line.startswith("What moved")))
    assert ["approval", "→", "allow", "2", "2026-11-16", "12:02:00Z", "pay"] == lines[moved + 1].split()
    assert "trace t1  event e2" == lines[moved + 2].strip()
    assert any(line.split() == ["lead", "lead", "4.0", "→", "2.0", "4", "→", "2"] for line in lines)


def test_nothing_changed_is_said(tmp_path: Path) -> None:
    ran = diffed(tmp_path, OLD, "--logs", log(tmp_path, *PAID))
    assert "desk v1 → v1: nothing is required otherwise than before" == ran.out.splitlines()[0]
    assert "of 7 past calls: every verdict stays" == ran.out.splitlines()[1]


def test_approval_by_others_is_no_diagonal(tmp_path: Path) -> None:
    """Calls that ask for approval before and after, but of others, are a row of their own."""
    document = replayed(tmp_path, OTHERS, *PAID)
    replay = document["replay"]
    assert (4, 0, 4) == (replay["matrix"]["approval"]["approval"], replay["looser"], replay["other"])
    (row,) = replay["gates"]
    assert (["lead"], ["finance"], 4, "e2") == (row["old"], row["new"], row["calls"], row["first"]["event_id"])
    costs = {row["gate"]: (row["old"]["calls"], row["new"]["calls"]) for row in document["approvals_per_day"]}
    assert {"lead": (4, 0), "finance": (0, 4)} == costs
    assert "approval by lead → by finance" in diffed(tmp_path, OTHERS, "--logs", log(tmp_path, *PAID)).out


def test_the_same_gate_on_other_terms_is_no_diagonal(tmp_path: Path) -> None:
    quorum = OLD.replace("lead: {roles: [lead], if", "lead: {roles: [lead], quorum: 2, if")
    document = replayed(tmp_path, quorum, *PAID)
    (row,) = document["replay"]["gates"]
    assert (["lead"], ["lead"], "other", 4) == (row["old"], row["new"], row["way"], row["calls"])
    (cost,) = document["approvals_per_day"]
    assert (1, 2) == (cost["old"]["quorum"], cost["new"]["quorum"])
    assert (False, 0) == (document["widened"], document["unexplained"])
    assert "2 of lead" in diffed(tmp_path, quorum, "--logs", log(tmp_path, *PAID)).out


def test_approvals_are_counted_by_day(tmp_path: Path) -> None:
    days = [call(at, "pay", {"amount": 60}, ts=f"2026-11-{16 + at // 2}T00:00:00Z") for at in range(5)]
    days.append(call(9, "look", {}, ts="2026-11-20T00:00:00Z"))
    (cost,) = replayed(tmp_path, WIDER, *days)["approvals_per_day"]
    assert (5 / 4, 0.0) == (cost["old"]["per_day"], cost["new"]["per_day"])
    expected = [("2026-11-16", 2, 0), ("2026-11-17", 2, 0), ("2026-11-18", 1, 0)]
    assert expected == [(each["day"], each["old"], each["new"]) for each in cost["days"]]


def test_a_log_without_times_has_no_days(tmp_path: Path) -> None:
    timeless = [{key: value for key, value in event.items() if key != "ts"} for event in PAID]
    document = replayed(tmp_path, WIDER, *timeless)
    assert [] == document["replay"]["days"]
    assert document["approvals_per_day"][0]["old"]["per_day"] is None
    assert ["e2"] == [first["event_id"] for first in document["replay"]["first_events"]]
    assert [None] == [first["time"] for first in document["replay"]["first_events"]]


def test_malformed_arguments_are_denied_by_both(tmp_path: Path) -> None:
    twice = json.dumps(call(0, "pay", {"amount": 5})).replace('{"amount": 5}', '{"amount": 5, "amount": 6}')
    document = replayed(tmp_path, WIDER, twice)
    assert (1, 1) == (document["replay"]["matrix"]["deny"]["deny"], document["replay"]["malformed_arguments"])


def test_session_facts_decide_where_either_asks(tmp_path: Path) -> None:
    """A fact that only the new charter declares is taken, and decides its side alone."""
    new = OLD.replace("version: 1", "version: 2").replace(
        "tools:\n", "facts:\n  customer: {from: session, fields: {vip: boolean}}\ntools:\n"
    ).replace("args.amount <= 50", "args.amount <= 50 || customer.vip")  # fmt: skip
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"t1": {"customer": {"vip": True}}}))
    logs = log(tmp_path, *PAID[2:4])
    assert 2 == diffed(tmp_path, new, "--logs", logs, "--format", "json").json["not_judged"]
    ran = diffed(tmp_path, new, "--logs", logs, "--session-facts", str(facts), "--format", "json")
    assert (0, 2) == (ran.exit_code, ran.json["replay"]["matrix"]["approval"]["allow"])
    broken = diffed(tmp_path, new, "--logs", logs, "--session-facts", str(tmp_path / "none.json"))
    assert (3, True) == (broken.exit_code, "cannot be read" in broken.err)


def test_both_engines_give_the_same_document(tmp_path: Path) -> None:
    """Over what `import` wrote, the SQL engine and one call at a time."""
    store = tmp_path / "store"
    assert 0 == govern("import", SUPPORT / "log.jsonl", "-o", store).exit_code
    text = (SUPPORT / "charter.yaml").read_text("utf-8").replace("args.amount > 150", "args.amount > 60")
    sides = (SUPPORT / "charter.yaml", charter(tmp_path, text))
    said = [
        govern("diff", *sides, "--logs", store, "--engine", engine, "--format", "json").json
        for engine in ("sql", "calls")
    ]
    for document in said:
        assert 0 < document["replay"]["stricter"] + document["replay"]["other"]
        del document["replay"]["files"]
    assert said[0] == said[1]


# -- forms --


def documents(folder: Path) -> list[Any]:
    """Of every kind: with and without logs, of files and folders, with everything that can be null."""
    made = [diffed(folder, new, "--format", "json").json for new in (OLD, WIDER, NARROWER, BOTH, OTHERS)]
    mixed = [*PAID, call(30, "pay"), call(31, "gone", {}), call(32, "pay", {"amount": 1}, agent="other"), "broken"]
    made += [replayed(folder, new, *mixed) for new in (WIDER, BOTH, OTHERS, MORE)]
    charter(folder, OLD, "a/desk.yaml")
    charter(folder, OLD.replace("agent: desk", "agent: gone"), "a/gone.yaml")
    charter(folder, WIDER, "b/desk.yaml")
    charter(folder, OLD.replace("agent: desk", "agent: other"), "b/other.yaml")
    sides = (folder / "a", folder / "b")
    made.append(govern("diff", *sides, "--logs", log(folder, *mixed), "--format", "json").json)
    return made


def test_the_documents_satisfy_the_schema(tmp_path: Path) -> None:
    """And it describes all that is in them."""
    for document in documents(tmp_path):
        assert [] == problems("diff", document)
        assert [] == undescribed("diff", document)


def test_a_wrong_document_fails_the_schema(tmp_path: Path) -> None:
    document = replayed(tmp_path, WIDER, *PAID)
    for break_it in (
        lambda made: made.pop("tools"),
        lambda made: made["tools"][0].update(change="wider"),
        lambda made: made["replay"]["matrix"]["allow"].pop("deny"),
        lambda made: made["replay"]["first_events"][0].update(calls=0),
        lambda made: made["approvals_per_day"][0]["old"].pop("per_day"),
        lambda made: made.update(widened="yes"),
    ):
        broken = json.loads(json.dumps(document))
        break_it(broken)
        assert problems("diff", broken)


HOSTILE = "x`|</td><script>alert(1)</script>@security #1 [a](http://evil.example) **b** \u202e\x1b[31m"


def hostile(folder: Path, format: str) -> str:
    """A report in which everything that others write is hostile: reasons, names of tools and agents, traces, events."""
    text = (
        OLD.replace("version: 1", "version: 2")
        .replace("Nobody owes that.", "Nobody @security <img src=x> `owes` | that.")
        .replace("args.amount > 1000", "args.amount > 10 && args.to != '@security <img src=x> `x` | [a](http://e.x)'")
    )
    events = [
        *PAID,
        call(40, HOSTILE, {}, trace_id=HOSTILE),
        call(41, "pay", {"amount": 60}, event_id=f"{HOSTILE}1", trace_id=HOSTILE, ts="2020-01-01T00:00:00Z"),
        call(42, HOSTILE, {}, agent=HOSTILE),
    ]
    return diffed(folder, text, "--logs", log(folder, *events), "--format", format).out


def test_nothing_hostile_reaches_a_terminal(tmp_path: Path) -> None:
    out = hostile(tmp_path, "text")
    assert "alert(1)" in out
    assert not {"\x1b", "\u202e"} & set(out)


def test_nothing_hostile_is_markup_in_a_comment(tmp_path: Path) -> None:
    """Read as GitHub reads it: no link, image, script or mention; as many cells in every row as the table has."""
    out = hostile(tmp_path, "markdown")
    assert "alert" in out
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(out)
    page = Page(html)
    assert page.tags <= {
        "h3", "p", "strong", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary",
        "pre", "ul", "li",
    }, page.tags  # fmt: skip
    assert "@security" in page.code
    assert "@security" not in page.words
    assert "http://evil" not in page.words
    for rows in page.rows:
        assert 1 == len(set(rows)), rows


def test_nothing_hostile_is_markup_in_a_page(tmp_path: Path) -> None:
    """All of it is text; the page loads nothing and runs nothing."""
    out = hostile(tmp_path, "html")
    page = Page(out)
    assert not page.tags & {"script", "img", "a", "link", "iframe", "object", "form"}
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert "<script>alert(1)</script>@security" in page.code
    assert "default-src 'none'" in out
    assert not {"\x1b", "\u202e"} & set(out)
    assert "prefers-color-scheme: dark" in out


class Page(HTMLParser):
    """What a reader of HTML sees: tags, text inside and outside of code, cells of every row of every table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.code = self.words = ""
        self.rows: list[list[int]] = []
        self._depth = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._depth += tag in ("code", "pre")
        if tag == "table":
            self.rows.append([])
        elif tag == "tr":
            self.rows[-1].append(0)
        elif tag in ("td", "th"):
            self.rows[-1][-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.code += data
        else:
            self.words += data


def test_a_report_too_long_for_a_comment_leaves_calls_out(tmp_path: Path) -> None:
    """And says so: a comment that is refused tells nobody."""
    tools = "".join(
        f"  t{at}: {{tier: irreversible, approval: {{ask: lead, unless: \"args.note == '{'x' * 900}'\"}}}}\n"
        for at in range(60)
    )
    out = diffed(tmp_path, OLD + tools.replace("x'", "y'"), "--format", "markdown", old=OLD + tools).out
    assert len(out) < 65_536
    assert "too long for a comment" in out


def test_nothing_moves_when_piped() -> None:
    """A long comparison shows nothing on standard error where that is no terminal."""
    done = subprocess.run(
        [
            sys.executable, "-c", "from govern.cli.app import main; main()", "diff", SUPPORT / "charter.yaml",
            SUPPORT / "charter.yaml", "--logs", SUPPORT / "log.jsonl",
        ],
        capture_output=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (0, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    "sample", sorted(folder.name for folder in SAMPLES.iterdir() if (folder / "charter.yaml").is_file())
)
def test_every_sample_beside_itself(sample: str) -> None:
    """Nothing differs, and every past call stays."""
    file, logs = SAMPLES / sample / "charter.yaml", SAMPLES / sample / "log.jsonl"
    document = govern("diff", file, file, "--logs", logs, "--format", "json").json
    assert (False, 0, 0) == (document["changed"], document["replay"]["looser"], document["replay"]["stricter"])
    assert document["replay"]["calls"] == sum(
        count for old, row in document["replay"]["matrix"].items() for new, count in row.items() if old == new
    )
