"""The page and the Markdown of the shadow report: whole, harmless, and the same whatever reads them."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date, timedelta
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from markdown_it import MarkdownIt

from govern.ingest import Summary
from govern.ingest.counts import FileReport
from govern.ingest.source import Refusal
from govern.policy.model import Effect, Tier
from govern.replay.calendar import Calendar, Needed, Signed, coverage
from govern.replay.details import Around, Place, Shapes
from govern.replay.shadow_model import Appeared, Counts, Forecast, New, ShadowReport, ToolRow, Unmapped, What
from govern.report import charts, shadow_html, shadow_markdown
from govern.report.shadow_html_cards import OPEN
from govern.report.shadow_style import SCRIPT

HOSTILE = "x`|</td></script><script>alert(1)</script><img src=x onerror=alert(2)>@security #1 \u202egpj\x1b[31m\"'>"
VOID = {"meta", "br", "input", "img", "link"}
MONDAY = date(2026, 11, 16)
HOUR = (MONDAY - date(1970, 1, 1)).days * 24


def filled(kind: Any, words: str) -> Any:
    """A value of a type in which every text is `words` and every tuple holds one of each."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        made = {each.name: filled(hints[each.name], words) for each in fields(kind) if each.init}
        return kind(**made)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        return filled(next(each for each in inner if each is not type(None)), words)
    if origin is tuple:
        return (filled(inner[0], words),) if inner[-1] is Ellipsis else tuple(filled(each, words) for each in inner)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    return {str: words, int: 7, float: 7.5, bool: True, date: MONDAY}[kind]


def hostile() -> tuple[ShadowReport, Summary]:
    """A report in which everything that is text is hostile, and every list has something in it."""
    shadow: ShadowReport = filled(ShadowReport, HOSTILE)
    assert MISSING not in (getattr(shadow, each.name) for each in fields(shadow))
    new = tuple(replace(shadow.appeared.rows[0], what=what) for what in What)
    rules = tuple(replace(shadow.by_rule[0], effect=effect) for effect in Effect)
    return (
        replace(
            shadow, days=(("2026-11-16", Counts(5, 4, 3, 2)),), appeared=New(new, MONDAY), by_rule=rules,
            unmapped=(shadow.unmapped[0], replace(shadow.unmapped[0], why="`never` names it: " + HOSTILE)),
        ),
        summary(HOSTILE),
    )  # fmt: skip


def summary(words: str = "otlp") -> Summary:
    made = Summary()
    made.files = [
        FileReport(
            path=words, format=words, rows=9, refused=1, duplicates=0, asides=Counter({words: 2}),
            notes=Counter({words: 3}), runs=2, events=9, calls=4, results=3, errors=1, unanswered=1, lacks=words,
        )
    ]  # fmt: skip
    made.refuse(Refusal(words, 3, words, 1))
    return made


def unmapped(number: int) -> Unmapped:
    tier = (Tier.IRREVERSIBLE, Tier.REVERSIBLE, Tier.READ_ONLY)[number % 3]
    places = (
        Place("id", (("integer", 3),), 3, low=1, high=9_000),
        Place("to", (("string", 2), ("null", 1)), 3, shortest=4, longest=9, distinct=2, form="email"),
        Place("token", (("string", 3),), 3, hidden="the charter calls a place of this name secret"),
    )
    return Unmapped(
        f"tool_{number}", "desk", 4, 3, 10**18, 2 * 10**18, ("t1", "t2"), tier, f"verb `v{number}`", 1,
        Shapes(3, 4, places), Around((("get", 2), (None, 1)), ((None, 3),)), "", number == 0,
    )  # fmt: skip


def report(count: int, days: int = 5) -> ShadowReport:
    """A report of a plain week with so many unmapped actions."""
    week = [MONDAY + timedelta(days=number) for number in range(days)]
    calls = dict.fromkeys(week, 100)
    signed = [Signed(week[0], 1, "mara", "head", "p", "log", 100), Signed(week[1], 1, "mara", "head", "p", "old", 90)]
    empty = ShadowReport(
        Counts(90 * days, 6 * days, 3 * days, days), tuple(map(unmapped, range(count))), (), (), (), (), (),
        tuple((day.isoformat(), Counts(90, 6, 3, 1)) for day in week), 0, (("desk", 4, "sha256:00"),),
    )  # fmt: skip
    return replace(
        empty,
        calendar=(
            coverage("desk", calls, Calendar(), Needed(3, "head"), signed=signed, logs=dict.fromkeys(week, "log")),
        ),
        forecast=(Forecast("lead", "ask", "desk", 1, ((HOUR + 9, 4), (HOUR + 33, 12)), days),),
        approvals=(filled(ShadowReport, "lead").approvals[0],),
        appeared=New((Appeared(What.TOOL, "desk", "tool_0", "", 4, 4, 0, None, ("t1",), False),), MONDAY),
    )


