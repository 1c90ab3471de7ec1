"""What cannot be read is counted and named, and never stops or hides what can."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import zstandard

from govern.errors import UsageError
from govern.events.model import Event
from govern.ingest import FileReport, Refusal, Summary, read, rows, source, unpack, values


def row(number: int, **columns: Any) -> str:
    return json.dumps({"event_id": f"e{number}", "trace_id": "t", "type": "prompt", **columns}) + "\n"


def load(*paths: Path | str, **options: Any) -> tuple[list[Event], Summary]:
    summary = Summary()
    return list(summary.events(read([str(path) for path in paths], **options))), summary


def reasons(summary: Summary) -> list[str]:
    return [refusal.reason for refusal in summary.refusals]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty: no rows"),
        (b" \n\r\n\t", "empty: no rows"),
        (b"[]", "empty: no rows"),
        (b"\x00\x01\x02garbage", "no known log format: row 1 is no JSON, syntax: expecting value at character 0"),
        (b"\xff\xfe\x00a", "no known log format: row 1 is no JSON, encoding: not UTF-8 at byte 0"),
        (b"PK\x03\x04", "a zip archive, which is not read; unpack it"),
        (b"BZh91AY", "packed with bzip2, which is not read; unpack it"),
        (b"\x04\x22\x4d\x18 and more", "packed with lz4, which is not read; unpack it"),
        (gzip.compress(b"PAR1"), "Parquet that is packed or comes through a pipe, which is not read; unpack it"),
        (b'{"messages_display": "user: hi"}', "no known log format: a row has the keys `messages_display`"),
        (b"{}", "no known log format: a row is an empty object"),
        (b"[1, 2]", "no known log format: a row is a number"),
        (b"PAR1 and nothing else", "not a whole Parquet file"),
        (b"\x28\xb5\x2f\xfd", "empty: no rows; cut short: the Zstandard data ends in the middle"),
        (b"\x28\xb5\x2f\xfd\x08" + b"\xff" * 20, "empty: no rows; damaged Zstandard data"),
        (b"\x1f\x8b\x08\x00", "empty: no rows; cut short: the gzip data ends in the middle"),
    ],
)
def test_whole_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    """A file without one usable row is one refusal of unknown size, with the reason, and has a report."""
    log = tmp_path / "log"
    log.write_bytes(data)
    events, summary = load(log)
    assert [] == events
    assert (1, 1) == (summary.refused, summary.whole)
    assert reason in summary.refusals[0].reason
    assert (str(log), 0) == (summary.refusals[0].file, summary.refusals[0].line)
    assert [str(log)] == [file.path for file in summary.files]


def test_missing_and_empty_places(tmp_path: Path) -> None:
    """A missing path, an empty folder and a pattern without a match are refusals, not silence."""
    (tmp_path / "void" / "below").mkdir(parents=True)
    _, summary = load(tmp_path / "none.jsonl", tmp_path / "void", tmp_path / "*.zst")
    assert ["no such file or folder", "no files in this folder", "no file matches this pattern"] == reasons(summary)
    assert 3 == summary.whole == summary.totals.refused


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    """A file without permission is a refusal."""
    log = tmp_path / "log"
    log.write_text(row(1))
    log.chmod(0)
    assert ["cannot be read: permission denied"] == reasons(load(log)[1])


def test_bad_line_among_good(tmp_path: Path) -> None:
    """A bad line is refused with its number, and the others are read: first, middle or last."""
    log = tmp_path / "log"
    log.write_text("{broken\n" + row(1) + "\n" + "nonsense\n" + row(2) + '{"event_id": "e3", "trace')
    events, summary = load(log)
    assert ["e1", "e2"] == [event.event_id for event in events]
    assert [1, 4, 6] == [refusal.line for refusal in summary.refusals]
    assert (5, 3, 3, 0) == (summary.totals.rows, summary.totals.refused, summary.refused_rows, summary.whole)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xef\xbb\xbf" + row(9).encode(), "encoding: starts with a byte order mark"),
        (b'{"event_id": "\xff"}', "encoding: not UTF-8 at byte 14"),
        (b'{"event_id": "\xed\xa0\x80"}', "encoding: not UTF-8 at byte 14"),
        (b'{"a": 01}', "syntax: "),
        (b"// a comment", "syntax: "),
        (row(9).strip().encode() * 2, "syntax: extra text"),
        (b"[" * 100_000, "syntax: "),
        (b"NaN", "a row is a number"),
    ],
)
def test_hostile_line(tmp_path: Path, line: bytes, reason: str) -> None:
    """A line that is no JSON, or no event, is refused; the one after it is read."""
    log = tmp_path / "log"
    log.write_bytes(row(1).encode() + line + b"\n" + row(2).encode())
    events, summary = load(log)
    assert ["e1", "e2"] == [event.event_id for event in events]
    assert [2] == [refusal.line for refusal in summary.refusals]
    assert summary.refusals[0].reason.startswith(reason)


def test_huge_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line over the cap is refused with its size, without being held, and the next line is read."""
    monkeypatch.setattr(rows, "LINE_CAP", 1000)
    log = tmp_path / "log"
    exact = row(1, content="x" * (1000 - len(row(1, content="")) + 1))
    assert len(exact) == 1001  # the line end does not count
    log.write_text(exact + row(2, content="x" * 3000) + row(3))
    events, summary = load(log)
    assert ["e1", "e3"] == [event.event_id for event in events]
    size = len(row(2, content="x" * 3000))
    assert [f"{size:,} bytes in one line, at most 1,000 are read"] == reasons(summary)
    assert 3 == summary.totals.rows


