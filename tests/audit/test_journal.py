"""A segment says of itself: whole, torn by a crash, or damaged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from govern.audit import canon, journal, store_log
from govern.audit.audit_log import AuditLog
from govern.errors import EvidenceError
from govern.signing.keys import of_seed

KEY = of_seed(b"\x01" * 32)
WRITER = "desk-0123456789ab01234567"


def written(folder: Path, events: int = 3) -> Path:
    """A segment of a store that was written as ever."""
    store_log.init(folder, KEY)
    with AuditLog(folder, "desk", KEY) as log:
        for number in range(events):
            log.append("prompt", trace_id="t", content=f'number {number}: "é", {{[\\')
    (path,) = journal.segments(folder)[log.writer_id]
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "store")


def test_a_segment_gives_back_what_was_written(path: Path) -> None:
    """Each event, in order, each chained to the one before, the first to the writer's signed start."""
    segment = journal.read_segment(path)
    assert ("whole", None, b"") == (segment.state, segment.problem, segment.torn)
    assert [0, 1, 2] == [canon.event(text).wseq for text, _ in segment.rows]
    start = (path.parents[2] / "writers" / f"{path.parent.name}.start.json").read_bytes()
    chain = journal.first_chain(start)
    assert chain == segment.head
    for text, said in segment.rows:
        chain = journal.next_chain(chain, canon.leaf(text))
        assert chain == said
    assert chain == segment.chain
    assert path.stat().st_size == segment.size
    assert (0, 3) == (segment.first, segment.next)


def test_every_line_is_hex_space_and_canonical_text(path: Path) -> None:
    """The form that other programs rely on."""
    header, *lines = path.read_bytes().splitlines()
    assert re.fullmatch(
        rb'\{"first":0,"head":"[0-9a-f]{64}","schema":"govern/journal/v1","store":"[0-9a-f]{32}",'
        rb'"writer":"desk-[0-9a-f]{20}"\}',
        header,
    )
    for line in lines:
        assert re.fullmatch(rb"[0-9a-f]{64} \{.*\}", line)


def test_a_tail_cut_at_any_byte_is_torn_or_whole(path: Path) -> None:
    """Whatever prefix of the last line a crash leaves, it is known as such, and what was before is whole."""
    raw = path.read_bytes()
    last = raw.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(raw) + 1):
        segment = journal.read_bytes(raw[:end], path)
        assert segment.problem is None, end
        state = "whole" if end in (last, len(raw)) else "torn"
        assert state == segment.state, end
        assert raw[last:end] == (segment.torn if end < len(raw) else raw[last:]), end
        assert (3 if end == len(raw) else 2) == len(segment.rows)


def test_zeros_after_a_loss_of_power_are_torn(path: Path) -> None:
    """The length of a file may reach the disk before its bytes."""
    raw = path.read_bytes()
    last = raw.rindex(b"\n", 0, -1) + 1
    for end in (last, last + 10, last + 64, last + 65, last + 100, len(raw)):
        segment = journal.read_bytes(raw[:end] + b"\0" * 512, path)
        assert "torn" == segment.state, end
        assert raw[last:end] + b"\0" * 512 == segment.torn if end < len(raw) else b"\0" * 512 == segment.torn


def test_a_whole_last_line_without_its_line_feed_must_follow(path: Path) -> None:
    """One that was changed and cut is no torn tail."""
    raw = path.read_bytes()
    assert "torn" == journal.read_bytes(raw[:-1], path).state
    changed = raw[:-1].replace(b"number 2", b"number 9")
    assert "damaged" == journal.read_bytes(changed, path).state