class Page(HTMLParser):
    """What a reader of HTML sees: elements, attributes, ids, text; and whether every element is closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[tuple[str, str, str]] = set()
        self.ids: Counter[str] = Counter()
        self.words = self.script = ""
        self.rows: list[list[int]] = []
        self.hidden = 0
        self.open: list[str] = []
        self.feed(text)
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.hidden += any(name == "hidden" for name, _ in attrs)
        self.attributes |= {(tag, name, value or "") for name, value in attrs}
        self.ids.update(value or "" for name, value in attrs if name == "id")
        if tag == "table":
            self.rows.append([])
        elif tag == "tr":
            self.rows[-1].append(0)
        elif tag in ("td", "th"):
            self.rows[-1][-1] += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {(tag, name, value or "") for name, value in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.script += data
        elif not (self.open and self.open[-1] == "style"):
            self.words += data


def page(shadow: ShadowReport, read: Summary | None = None, **more: Any) -> str:
    return shadow_html.page(shadow, read or summary(), charter="charters/desk.yaml", **more)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_every_text_reaches_the_reader_harmless(form: str) -> None:
    """Of a report in which every text is hostile: no control or turning character, and no markup but our own."""
    shadow, read = hostile()
    make = shadow_html.page if form == "html" else shadow_markdown.markdown
    out = make(shadow, read, charter=HOSTILE, doubts=[HOSTILE])
    assert not {"\x1b", "\u202e"} & set(out)
    assert "alert(1)" in out
    seen = Page(out if form == "html" else MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(out))
    assert 0 == seen.tags["img"] + seen.tags["iframe"] + seen.tags["object"] + seen.tags["form"] + seen.tags["link"]
    assert (form == "html") == (1 == seen.tags["script"])
    assert not [each for each in seen.attributes if each[1].startswith("on") or each[1] in ("src", "srcdoc", "action")]
    for rows in seen.rows:
        assert 1 == len(set(rows)), rows


def test_links_stay_in_the_page() -> None:
    """Every link goes to an id of the page, every id is there once, and what names another element finds it."""
    for shadow in (report(0), report(30), hostile()[0]):
        seen = Page(page(shadow))
        links = {value for _, name, value in seen.attributes if name == "href"}
        assert links
        assert all(link.startswith("#") and link[1:] in seen.ids for link in links)
        assert {1} == set(seen.ids.values())
        named = {one for _, name, value in seen.attributes if name == "aria-labelledby" for one in value.split()}
        assert named <= set(seen.ids)


def test_only_the_one_script_may_run_and_nothing_is_loaded() -> None:
    """The policy names the digest of the script that is there, and no address at all."""
    out = page(report(3))
    seen = Page(out)
    policy = next(
        value for tag, name, value in seen.attributes if tag == "meta" and name == "content" and "src" in value
    )
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" == policy
    assert SCRIPT == seen.script
    assert not re.search(r"https?:|url\(|@import", out)


@pytest.mark.parametrize("count", [0, 1, 5, 500])
def test_every_unmapped_action_has_a_card(count: int) -> None:
    """The first stand open, all others are folded; none is left out."""
    seen = Page(page(report(count)))
    cards = [value for _, name, value in seen.attributes if name == "class" and value.startswith("card ")]
    assert bool(count) == bool(cards)
    assert min(count, OPEN) == seen.tags["article"]
    assert all(f"tool_{number} " in seen.words + " " or f"tool_{number}" in seen.words for number in range(count))
    assert count == sum(bool(re.fullmatch(r"u\d+", each)) for each in seen.ids)
    if not count:
        assert "Every action in the log is mapped." in seen.words


def test_a_card_says_what_to_do_and_what_is_known() -> None:
    """Arguments with kinds and ranges, what is hidden and why, neighbours, traces."""
    words = " ".join(Page(page(report(1))).words.split())
    for said in (
        "Name the gate that must approve it, or put it under never.", "Because: verb v0.", "new this week",
        "1 to 9,000", "string 2, null 1", "email, 4 to 9 characters", "2 values", "many values",
        "not shown: the charter calls a place of this name secret", "get 2×", "the run began 1×", "the run ended 3×",
        "t1t2", "in 3 of 4 calls, chosen by chance", "1 error result",
        "govern suggest LOGS… --charter charters/desk.yaml",
    ):  # fmt: skip
        assert said in words, said


def test_charts_say_in_words_what_they_show() -> None:
    """Each is an image with a name and a description, and its numbers stand in a table too."""
    seen = Page(page(report(0)))
    assert 2 == seen.tags["svg"]
    assert "The busiest hour was Tue 17 Nov, 09 to 10, with 12 requests." in seen.words
    assert "5 days with calls. The busiest was Mon 16 Nov: 100 calls, 90 allow, 6 approval, 3 deny" in seen.words
    assert "signed off by mara" in seen.words
    assert "void: 10 calls of that day came after it was signed" in seen.words


def test_a_long_log_is_put_together_and_loses_no_call() -> None:
    """Of a year the columns are several days each; all of its calls stand in them."""
    out = page(report(0, days=365))
    titles = re.findall(r"<g><title>([^<]*?): ([^<]*)</title>", out)
    assert 50 < len(titles) <= 62
    allowed = [found[1] for _, said in titles if (found := re.search(r"([\d,]+) allow", said)) is not None]
    assert 365 * 90 == sum(int(number.replace(",", "")) for number in allowed)


def test_a_report_without_times_or_calls_says_so() -> None:
    """Nothing is drawn of nothing, and an empty report does not look like a good one."""
    timeless = replace(report(1), days=(), calendar=(), forecast=(), appeared=New((), None, "the log has no times"))
    assert "The log has no times" in page(timeless)
    empty = ShadowReport(Counts(), (), (), (), (), (), (), (), 0, (("desk", 4, "sha256:00"),))
    words = Page(page(empty, Summary())).words
    assert "No call was found, so nothing was judged." in words
    assert "mapped" not in words
    assert "No call was found" in shadow_markdown.markdown(empty, Summary(), charter="c")


def test_doubts_stand_before_everything_else() -> None:
    """What makes a reader believe less comes before what is believed."""
    out = page(report(1), doubts=["Stopped early: 3 of 9 parts were judged."])
    assert out.index("Stopped early") < out.index("Decide first:")
    said = shadow_markdown.markdown(report(1), summary(), charter="c", doubts=["Stopped early."])
    assert said.index("Stopped early") < said.index("decide first")


def test_a_comment_holds_five_hundred_actions() -> None:
    """Within what a comment may have, with what was left out counted."""
    said = shadow_markdown.markdown(report(500), summary(), charter="c")
    assert len(said) < 65_536
    assert "and 450 more" in said
    tables = Page(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(said))
    assert "tool_0" in tables.words


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1240, "1.2k"), (12_345, "12k"), (999_950, "1M"), (3_400_000, "3.4M")],
)
def test_counts_are_short_in_charts(number: int, said: str) -> None:
    """At most four characters, so that they fit a field."""
    assert said == charts.short(number)


@pytest.mark.parametrize(("number", "top"), [(0, 1), (1, 1), (3, 4), (7, 8), (11, 20), (99, 100), (4_100, 5_000)])
def test_axes_end_at_a_round_number(number: int, top: int) -> None:
    """Never below the highest column."""
    assert top == charts.round_up(number)


# --- in a browser -------------------------------------------------------------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CLICKS = """
const heads = document.querySelectorAll("#tools th button");
for (const at of [0, 1]) heads[at].click();
const find = document.querySelector("#find");
find.value = "TOOL_7 v7";
find.dispatchEvent(new Event("input"));
"""


def rendered(folder: Path, out: str) -> str:
    """The page as a browser has it once its script ran."""
    if CHROMIUM is None:
        pytest.skip("no browser here")
    (folder / "page.html").write_text(out, "utf-8")
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
            "--dump-dom", f"file://{folder / 'page.html'}",
        ],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout.decode()


def tools(names: dict[str, int]) -> ShadowReport:
    return replace(
        report(20),
        by_tool=tuple(ToolRow(name, "desk", True, None, Counts(allow=calls), 1, 0) for name, calls in names.items()),
    )


def test_the_script_runs_under_the_policy_and_nothing_hostile_does(tmp_path: Path) -> None:
    """A browser lets the script with the named digest run, and no other: tables can be sorted."""
    shadow, read = hostile()
    out = rendered(tmp_path, page(shadow, read))
    seen = Page(out)
    assert seen.tags["button"]
    assert "alert(1)" in seen.words
    assert 1 == seen.tags["script"]
    assert 0 == seen.tags["img"]


def test_tables_sort_by_their_numbers_and_cards_are_found(tmp_path: Path) -> None:
    """The most first, then by what was clicked last; what is searched for is all that is left of the cards."""
    whole = page(tools({"b": 1_200, "a": 90, "c": 100_000}))
    loose = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", whole)
    out = rendered(tmp_path, loose.replace("</body>", f"<script>{CLICKS}</script></body>"))
    section = out[out.index('<section id="tools"') :]
    assert ["c", "b", "a"] == re.findall(r"<tr><td><code>([abc])</code>", section)
    assert 1 == section.count('aria-sort="descending"')
    assert 19 == Page(out).hidden
    assert "1 of 20" in Page(out).words
