"""`govern audit append`: one answer a line, in order, once the event is on the disk; and `govern audit redact`."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from govern.audit import appending, canon, journal, open_segment, sensitive, store_log, writers
from govern.audit.appending import append_lines
from govern.audit.audit_log import AuditLog
from govern.events.model import Event
from govern.signing import key_files

RUN = (
    "import sys; from govern.cli import app; "
    "app.COMMANDS = {name: (f'audit_{name}', name) for name in ('append', 'redact')}; app.main()"
)
LINE = b'{"type":"prompt","trace_id":"t","content":"%d"}\n'


@pytest.fixture
def store(tmp_path: Path) -> Path:
    key, _, _ = key_files.write_new(str(tmp_path / "log"))
    store_log.init(tmp_path / "store", key)
    return tmp_path / "store"


def command(store: Path, name: str, *options: str) -> list[str]:
    """A command on a store, signed by its key."""
    key = str(store.parent / "log.key")
    return [sys.executable, "-c", RUN, name, "--audit", str(store), "--sign", key, *options]


def ran(store: Path, name: str, *options: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(store, name, *options), input=stdin, capture_output=True, check=False)


def written(store: Path) -> list[Event]:
    """Every event of the journal."""
    paths = [path for of_writer in journal.segments(store).values() for path in of_writer]
    return [canon.event(text) for path in paths for text, _ in journal.read_segment(path).rows]


def answers(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_each_line_gets_its_answer_in_its_place(store: Path) -> None:
    """Bad lines are named by number and never stop the rest; the exit code tells."""
    lines = [
        LINE % 1, b"no json\n", b'{"type":"prompt"}\n', b"\n", b"[1]\n", b'{"type":"prompt","trace_id":"t","x":1}\n',
        b'{"type":"prompt","type":"prompt","trace_id":"t"}\n', b'{"type":"prompt","trace_id":"\xff"}\n',
        b'{"type":7,"trace_id":"t"}\n', b'{"trace_id":"t"}\n', b'{"type":"prompt","trace_id":"t","mask":"x"}\n',
        b'{"type":"prompt","trace_id":"\\ud800"}\n', LINE.rstrip(b"\n") % 2,
    ]  # fmt: skip
    done = ran(store, "append", "--name", "desk", stdin=b"".join(lines))
    assert 3 == done.returncode, done.stderr
    said = answers(done.stdout)
    assert len(lines) == len(said)
    assert list(range(2, len(lines))) == [each["line"] for each in said[1:-1]]
    assert all(each["error"] for each in said[1:-1])
    first, last = said[0], said[-1]
    assert [(first["event_id"], 0), (last["event_id"], 1)] == [(each.event_id, each.wseq) for each in written(store)]
    assert {first["writer_id"], last["writer_id"]} == set(writers.registered(store))
    assert ["1", "2"] == [each.content for each in written(store)]
    assert writers.end_path(store, first["writer_id"]).exists()


def test_what_only_the_journal_may_say_is_refused(store: Path) -> None:
    """An id, a redaction, a time before 1970, an option of the library; a value to mask without a secret. With hints
    that a caller of the command can follow."""
    own = [
        ("prompt", '"event_id":"mine"', "the answer has the new id"),
        ("redaction", '"content":"x"', "govern audit redact"), ("prompt", '"ts_ns":-1', "since 1970"),
        ("prompt", '"durable":true', "event.v1.json"),
        ("prompt", '"self":1', "event.v1.json"), ("prompt", '"content":"12345","mask":[12345]', "--commit-key FILE"),
    ]  # fmt: skip
    lines = "".join(f'{{"type":"{type}","trace_id":"t",{more}}}\n' for type, more, _ in own)
    done = ran(store, "append", "--name", "desk", stdin=lines.encode())
    assert (3, b"") == (done.returncode, done.stderr)
    for (_, more, hint), answer in zip(own, answers(done.stdout), strict=True):
        assert hint in answer["hint"], (more, answer)
    assert [] == written(store)


def test_a_number_to_mask_is_masked_and_one_that_is_not_there_is_refused(store: Path, tmp_path: Path) -> None:
    """On the command line, as a program sends it."""
    (tmp_path / "commit.key").write_bytes(b"\x09" * 32)
    (tmp_path / "commit.key").chmod(0o600)
    line = '{"type":"tool_call","trace_id":"t","tool":"x","args":{"pin":123456},"mask":[%s]}\n'
    lines = (line % 123456 + line % 654321).encode()
    done = ran(store, "append", "--name", "desk", "--commit-key", str(tmp_path / "commit.key"), stdin=lines)
    assert 3 == done.returncode, done.stderr
    assert ["event_id", "error"] == [next(iter(answer)) for answer in answers(done.stdout)]
    (event,) = written(store)
    assert f'{{"pin":{{"$sensitive":"{event.commitments[0]}"}}}}' == event.args


def test_good_lines_alone_are_exit_0_and_none_at_all_is_not(store: Path) -> None:
    """Empty is not green."""
    done = ran(store, "append", "--name", "desk", stdin=b"".join(LINE % number for number in range(2_000)))
    assert (0, 2_000) == (done.returncode, len(answers(done.stdout)))
    assert [str(number) for number in range(2_000)] == [each.content for each in written(store)]
    done = ran(store, "append", "--name", "desk")
    assert (3, b"") == (done.returncode, done.stdout)
    assert b"no event was given" in done.stderr


def test_arguments_of_two_readings_make_an_event_with_the_line_as_it_was(store: Path) -> None:
    """A caller cannot drop a call by writing it badly."""
    line = b'{"type":"tool_call","trace_id":"t","tool":"x","args":{"a":1,"a":2}}'
    done = ran(store, "append", "--name", "desk", stdin=line)
    assert 0 == done.returncode
    (event,) = written(store)
    assert (None, line.decode()) == (event.args, event.content)
    assert event.args_error is not None
    assert event.args_error.startswith("duplicate_key")


@pytest.fixture
def beside(store: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command as another program's companion."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command(store, "append", "--name", "desk"), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield process
        process.kill()


def ask(process: subprocess.Popen[bytes], line: bytes) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    process.stdin.flush()
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def test_a_companion_answers_each_line_at_once(store: Path, beside: subprocess.Popen[bytes]) -> None:
    """It does not wait for more; the event is in the journal when the answer is there."""
    for number in range(5):
        said = ask(beside, LINE % number)
        assert said["event_id"] == written(store)[-1].event_id


def test_a_companion_that_is_told_to_stop_ends_in_order(store: Path, beside: subprocess.Popen[bytes]) -> None:
    """Its writer says its end, and what was asked is answered."""
    said = ask(beside, LINE % 1)
    beside.send_signal(signal.SIGTERM)
    assert 0 == beside.wait(20)
    assert writers.end_path(store, said["writer_id"]).exists()


def test_a_line_in_pieces_is_one_line(store: Path) -> None:
    """However the pipe cuts it; a last one without its line feed too."""

    class Pieces(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return super().read1(7)

    out = io.BytesIO()
    key = key_files.read_private(str(store.parent / "log.key"))
    with AuditLog(store, "desk", key) as log:
        done = append_lines(log, Pieces(LINE % 1 + LINE % 2 + (LINE % 3).rstrip(b"\n")), out)
    assert (3, 0, 3) == (done.events, done.refused, len(answers(out.getvalue())))
    assert ["1", "2", "3"] == [each.content for each in written(store)]


def test_a_line_without_an_end_does_not_fill_the_memory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and the next one is taken."""
    monkeypatch.setattr(appending, "_LINE_BYTES", 1_000)
    monkeypatch.setattr(appending, "_CHUNK", 100)
    out = io.BytesIO()
    key = key_files.read_private(str(store.parent / "log.key"))
    with AuditLog(store, "desk", key) as log:
        done = append_lines(log, io.BytesIO(b'{"x":"' + b"y" * 5_000 + b'"}\n' + LINE % 1), out)
    refused, taken = answers(out.getvalue())
    assert (1, 1, 1, 0) == (done.events, done.refused, refused["line"], taken["wseq"])
    assert "more than 1,000 bytes" in refused["error"]


