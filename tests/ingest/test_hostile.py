"""Hostile logs of every format: no crash, no hang, bounded memory, nothing raw in any output, and never a clean
report on what was not read. The counts of what was good stay right."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.cli.running import SAMPLES, govern
from tests.ingest.hostile import (
    FORMATS,
    HARM,
    Case,
    cases,
    flips,
    harmed,
    harmed_everywhere,
    is_json,
    misplaced,
    reading,
    written,
)

from govern.audit import store as audit_store
from govern.events.model import Event
from govern.ingest.importing import Imported, import_logs
from govern.ingest.rows import Layout
from govern.report import import_json, import_text

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space for a reader of what is far larger."""


MOST_CUTS = 1600
"""Files up to so many bytes are cut at every byte; larger ones at so many places, and at an eighth of that where they
are but another layout of the same format."""


def all_cases() -> list[Any]:
    return [pytest.param(case, id=f"{case.name}-{case.layout.value}") for each in FORMATS for case in cases(each)]


@pytest.mark.parametrize("format_id", FORMATS)
def test_every_format_is_attacked(format_id: str) -> None:
    """Each format has a good case with a call that the tests here can start from."""
    assert cases(format_id)


@pytest.mark.parametrize("case", all_cases())
def test_cut_at_every_byte(case: Case, tmp_path: Path) -> None:
    """A log that is cut anywhere gives what its whole rows give, and a refusal for the row that was cut."""
    log = tmp_path / "log"
    step = 1 + len(case.data) // (MOST_CUTS if case is cases(case.format)[0] else MOST_CUTS // 8)
    before: dict[bytes, Counter[Any]] = {}
    for end in range(0, len(case.data), step):
        if not case.data[end:].strip():
            continue
        log.write_bytes(case.data[:end])
        got = reading(log)
        match case.layout:
            case Layout.LINES:
                kept = case.data[: case.data.rfind(b"\n", 0, end) + 1]
                if not case.data[end:].split(b"\n", 1)[0].strip():  # cut at the end of a line: nobody can know
                    continue
                if not kept and case.data.startswith(b"["):  # a list without further lines: its elements are rows
                    assert got.summary.refused
                    continue
                if kept not in before:
                    log.write_bytes(kept)
                    before[kept] = reading(log).said
                assert before[kept] == got.said, end
                assert got.summary.refused or end == len(kept), end
            case Layout.ARRAY:  # what its whole elements give, with the answers that came; never one more
                assert 1 == got.summary.whole, end
                assert got.summary.totals.rows <= len(json.loads(case.data)), end
            case Layout.DOCUMENT:
                assert (Counter(), 1) == (got.said, got.summary.whole), end


@pytest.mark.parametrize("case", all_cases())
def test_bits_flipped(case: Case, tmp_path: Path) -> None:
    """A wrong bit that breaks a row is a refusal, and the other rows give what they give without it."""
    log = tmp_path / "log"
    without: dict[int, Counter[Any]] = {}
    for place, made in flips(case.data, 120, seed=6):
        log.write_bytes(made)
        got = reading(log, format=case.format)
        lines = made.split(b"\n")
        bad = made.count(b"\n", 0, place)
        if case.layout is not Layout.LINES:
            assert is_json(made) or got.summary.refused
        elif made.count(b"\n") == case.data.count(b"\n") and lines[bad].strip() and not is_json(lines[bad]):
            if bad not in without:
                log.write_bytes(b"\n".join(line for number, line in enumerate(lines) if number != bad))
                without[bad] = reading(log, format=case.format).said
            assert without[bad] == got.said
            assert bad + 1 in [refusal.line for refusal in got.summary.refusals]
        assert got.events or got.summary.refused or got.summary.totals.asides


@pytest.mark.parametrize("format_id", FORMATS)
def test_odd_values(format_id: str, tmp_path: Path) -> None:
    """Any value where another kind is expected stops nothing, loses nothing silently, and gives events that a store
    takes."""
    log = tmp_path / "log"
    chance = random.Random(6)
    found: list[Event] = []
    for case in cases(format_id):
        every = list(misplaced(case))
        for place, odd, values in chance.sample(every, min(len(every), 150)):
            log.write_bytes(written(case, values))
            got = reading(log, format=format_id)
            found += got.events
            assert got.events or got.summary.refused or got.summary.totals.asides, (place, odd)
    once = {event.event_id: event for event in found}
    assert len(once) == audit_store.write(once.values(), tmp_path / "store").events > 0


@pytest.mark.parametrize("case", [case for case in all_cases() if case.values[0].layout is Layout.LINES])
def test_one_line_that_is_no_utf8(case: Case, tmp_path: Path) -> None:
    """A line that is no UTF-8 is refused with the byte, and the others are read as if it were not there."""
    log = tmp_path / "log"
    lines = [line for line in case.data.split(b"\n") if line.strip()]
    for bad in range(len(lines)):
        log.write_bytes(b"".join(line + b"\n" for number, line in enumerate(lines) if number != bad))
        expected = reading(log, format=case.format)
        middle = len(lines[bad]) // 2
        broken = lines[bad][:middle] + b"\xff" + lines[bad][middle:]
        log.write_bytes(b"".join((broken if number == bad else line) + b"\n" for number, line in enumerate(lines)))
        got = reading(log, format=case.format)
        assert expected.said == got.said
        (reason,) = (refusal.reason for refusal in got.summary.refusals if refusal.line == bad + 1)
        assert "not UTF-8 at byte" in reason