@pytest.mark.parametrize(
    "tail",
    [
        b"nothing of the kind",
        b"0123456789abcdeg",
        b"0" * 64 + b"_",
        b"0" * 64 + b" [1",
        b"0" * 64 + b' {"a":"\xff',
        b"0" * 64 + b' {"a":1}x',
        b"0" * 64 + b' {"a":1} ',
        b"0" * 64 + b' {"a":\t',
        b"0" * 10 + b"\0\0" + b"1",
        b"\0\0\0a",
    ],
)
def test_an_end_that_no_crash_leaves_is_damage(path: Path, tail: bytes) -> None:
    """Only the beginning of a valid line, or zeros, can be there after a crash."""
    segment = journal.read_bytes(path.read_bytes() + tail, path)
    assert "damaged" == segment.state
    assert "line 5: the end is not the beginning of a line: not what a crash leaves" == segment.problem
    assert 3 == len(segment.rows)


def test_a_changed_byte_anywhere_is_found(path: Path) -> None:
    """In the header, in a chain, in an event, in a line feed: never a whole segment with the same rows."""
    raw = path.read_bytes()
    whole = journal.read_bytes(raw, path)
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        try:
            segment = journal.read_bytes(changed, path)
        except EvidenceError:
            continue
        if segment.header.store != whole.header.store:
            continue  # as who knows the store sees
        # Only the last line feed may look torn.
        assert "whole" != segment.state, at
        assert segment.rows == whole.rows[: len(segment.rows)], at
        if segment.state == "torn":
            assert at == len(raw) - 1


def test_a_line_that_is_gone_or_moved_is_found_with_its_number(path: Path) -> None:
    """The chain of the next line does not follow."""
    header, *lines = path.read_bytes().splitlines(keepends=True)
    gone = journal.read_bytes(b"".join((header, lines[0], lines[2])), path)
    assert (3, 1) == (gone.problem_line, len(gone.rows))
    moved = journal.read_bytes(b"".join((header, lines[1], lines[0], lines[2])), path)
    assert (2, 0) == (moved.problem_line, len(moved.rows))
    doubled = journal.read_bytes(b"".join((header, *lines, lines[2])), path)
    assert (5, 3) == (doubled.problem_line, len(doubled.rows))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "no canonical JSON"),
        (b"{}\n", "no header"),
        (b"[1]\n", "no header"),
        (b'{"first":true}\n', "no header"),
        (b"\0" * 50, "no canonical JSON"),
    ],
)
def test_a_file_without_a_header_is_no_segment(tmp_path: Path, raw: bytes, message: str) -> None:
    """A segment begins to exist with its header: without one it is something else."""
    with pytest.raises(EvidenceError, match=message):
        journal.read_bytes(raw, tmp_path / WRITER / journal.name(0))


def test_a_header_must_be_written_as_it_is(tmp_path: Path) -> None:
    """Other spaces, another place: somebody touched it."""
    made = journal.header(journal.Header("00" * 16, WRITER, 0, "0" * 64))
    place = tmp_path / WRITER / journal.name(0)
    assert "whole" == journal.read_bytes(made, place).state
    with pytest.raises(EvidenceError, match="not as it is written"):
        journal.read_bytes(made.replace(b'"first":', b'"first": '), place)
    with pytest.raises(EvidenceError, match="in another's place"):
        journal.read_bytes(made, tmp_path / "other-0123456789ab01234567" / journal.name(0))
    with pytest.raises(EvidenceError, match="in another's place"):
        journal.read_bytes(made, tmp_path / WRITER / journal.name(1))


def test_segments_are_listed_by_writer_in_their_order(tmp_path: Path) -> None:
    """Nothing else in the folder is taken for one."""
    store_log.init(tmp_path, KEY)
    with AuditLog(tmp_path, "desk", KEY, segment_events=2) as log:
        for _ in range(5):
            log.append("prompt", trace_id="t")
    folder = tmp_path / "journal" / log.writer_id
    (folder / ".000000000009.jsonl.1.tmp").write_bytes(b"")
    (folder / "notes.jsonl").write_bytes(b"")
    names = [path.name for path in journal.segments(tmp_path)[log.writer_id]]
    assert ["000000000000.jsonl", "000000000002.jsonl", "000000000004.jsonl"] == names
    assert {} == journal.segments(tmp_path / "nothing")
