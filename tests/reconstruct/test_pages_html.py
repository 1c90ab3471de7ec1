"""The page of a chain: loads nothing, works without a script, says what it leaves out, and holds in a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from govern.events.model import Event
from govern.reconstruct.judge import reconstruct
from govern.report import chain_html, chain_html_steps

from .reading import events_of
from .test_pages import SPAN, good, hostile

VOID = {"meta", "br"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tags(HTMLParser):
    """Every tag of a page, and whether each is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop(), (tag, self.open[-3:])

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


@pytest.mark.parametrize("events", [events_of(SPAN), good(60), hostile()], ids=["gap", "sixty", "hostile"])
def test_the_page_is_well_formed_and_loads_nothing(events: list[Event]) -> None:
    """Every tag closes in order, ids are unique, links lead somewhere in the page, and no address is fetched."""
    page = chain_html.page(reconstruct(events))
    parsed = Tags(page)
    assert [] == parsed.open
    ids = [about["id"] for _, about in parsed.tags if "id" in about]
    assert len(set(ids)) == len(ids)
    links = [about["href"] or "" for tag, about in parsed.tags if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert not [tag for tag, _ in parsed.tags if tag in ("img", "link", "iframe", "object", "form", "base")]
    assert not [about for _, about in parsed.tags if any(name.startswith("on") or name == "src" for name in about)]
    policy = next(about["content"] for _, about in parsed.tags if about.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "url(" not in page


def test_a_step_opens_without_a_script() -> None:
    """Texts stand word for word in `details`; each says its lane in words; lanes have a heading each."""
    page = chain_html.page(reconstruct(events_of(SPAN)))
    parsed = Tags(page)
    assert sum(tag == "details" for tag, _ in parsed.tags) == sum(tag == "summary" for tag, _ in parsed.tags) > 8
    for lane in ("model", "policy", "human", "tool"):
        assert f'<span class="lane {lane}">{lane}</span>' in page
    assert '<pre tabindex="0" role="group" aria-label="prompt, verbatim">pay the bill</pre>' in page
    assert "<b>Missing here:</b> an approving decision" in page
    script = page.partition("<script>")[2].partition("</script>")[0]
    assert "pay the bill" not in script


def test_the_picture_is_told_in_words() -> None:
    """The chart has a name; a wait that nobody ended is drawn as open, the gap as a cross."""
    page = chain_html.page(reconstruct(events_of(SPAN)))
    assert 'role="img" aria-labelledby="chart-name"' in page
    assert re.search(r'<path class="wait open"[^>]*><title>ran undecided</title>', page)
    assert "✗<title>gate-did-not-hold</title>" in page


def test_what_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is too long, and actions that are too many, are counted where they are left out."""
    events = good(8)
    monkeypatch.setattr(chain_html_steps, "PER_TEXT", 4)
    page = chain_html.page(reconstruct(events))
    assert "11 more characters are not in this page" in page  # of `pay all of them`… its first 4 stay
    assert "cut to fit a page: --format json has everything" in page
    monkeypatch.undo()
    monkeypatch.setattr(chain_html, "MOST_BLOCKS", 6)
    monkeypatch.setattr(chain_html, "_FROM_END", 2)
    made = reconstruct(events)
    page = chain_html.page(made)
    assert 'id="a4"' in page
    assert 'id="a5"' not in page
    assert 'id="a8"' in page
    assert "Not in this page: actions 5 to 6, 10 steps, none with a gap." in page


def test_a_gap_is_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the chain, the blocks with gaps stay in the page."""
    events = [e for e in good(9) if not (e.type == "policy_check" and e.span_id == "s5")]
    monkeypatch.setattr(chain_html, "MOST_BLOCKS", 4)
    monkeypatch.setattr(chain_html, "_FROM_END", 1)
    made = reconstruct(events)
    assert {"unchecked-execution"} <= {gap.id for gap in made.gaps}
    page = chain_html.page(made)
    assert 'id="a6"' in page
    for number in range(1, len(made.gaps) + 1):
        assert f'id="g{number}"' in page


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling_in_a_browser(width: int, tmp_path: Path) -> None:
    """On a phone and on a screen the page is as wide as the window, with hostile text too; its script runs."""
    page = chain_html.page(reconstruct(hostile()))
    counted = "document.documentElement.scrollWidth, innerWidth, document.querySelectorAll('.bar button').length"
    probe = f"<script>document.title = [{counted}].join(' ')</script>"
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("</body>", probe + "</body>")
    frame = tmp_path / "page.html"
    frame.write_text(page, "utf-8")
    # A headless window is at least 500 wide: the width is that of a frame.
    outer = tmp_path / "outer.html"
    outer.write_text(
        f'<iframe id="f" src="page.html" width="{width}" height="800" style="border:0"></iframe><script>'
        'document.getElementById("f").onload = (e) => { document.body.dataset.said = '
        "e.target.contentDocument.title; };</script>"
    )
    done = subprocess.run(
        [CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000", "--dump-dom", f"file://{outer}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    found = re.search(r'data-said="(\d+) (\d+) (\d+)"', done.stdout)
    assert found is not None, done.stdout[-500:] + done.stderr[-500:]
    wide, window, buttons = map(int, found.groups())
    assert width == window
    assert wide <= window
    assert 2 == buttons