@pytest.mark.parametrize("case", all_cases())
def test_harmful_texts(case: Case, tmp_path: Path) -> None:
    """With any one text or key harmful, reading goes on, and text and JSON show it made harmless."""
    log = tmp_path / f"log{HARM.translate({47: None, 13: None, 10: None})[:80]}"
    for values in harmed(case):
        log.write_text("".join(json.dumps(value) + "\n" for value in values))
        got = reading(log)
        done = Imported(got.summary, str(tmp_path), len(got.events), 0)
        harmless_text(import_text.text(done))
        shown = json.dumps(import_json.document(done))
        assert shown.isascii()
        assert got.events or got.summary.refused or got.summary.totals.asides


def harmless_text(text: str) -> None:
    odd = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char != "\n"}
    assert not odd, odd


@pytest.fixture(scope="module")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One log of each format, with harm in every text of it that can hold some."""
    folder = tmp_path_factory.mktemp("harmful")
    for format_id in filter(cases, FORMATS):
        (folder / format_id).write_bytes(harmed_everywhere(cases(format_id)[0], folder / "try"))
    (folder / "try").unlink()
    return folder


def test_harm_reaches_the_events(harmful: Path) -> None:
    """Tools, arguments and texts of most formats carry the harm, so that the outputs below are judged on it."""
    events = reading(harmful).events
    reached = {event.source_format for event in events if HARM in (event.tool or "")}
    assert len(reached) >= len(FORMATS) // 2
    assert {event.source_format for event in events} == set(filter(cases, FORMATS))


def test_a_store_of_harm_reads_as_its_logs(harmful: Path, tmp_path: Path) -> None:
    """Everything that an adapter makes of harmful texts can be stored, once, and read again as it was."""
    logs = reading(harmful)
    done = import_logs([str(harmful)], str(tmp_path / "store"))
    assert (len(logs.events), 0) == (done.written, done.summary.refused)
    again = import_logs([str(harmful)], str(tmp_path / "store"))
    assert (0, len(logs.events)) == (again.written, again.present)
    assert Counter(logs.events) == Counter(reading(tmp_path / "store").events)


READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
from govern.ingest import Summary, read
summary = Summary()
events = sum(1 for _ in summary.events(read(sys.argv[2:])))
print(events, summary.refused, *(str(refusal) for refusal in summary.refusals[:3]), sep="\\n")
"""