def test_huge_element(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An element over the cap ends the array: those before it are read, and the refusal says why."""
    monkeypatch.setattr(values, "MAX_BYTES", 1_000_000)
    log = tmp_path / "log"
    log.write_text("[" + row(1) + "," + row(2, content="x" * 3_000_000) + "," + row(3) + "]")
    events, summary = load(log)
    assert ["e1"] == [event.event_id for event in events]
    assert 1 == summary.whole
    assert "element 1: more than 1,000,000 bytes, which is the most that is read; the rest of" in reasons(summary)[0]


@pytest.mark.parametrize("cut", [0.05, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("pack", ["zstd", "gzip"])
@pytest.mark.parametrize("shape", ["lines", "array"])
def test_cut_short(tmp_path: Path, cut: float, pack: str, shape: str) -> None:
    """A packed log that is cut short gives its whole rows, and a refusal of unknown size that says so."""
    made = [row(number, content=os.urandom(40).hex()) for number in range(3000)]
    text = "".join(made) if shape == "lines" else "[" + ",".join(made) + "]"
    packed = zstandard.compress(text.encode()) if pack == "zstd" else gzip.compress(text.encode())
    log = tmp_path / "log"
    log.write_bytes(packed[: int(len(packed) * cut)])
    events, summary = load(log, format="canonical")
    assert [f"e{number}" for number in range(len(events))] == [event.event_id for event in events]
    assert 0 < len(events) < 3000 or cut < 0.3
    assert 1 == summary.whole
    assert "ends in the middle; the rest is missing" in summary.refusals[-1].reason


def test_damaged_in_the_middle(tmp_path: Path) -> None:
    """Packed data with wrong bytes in it gives the rows before them, and a refusal."""
    members = [gzip.compress("".join(row(n) for n in range(k, k + 10)).encode()) for k in (0, 10, 20)]
    middle = bytearray(members[1])
    middle[20:40] = b"\xff" * 20
    log = tmp_path / "log"
    log.write_bytes(members[0] + bytes(middle) + members[2])
    events, summary = load(log)
    assert 10 <= len(events) < 20
    assert 1 == summary.whole
    assert "damaged gzip data" in summary.refusals[-1].reason


@pytest.mark.parametrize("shape", ["lines", "array"])
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_large_packed_log_takes_no_space(
    pack: Any, shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too large for memory is unpacked again and gives the same as what is kept, with no file beside it."""
    made = [row(number, content="x" * (number or 3_000_000)) for number in range(2000)]
    log = tmp_path / "log"
    log.write_bytes(pack(("".join(made) if shape == "lines" else f"[{','.join(made)}]").encode()))
    kept = load(log)[0]
    monkeypatch.setattr(source, "SPOOL_IN_MEMORY", 10)
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", None)
    events, summary = load(log)
    assert kept == events
    assert (2000, 0) == (len(events), summary.refused)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_members_and_what_follows_them(tmp_path: Path, pack: Any) -> None:
    """Packed members one after the other are one log; other bytes behind them are a refusal."""
    log = tmp_path / "log"
    log.write_bytes(pack(row(1).encode()) + pack(row(2).encode()))
    events, summary = load(log)
    assert (2, 0) == (len(events), summary.refused)
    log.write_bytes(log.read_bytes() + b"more bytes")
    events, summary = load(log)
    assert (2, 1) == (len(events), summary.whole)
    assert "other bytes follow" in reasons(summary)[0]


def test_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks without end is not read on."""
    monkeypatch.setattr(unpack, "BOMB_FROM", 1024 * 1024)
    log = tmp_path / "log"
    log.write_bytes(zstandard.compress(row(1).encode() + b"\n" * 4 * 1024 * 1024, level=1))
    events, summary = load(log)
    assert ["e1"] == [event.event_id for event in events]
    assert "unpacks to more than 2,000 times its size" in reasons(summary)[-1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[{row}, {row2}", "after element 1: expected `,` or `]`"),
        ("[{row}, {row2}] []", "other text follows the end of the JSON array"),
        ("[{row}, {row2},]", "element 2: expecting value"),
        ("[{row}, {row2}, {broken]", "element 2: expecting property name"),
        ("[{row}, {row2}, \udcff]", "element 2: not UTF-8 at byte"),
    ],
)
def test_damaged_array(tmp_path: Path, text: str, reason: str) -> None:
    """An array that breaks gives the elements before, and a refusal of unknown size."""
    log = tmp_path / "log"
    text = text.replace("{row}", row(1)).replace("{row2}", row(2))
    log.write_bytes(text.encode("utf-8", "surrogateescape"))
    events, summary = load(log)
    assert ["e1", "e2"] == [event.event_id for event in events]
    assert 1 == summary.whole
    assert reason in reasons(summary)[0]


@pytest.mark.parametrize("shape", ["{}\n", "[{}]"])
def test_arguments_of_any_depth_keep_the_call(tmp_path: Path, shape: str) -> None:
    """Arguments nested 200,000 levels deep are refused for their depth; the run and the call stay."""
    deep = '{"a": ' + "[" * 200_000 + "]" * 200_000 + "}"
    call = '{"id": "", "type": "function", "function": {"name": "pay", "arguments": %s}}'
    calls = f"{call % deep}, {call % '{}'}"
    message = f'{{"role": "assistant", "tool_calls": [{calls}]}}'
    run = f'{{"messages": [{message}], "metadata": {{"suite_name": "till"}}}}'
    log = tmp_path / "log"
    log.write_text(shape.replace("{}", run))
    events, summary = load(log)
    assert 0 == summary.refused
    errors = [event.args_error for event in events if event.tool == "pay"]
    assert ["depth: nested deeper than 128", None] == errors


def test_the_same_log_under_two_names_is_read_once(tmp_path: Path) -> None:
    """The same rows in another file, packed or not, are duplicates: dropped and counted, never doubled."""
    (tmp_path / "a.jsonl").write_text(row(1) + row(2))
    (tmp_path / "b.zst").write_bytes(zstandard.compress((row(2) + row(3)).encode()))
    events, summary = load(tmp_path, tmp_path / "a.jsonl")
    assert ["e1", "e2", "e3"] == [event.event_id for event in events]
    assert [0, 1] == [file.duplicates for file in summary.files]
    assert (0, 3) == (summary.refused, summary.totals.events)


def test_same_id_with_other_content(tmp_path: Path) -> None:
    """Another event under an id that was read before is refused with its place."""
    log = tmp_path / "log"
    log.write_text(row(1, content="a") + row(1, content="b"))
    events, summary = load(log)
    assert ["a"] == [event.content for event in events]
    assert [2] == [refusal.line for refusal in summary.refusals]


def test_ids_do_not_depend_on_packing(tmp_path: Path) -> None:
    """A run has the same events, packed or plain, whatever the file is called and wherever it stands."""
    case = Path(__file__).parent / "agentdojo" / "ids-that-come-again" / "in.jsonl"
    packed = tmp_path / "x.json"
    packed.write_bytes(gzip.compress(case.read_bytes()))
    plain, unpacked = load(case)[0], load(packed)[0]
    assert plain == unpacked
    assert len(plain) == len({event.event_id for event in plain})


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input, packed or plain."""
    for data in (row(1).encode(), zstandard.compress(row(1).encode())):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        events, summary = load("-")
        assert (["e1"], "-") == ([event.event_id for event in events], summary.files[0].path)


def test_named_pipe(tmp_path: Path) -> None:
    """What cannot be read twice, such as a shell's process substitution, is read once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if (child := os.fork()) == 0:
        pipe.write_text(row(1) + row(2))
        os._exit(0)
    events, _ = load(pipe)
    os.waitpid(child, 0)
    assert 2 == len(events)


def test_format_by_name(tmp_path: Path) -> None:
    """A named format is used even where nothing would be recognised; an unknown name is a usage error."""
    log = tmp_path / "log"
    log.write_text('{"evnt_id": "e1"}\n')
    assert ["unknown key `evnt_id`: did you mean `event_id`?"] == reasons(load(log, format="canonical")[1])
    with pytest.raises(UsageError, match="did you mean `agentdojo`"):
        load(log, format="agentdoju")


def test_agent_fills_in_only_what_is_missing(tmp_path: Path) -> None:
    """The caller's agent name is for rows that carry none."""
    log = tmp_path / "log"
    log.write_text(row(1) + row(2, agent="own"))
    assert ["given", "own"] == [event.agent for event in load(log, agent="given")[0]]
    (tau,) = (Path(__file__).parent / "taubench" / "one-run-a-line").glob("in.*")
    assert {"given"} == {event.agent for event in load(tau, agent="given")[0]}
    (dojo,) = (Path(__file__).parent / "agentdojo" / "ids-that-come-again").glob("in.*")
    assert {"library"} == {event.agent for event in load(dojo, agent="given")[0]}


def test_every_input_has_one_report_at_its_end(tmp_path: Path) -> None:
    """Reports come in the order of the inputs, each behind the events of its input."""
    (tmp_path / "a").write_text(row(1))
    (tmp_path / "b").write_text("garbage")
    kinds = [type(item) for item in read([str(tmp_path)])]
    assert [Event, FileReport, Refusal, FileReport] == kinds


def test_frames_without_data(tmp_path: Path) -> None:
    """Frames of Zstandard that hold no data, as seekable files have them, are passed over, whole or not at all."""
    log = tmp_path / "log"
    index = b"\x5e\x2a\x4d\x18" + (5000).to_bytes(4, "little") + b"\xff" * 5000
    data = index + zstandard.compress(row(1).encode()) + index + zstandard.compress(row(2).encode()) + index
    log.write_bytes(data)
    events, summary = load(log)
    assert (["e1", "e2"], 0) == ([event.event_id for event in events], summary.refused)
    for cut in (3, 3000):
        log.write_bytes(data[:-cut])
        events, summary = load(log)
        assert ["e1", "e2"] == [event.event_id for event in events]
        assert ["cut short: the Zstandard data ends in the middle; the rest is missing"] == reasons(summary)


def test_blank_lines_are_counted_in_blocks(tmp_path: Path) -> None:
    """Rows behind thousands of blank lines have their own line numbers, and blank lines are no rows."""
    log = tmp_path / "log"
    log.write_text(
        "\n" * 100_000 + row(1) + "\n" * 17 + "  \r\n" * 70_000 + " " + row(2) + "\n" * 40 + "{\n" + "\n" * 99
    )
    events, summary = load(log)
    assert ["100001", "170019"] == [str(event.source_ref).split(":")[1] for event in events]
    assert [170060] == [refusal.line for refusal in summary.refusals]
    assert 3 == summary.totals.rows
