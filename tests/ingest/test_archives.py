"""Archives: each file in them is an input of its own, nothing is written anywhere, and nothing else is followed."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from govern.events.model import Event
from govern.ingest import Summary, read, tar, unpack

PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
}


def row(number: int, **columns: Any) -> bytes:
    return json.dumps({"event_id": f"e{number}", "trace_id": "t", "type": "prompt", **columns}).encode() + b"\n"


def archive(*members: tuple[str, bytes] | tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as out:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                out.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                out.addfile(info, io.BytesIO(member[1]))
    return made.getvalue()


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def load(tmp_path: Path, data: bytes, *more: str) -> tuple[list[Event], Summary]:
    log = tmp_path / "log"
    log.write_bytes(data)
    summary = Summary()
    return list(summary.events(read([str(log), *more]))), summary


def told(summary: Summary, tmp_path: Path) -> list[str]:
    return [str(refusal).removeprefix(str(tmp_path / "log")) for refusal in summary.refusals]


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_each_file_is_an_input(tmp_path: Path, form: int, pack: str) -> None:
    """Files of an archive are read in its order, packed ones too, under `archive!file`; the archive may be packed."""
    long = f"{'folder/' * 20}{'n' * 90}.json"
    data = archive(
        entry("folder", tarfile.DIRTYPE),
        ("a.jsonl", row(1) + row(2)),
        ("b.gz", gzip.compress(row(3))),
        ("ü.zst", zstandard.compress(row(4))),
        (long, b"[" + row(5) + b"," + row(6) + b"]"),
        form=form,
    )
    events, summary = load(tmp_path, PACKERS[pack](data))
    assert [f"e{number}" for number in range(1, 7)] == [event.event_id for event in events]
    assert [f"{tmp_path}/log!{name}" for name in ("a.jsonl", "b.gz", "ü.zst", long)] == [f.path for f in summary.files]
    assert 0 == summary.refused


def test_ids_do_not_depend_on_the_archive(tmp_path: Path) -> None:
    """A log gives the same events alone and in an archive, so that reading both doubles nothing."""
    case = Path(__file__).parent / "agentdojo" / "ids-that-come-again" / "in.jsonl"
    alone = list(Summary().events(read([str(case)])))
    events, _ = load(tmp_path, archive(("x/y", case.read_bytes())))
    assert alone == events
    assert len(alone) == len(list(Summary().events(read([str(case), str(tmp_path / "log")]))))


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive can come through a pipe."""
    data = io.BytesIO(zstandard.compress(archive(("a", row(1)), ("b", row(2)))))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data))
    summary = Summary()
    assert 2 == len(list(summary.events(read(["-"]))))
    assert ["-!a", "-!b"] == [file.path for file in summary.files]