def limited(*paths: Path | str, feed: Iterator[bytes] | None = None, memory: int = MEMORY) -> list[str]:
    """Events, refusals and the first reasons of reading in a process of its own, with little memory."""
    ran = subprocess.Popen(
        [sys.executable, "-c", READ, str(memory), *map(str, paths)],
        stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if ran.stdin is not None and feed is not None:
        with ran.stdin:
            for block in feed:
                ran.stdin.write(block)
        ran.stdin = None
    out, err = ran.communicate(timeout=120)
    assert 0 == ran.returncode, err.decode()[-2000:]
    return out.decode().splitlines()


GOOD = b'{"event_id": "e%d", "trace_id": "t", "type": "prompt"}\n'


def test_one_line_of_a_gigabyte(tmp_path: Path) -> None:
    """A line of a gigabyte is refused with its size and never held; the rows around it are read."""
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.write(GOOD % 1 + b'{"event_id": "')
        file.seek(1024**3, 1)
        file.write(b'"}\n' + GOOD % 2)
    events, refused, reason = limited(log)
    assert ("2", "1") == (events, refused)
    assert reason.endswith(":2: 1,073,741,841 bytes in one line, at most 67,108,864 are read")


@pytest.mark.parametrize("begin", [b'{"a": ', b'{\n"a": "', b'[\n"'])
def test_a_value_larger_than_memory(tmp_path: Path, begin: bytes) -> None:
    """A document or element that would not fit is refused and never held, however it begins."""
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.write(begin)
        file.truncate(400 * 1024**2)
    events, refused, _ = limited(log, memory=640 * 1024**2)
    assert ("0", "1") == (events, refused)


def test_an_array_larger_than_memory() -> None:
    """An array far larger than memory is read element by element, through a pipe; what breaks at its end is said."""

    def feed() -> Iterator[bytes]:
        yield b"["
        for number in range(6):
            yield GOOD % number + b"," + b" " * (128 * 1024 * 1024)
        yield GOOD % 6 + b", oops]"

    events, refused, reason = limited("-", feed=feed(), memory=640 * 1024**2)
    assert ("7", "1") == (events, refused)
    assert "element 7: expecting value" in reason


@pytest.mark.parametrize(("open_", "close"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_a_million_levels_deep(tmp_path: Path, open_: bytes, close: bytes) -> None:
    """A million levels of nesting, closed or not, alone or among rows: refused, and the other rows are read."""
    log = tmp_path / "log"
    deep = open_ * 1_000_000 + b"1" + close * 1_000_000
    log.write_bytes(GOOD % 1 + deep + b"\n" + open_ * 1_000_000 + b"\n" + GOOD % 2)
    (tmp_path / "alone").write_bytes(deep)
    (tmp_path / "array").write_bytes(b"[" + GOOD % 3 + b"," + deep + b"," + GOOD % 4 + b"]")
    events, refused, *_ = limited(log, tmp_path / "alone", tmp_path / "array")
    assert ("4", "4") == (events, refused)


def zeros(size: int) -> Iterator[bytes]:
    for _ in range(size // (1024 * 1024)):
        yield bytes(1024 * 1024)


def zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join([packer.compress(block) for block in zeros(400 * 1024**2)]) + packer.flush()


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(block) for block in zeros(300 * 1024**2)]) + packer.flush()


def tar_bomb() -> bytes:
    """A packed archive of a file that claims to be of eight exabytes."""
    header = bytearray(512)
    header[:5] = b"a.log"
    header[124:136] = b"\x80" + (2**62).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[156:157] = b"0"
    header[148:156] = b"%06o\0 " % sum(header)
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    return packer.compress(bytes(header)) + b"".join([packer.compress(block) for block in zeros(400 * 1024**2)])


@pytest.mark.parametrize("bomb", [zstd_bomb, gzip_bomb, tar_bomb, lambda: b"PK\x03\x04" + bytes(100)])
def test_bombs(tmp_path: Path, bomb: Callable[[], bytes]) -> None:
    """What unpacks to far more than it is costs bounded memory and is refused."""
    log = tmp_path / "log"
    log.write_bytes(bomb())
    assert log.stat().st_size < 1024 * 1024
    events, refused, *_ = limited(log)
    assert "0" == events
    assert int(refused) >= 1


CHARTER = SAMPLES / "code-review" / "charter.yaml"


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes, and what is inside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.code: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self._inside = tag
        assert not [value for _, value in attrs if (value or "").strip().lower().startswith("javascript")]

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.code.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


@pytest.mark.parametrize("more", [(), ("--show-values",)], ids=["values hidden", "values shown"])
@pytest.mark.parametrize("form", ["text", "json", "html", "md"])
def test_reports_are_harmless(harmful: Path, form: str, more: tuple[str, ...]) -> None:
    """No output of the shadow report carries what a log says as anything else than text."""
    ran = govern("shadow-report", harmful, "--charter", CHARTER, "--agent", "code-review", "--format", form, *more)
    assert 3 == ran.exit_code  # some agents have no charter
    assert "onerror" in ran.out  # it is shown, as text
    match form:
        case "json":
            assert ran.out.isascii()
            assert json.loads(ran.out)["totals"]["events"]
        case "html":
            harmless_text(ran.out)
            page = Page()
            page.feed(ran.out)
            assert not page.elements.keys() & {"img", "iframe", "object", "embed", "base", "form"}
            assert not [name for name in page.attributes if name.startswith("on")]
            assert page.elements["script"] <= 1
            assert not [code for code in page.code if "alert" in code or "onerror" in code]
        case "md":
            harmless_text(ran.out)
            bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", ran.out)  # what stands in code is shown as it is
            assert not re.search(r"(?<!\\)<(img|script)", bare)
            assert not re.search(r"(?<!\\)\]\(javascript", bare)
        case _:
            harmless_text(ran.out)


@pytest.fixture(scope="module")
def store(harmful: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    import_logs([str(harmful)], str(folder))
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "suggest LOGS --charter CHARTER --agent code-review",
        "suggest LOGS --charter CHARTER --agent code-review --patch",
        "import LOGS -o NEW",
        "import LOGS -o NEW --format json",
        "traces --audit STORE",
        "gaps --audit STORE",
        "gaps --audit STORE --format json",
    ],
)
def test_other_outputs_are_harmless(words: str, harmful: Path, store: Path, tmp_path: Path) -> None:
    """Neither standard output nor standard error of any command on logs carries a control character of a log."""
    meant = {"LOGS": harmful, "CHARTER": CHARTER, "STORE": store, "NEW": tmp_path / "new"}
    ran = govern(*(meant.get(word, word) for word in words.split()))
    assert ran.exit_code in (0, 1, 3), ran.err
    assert ran.out
    harmless_text(ran.out)
    harmless_text(ran.err)


def test_chains_are_harmless(store: Path) -> None:
    """A run of each format with harm in it is rebuilt, verbatim too, without one control character of it."""
    traces = {event.source_format: event.trace_id for event in reading(store).events if HARM in (event.tool or "")}
    assert len(traces) >= len(FORMATS) // 2
    for trace in traces.values():
        for more in ((), ("--verbatim",), ("--format", "json")):
            ran = govern("reconstruct", "--trace-id", trace, "--audit", store, *more)
            assert ran.exit_code in (0, 1), ran.err
            harmless_text(ran.out)