def test_a_long_line_is_not_kept(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that is too long anyway only the beginning is in memory."""
    monkeypatch.setattr(appending, "_LINE_BYTES", 100_000)
    chunks = iter([b"x" * 100_000] * 200 + [b"\n"])

    class Endless(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return next(chunks, b"")

    key = key_files.read_private(str(store.parent / "log.key"))
    with AuditLog(store, "desk", key) as log:
        tracemalloc.start()
        done = append_lines(log, Endless(), io.BytesIO())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (0, 1) == (done.events, done.refused)
    assert peak < 2_000_000


def test_an_answer_comes_after_the_flush(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One flush for all lines that came together, and no answer before it."""
    seen: list[str] = []
    fsync = os.fsync

    def flushed(handle: int) -> None:
        seen.append("flush")
        fsync(handle)

    class Sink(io.BytesIO):
        def write(self, data: Any, /) -> int:
            seen.append("answers")
            return super().write(data)

    key = key_files.read_private(str(store.parent / "log.key"))
    with AuditLog(store, "desk", key) as log:
        log.append("session_start", trace_id="t")
        monkeypatch.setattr(open_segment.os, "fsync", flushed)
        append_lines(log, io.BytesIO(LINE % 1 + LINE % 2), Sink())
        monkeypatch.undo()
    assert ["flush", "answers"] == seen


CHARTER = """govern: 1
agent: desk
version: 1
purpose: Writes mails.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
tools:
  mail: {tier: reversible, sensitive: [args.to], secret: [args.password]}
"""


def test_what_the_charter_calls_sensitive_is_kept_apart_and_can_be_erased(store: Path, tmp_path: Path) -> None:
    """The whole way on the command line: recorded, shown as a plan, erased, and gone."""
    (tmp_path / "desk.yaml").write_text(CHARTER, "utf-8")
    sensitive.new_key(str(tmp_path / "secret"))
    line = b'{"type":"tool_call","trace_id":"t","tool":"mail","args":{"to":"ann@example.org","password":"hunter22"}}\n'
    options = ("--charter", str(tmp_path / "desk.yaml"), "--name", "desk")
    done = ran(store, "append", *options, stdin=line)
    assert (2, True) == (done.returncode, b"no secret to commit" in done.stderr and b"--commit-key FILE" in done.stderr)
    done = ran(store, "append", *options, "--commit-key", str(tmp_path / "secret"), stdin=line)
    assert 0 == done.returncode, done.stderr
    (event,) = written(store)
    assert ["ann@example.org"] == [placed.row.value for _, placed in sensitive.rows(store)]
    why = ("--reason", "asked to", "--by", "officer")
    done = ran(store, "redact", "--trace-id", "t", "--place", "args.to", "--dry-run", *why)
    assert (0, f"1 value would be erased, kept 1 time\n  {event.commitments[0]}  args.to  trace t\n") == (
        done.returncode,
        done.stdout.decode(),
    )
    assert 1 == len(list(sensitive.rows(store)))
    done = ran(store, "redact", "--trace-id", "t", "--format", "json", *why)
    assert 0 == done.returncode, done.stderr
    said = json.loads(done.stdout)
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "audit-redact.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(said)
    assert ("govern/audit-redact/v1", True) == (said["schema"], said["erased"])
    value = {"commitment": event.commitments[0], "places": ["args.to"], "traces": ["t"], "rows": 1}
    assert [value] == said["values"]
    assert said["events"] == [each.event_id for each in written(store) if each.type == "redaction"]
    assert [] == list(sensitive.rows(store))
    assert b"ann@" not in b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file())
    done = ran(store, "redact", "--trace-id", "t", *why)
    assert (3, True) == (done.returncode, b"no sensitive value of trace `t` is there" in done.stderr)
    done = ran(store, "redact", *why)
    assert (2, True) == (done.returncode, b"what is to be erased?" in done.stderr)