def test_names_are_only_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute names and names with `..` write nothing anywhere."""
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    monkeypatch.setattr("govern.ingest.source.SPOOL_IN_MEMORY", 10)
    names = ["../up.jsonl", str(tmp_path / "absolute.jsonl"), "a/../../up2.jsonl", "\x1b[2J"]
    data = archive(*((name, row(number)) for number, name in enumerate(names)))
    events, summary = load(tmp_path / "in", data)
    assert (4, 0) == (len(events), summary.refused)
    assert ["in"] == os.listdir(tmp_path)
    assert ["log"] == os.listdir(tmp_path / "in")


def test_what_is_no_file(tmp_path: Path) -> None:
    """Links out of the archive, devices and pipes are refused by name and harm nothing; links into it lose nothing."""
    data = archive(
        entry("latest", tarfile.SYMTYPE, "folder/a.jsonl"),
        entry("folder/again", tarfile.SYMTYPE, "../latest"),
        ("folder/a.jsonl", row(1)),
        entry("hard", tarfile.LNKTYPE, "folder/a.jsonl"),
        entry("out", tarfile.SYMTYPE, "../../etc/passwd"),
        entry("absolute", tarfile.SYMTYPE, "/etc/passwd"),
        entry("round", tarfile.SYMTYPE, "round"),
        entry("tty", tarfile.CHRTYPE),
        entry("disk", tarfile.BLKTYPE),
        entry("pipe", tarfile.FIFOTYPE),
        ("b.jsonl", row(2)),
    )
    events, summary = load(tmp_path, data)
    assert ["e1", "e2"] == [event.event_id for event in events]
    link = "which is no file of the archive; links are not followed"
    assert [
        "!tty: a device, which is not read",
        "!disk: a device, which is not read",
        "!pipe: a pipe, which is not read",
        f"!out: a link to `/etc/passwd`, {link}",
        f"!absolute: a link to `/etc/passwd`, {link}",
        f"!round: a link to `/round`, {link}",
    ] == told(summary, tmp_path)
    assert 6 == summary.whole


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", b"PK\x03\x04", "a zip archive, which is not read"),
        ("a.tar", archive(("a", row(1))), "an archive inside an archive"),
        ("a.tar.gz", gzip.compress(archive(("a", row(1)))), "an archive inside an archive"),
        ("a.parquet", b"PAR1 and more", "Parquet that is packed"),
        ("README.md", b"# Logs\n\nText.\n", "no known log format: row 1 is no JSON"),
        ("empty", b"", "empty: no rows"),
    ],
)
def test_files_that_are_no_logs(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    """What is no log among logs is one refusal of unknown size, and the logs are read."""
    events, summary = load(tmp_path, archive(("a", row(1)), (name, data), ("b", row(2))))
    assert (["e1", "e2"], 1, 1) == ([event.event_id for event in events], summary.refused, summary.whole)
    assert told(summary, tmp_path)[0].startswith(f"!{name}: {reason}")


def test_left_out(tmp_path: Path) -> None:
    """`!PATTERN` leaves out files of an archive; each is reported with the pattern, and nothing is refused."""
    data = archive(("a", row(1)), ("x/README.md", b"#"), ("x/a.truth.json", b"{}"), entry("tty", tarfile.CHRTYPE))
    events, summary = load(tmp_path, data, "!*.md", "!*.truth.json", "!tty")
    assert (1, 0, 1) == (len(events), summary.refused, len(summary.files))
    assert [("x/README.md", "!*.md"), ("x/a.truth.json", "!*.truth.json"), ("tty", "!tty")] == [
        (file.path.split("!", 1)[1], file.left_out) for file in summary.left_out
    ]


def test_an_archive_without_files(tmp_path: Path) -> None:
    """Nothing in it is not success."""
    _, summary = load(tmp_path, archive(entry("folder", tarfile.DIRTYPE)))
    assert [": no files in this archive"] == told(summary, tmp_path)


@pytest.mark.parametrize("pack", PACKERS)
def test_cut_at_any_place(tmp_path: Path, pack: str) -> None:
    """Of an archive cut anywhere the rows before the cut are read, in order, and the cut is a refusal."""
    data = archive(*((f"{number}.jsonl", row(number, content=os.urandom(70_000).hex())) for number in range(4)))
    whole = PACKERS[pack](data)
    steps = len(whole) // 40
    most = 0
    for cut in range(1, len(whole) - (1024 if pack == "plain" else 0), steps):
        events, summary = load(tmp_path, whole[:cut])
        assert [f"e{number}" for number in range(len(events))] == [event.event_id for event in events]
        if not (pack == "plain" and cut > 4 * 140_000):  # the padding that tar adds
            assert summary.whole
        most = max(most, len(events))
    assert 3 <= most <= 4


def test_cut_in_a_file(tmp_path: Path) -> None:
    """The file says that it was cut, and the archive that more may be missing."""
    data = archive(("a", row(1)), ("b", row(2) + row(3, content="x" * 2000)), ("c", row(4)))
    events, summary = load(tmp_path, data[:2800])
    assert ["e1", "e2"] == [event.event_id for event in events]
    broken, *others = told(summary, tmp_path)
    assert broken.startswith("!b:2: syntax: unterminated string")
    assert broken.endswith("(cut short here)")
    assert ["!b: cut short with the archive; the rest is missing", ": cut short: it ends in a file"] == others


def test_damage_in_a_header(tmp_path: Path) -> None:
    """A header that is wrong ends the archive: where the next file begins, nobody knows."""
    data = bytearray(archive(("a", row(1)), ("b", row(2)), form=tarfile.USTAR_FORMAT))
    data[1024 + 5] ^= 1
    events, summary = load(tmp_path, bytes(data))
    assert (1, [": damaged: a header is wrong"]) == (len(events), told(summary, tmp_path))


def test_what_follows_the_end(tmp_path: Path) -> None:
    """A second archive behind the first is not read, and that is said."""
    one = archive(("a", row(1)))
    events, summary = load(tmp_path, one + archive(("b", row(2))))
    assert 1 == len(events)
    assert [": other bytes follow the end of the archive; they were not read"] == told(summary, tmp_path)


def header(name: str, size: int, kind: bytes = b"0", field: bytes | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT)[:512])
    if field is not None:
        block[124:136] = field
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (header("a", 2**62), "!a: empty: no rows; cut short with the archive"),
        (header("a", 0, field=b"\x80" + b"\xff" * 11), "!a: empty: no rows; cut short with the archive"),
        (header("a", 0, field=b"\xff" * 12), ": damaged: the header of `a` has no size"),
        (header("a", 0, field=b"nonsense    "), ": damaged: the header of `a` has no size"),
        (header("a", 2**40, b"x"), ": a header of 1,099,511,627,776 bytes, at most 65,536 are read"),
        (header("a", 2**40, b"L"), ": a header of 1,099,511,627,776 bytes, at most 65,536 are read"),
        (header("a", 5000, b"L") + b"n" * 5120 + header("a", 0), ": damaged: a name of more than 4,096 characters"),
        (header("s", 0, b"S"), "!s: a sparse file, which is not read"),
        (header("s", 0, b"M"), "!s: the rest of a file of another volume, which is not read"),
        (header("s", 0, b"\x1b"), "!s: an entry of the type `\x1b`, which is not read"),
    ],
)
def test_hostile_headers(tmp_path: Path, data: bytes, reason: str) -> None:
    """Sizes and names that no archive has cost nothing and are refused."""
    events, summary = load(tmp_path, data)
    assert [] == events
    assert told(summary, tmp_path)[0].startswith(reason)


def test_what_a_header_declares(tmp_path: Path) -> None:
    """A device has no data whatever its size says, a name with a slash at its end is a folder, a size of pax counts."""
    record = b"11 size=%d\n" % len(row(2))
    assert 11 == len(record)
    data = header("tty", 5120, b"3") + header("folder/", 0)
    data += header("a", len(row(1))) + row(1).ljust(512, b"\0")
    data += header("pax", len(record), b"x") + record.ljust(512, b"\0") + header("b", 0) + row(2).ljust(512, b"\0")
    events, summary = load(tmp_path, data + bytes(1024))
    assert ["e1", "e2"] == [event.event_id for event in events]
    assert ["!tty: a device, which is not read"] == told(summary, tmp_path)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_long_name_is_for_one_file(tmp_path: Path, form: int) -> None:
    """A long name names the entry behind it and no other."""
    _, summary = load(tmp_path, archive(("n" * 150, row(1)), ("b", row(2)), form=form))
    assert ["n" * 150, "b"] == [file.path.split("!")[1] for file in summary.files]


def test_without_an_end(tmp_path: Path) -> None:
    """An archive without its end mark may be cut between two files, and that is said."""
    data = archive(("a", row(1)), form=tarfile.USTAR_FORMAT)[:1024]
    events, summary = load(tmp_path, data)
    assert (1, [": cut short: the end of the archive is missing"]) == (len(events), told(summary, tmp_path))


def test_sparse_files_are_refused(tmp_path: Path) -> None:
    """A pax sparse file would be terabytes of nothing."""
    info = tarfile.TarInfo("log.jsonl")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**60)}
    _, summary = load(tmp_path, archive(info))
    assert ["!log.jsonl: a sparse file, which is not read"] == told(summary, tmp_path)


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of entries is bounded."""
    monkeypatch.setattr(tar, "MOST_ENTRIES", 3)
    events, summary = load(tmp_path, archive(*((str(number), row(number)) for number in range(5))))
    assert (3, 1) == (len(events), summary.whole)
    assert "more than 3 entries; the rest was not read" in told(summary, tmp_path)[0]


def test_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that unpacks without end is not read on."""
    monkeypatch.setattr(unpack, "BOMB_FROM", 1024 * 1024)
    data = archive(("a", row(1)), ("b", b"\n" * 40_000_000), ("c", row(2)))
    events, summary = load(tmp_path, zstandard.compress(data))
    assert ["e1"] == [event.event_id for event in events]
    assert "unpacks to more than 2,000 times its size; the rest was not read" in told(summary, tmp_path)[-1]


@given(st.binary(max_size=600), st.integers(0, 1500))
def test_any_bytes(junk: bytes, at: int) -> None:
    """Whatever stands in an archive, reading ends, and says something of every byte that it did not understand."""
    data = bytearray(archive(("a", row(1)), ("b", row(2)), form=tarfile.USTAR_FORMAT))[:2048]
    data[at : at + len(junk)] = junk
    stream = unpack.Unpacked(io.BytesIO(bytes(data)))
    found = list(tar.entries(stream))
    ended = [each for each in found if isinstance(each, tar.Odd) and not each.name]
    assert len(ended) <= 1
    assert ended or not stream.read(1)
