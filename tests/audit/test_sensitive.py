"""Sensitive values stand beside the events, secret ones nowhere; what is marked is found in every text of its trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.audit import canon, journal, masking, sensitive, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.masking import Masker, Sensitive
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.canonical import digest, text_of
from govern.events.model import Event
from govern.signing.keys import of_seed

KEY = of_seed(b"\x01" * 32)
SECRET = b"\x09" * 32
PLACES = {
    "mail": Sensitive(("args.to", "result.customer"), ("args.password",)),
    "list": Sensitive(("args.items[*].iban", 'args["odd.name"]')),
    "bank/pay": Sensitive(("result",)),
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    store_log.init(tmp_path / "store", KEY)
    return tmp_path / "store"


def opened(store: Path) -> AuditLog:
    return AuditLog(store, "desk", KEY, sensitive=PLACES, commit_key=SECRET)


def mark(text: str) -> str:
    """The commitment in a mark."""
    return text.partition("[sensitive ")[2].partition("]")[0]


def everything(store: Path) -> bytes:
    """All that is written of events."""
    return b"".join(path.read_bytes() for path in store.glob("journal/*/*"))


def test_a_sensitive_argument_is_a_commitment_that_its_row_opens(store: Path) -> None:
    """The event has the mark and lists the commitment; the side table has value and salt, for its owner only."""
    with opened(store) as log:
        event = log.append("tool_call", trace_id="t", tool="mail", args={"to": "ann@example.org", "n": 1})
    assert event.args is not None
    (commitment,) = event.commitments
    assert {"to": {"$sensitive": commitment}, "n": 1} == json.loads(event.args)
    assert digest(event.args) == event.args_digest
    assert b"ann@" not in everything(store)
    ((path, placed),) = sensitive.rows(store)
    assert (event.event_id, "args.to", "ann@example.org") == (
        placed.row.event_id, placed.row.place, placed.row.value,
    )  # fmt: skip
    assert placed.row.opens
    assert (0o600, 0o700) == (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777)
    assert [path.name] == [each.name for each in journal.segments(store)[log.writer_id]]
    assert {commitment: "ann@example.org"} == sensitive.opened(store, [commitment, "hmac-sha256:" + "0" * 64])


def test_one_value_has_one_commitment_in_a_trace_and_another_in_the_next(store: Path) -> None:
    """Also from another writer: what was approved can be compared with what was done."""
    with opened(store) as one, opened(store) as other:
        first, again, elsewhere = (
            log.append("tool_call", trace_id=trace, tool="mail", args={"to": "ann@example.org"}).commitments
            for log, trace in ((one, "t"), (other, "t"), (one, "u"))
        )
    assert first == again != elsewhere


def test_a_commitment_is_the_documented_one() -> None:
    """HMAC-SHA256 as RFC 2104 has it, computed here by hand of two hashes."""
    import hashlib

    def hmac(key: bytes, message: bytes) -> bytes:
        padded = key.ljust(64, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
        return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()

    row = sensitive.row_of(SECRET, "t", "e", "args.to", {"b": 1, "a": "x"})
    salt = hmac(SECRET, b'govern/salt/v1\0t\0{"a":"x","b":1}')
    assert salt.hex() == row.salt
    assert "hmac-sha256:" + hmac(salt, b'{"a":"x","b":1}').hex() == row.commitment


def test_a_secret_is_kept_nowhere(store: Path) -> None:
    """Neither in the arguments, nor in a text that repeats it, nor in the side table, nor as a digest."""
    with opened(store) as log:
        call = log.append(
            "tool_call", trace_id="t", tool="mail", args={"password": "hunter22", "body": "my hunter22!"},
            args_digest=digest('{"body":"my hunter22!","password":"hunter22"}'),
        )  # fmt: skip
        text = log.append("response", trace_id="t", content="it is hunter22", error="hunter22")
    assert '{"body":"my [secret]!","password":{"$secret":true}}' == call.args
    assert digest(call.args) == call.args_digest
    assert ("it is [secret]", "[secret]", ()) == (text.content, text.error, text.commitments)
    assert [] == list(sensitive.rows(store))


def test_texts_of_the_trace_lose_the_value_from_then_on(store: Path) -> None:
    """Prompt, output, error, reason, other arguments; in the form that JSON gives it too. Other traces keep theirs."""
    with opened(store) as log:
        call = log.append("tool_call", trace_id="t", tool="mail", args={"to": 'a "b" c', "cc": 'or a "b" c?'})
        (commitment,) = call.commitments
        later = log.append(
            "tool_result", trace_id="t", tool="x", content='{"said": "a \\"b\\" c"}', error='a "b" c', reason='a "b" c'
        )
        other = log.append("prompt", trace_id="u", content='a "b" c')
    said = f"[sensitive {commitment}]"
    assert call.args is not None
    assert f"or {said}?" == json.loads(call.args)["cc"]
    assert (f'{{"said": "{said}"}}', said, said) == (later.content, later.error, later.reason)
    assert ((commitment,), 'a "b" c', ()) == (later.commitments, other.content, other.commitments)
    assert 2 == len(list(sensitive.rows(store)))


def test_a_batch_is_masked_by_all_of_it(store: Path) -> None:
    """The response that proposes a call comes before the call."""
    with opened(store) as log:
        response, call = log.append_all(
            [
                {"type": "response", "trace_id": "t", "content": "I write to ann@example.org"},
                {"type": "tool_call", "trace_id": "t", "tool": "mail", "args": {"to": "ann@example.org"}},
            ]
        )
    assert response.commitments == call.commitments
    assert f"I write to [sensitive {call.commitments[0]}]" == response.content
    assert b"ann@" not in everything(store)


def test_a_value_can_be_named_with_the_event(store: Path) -> None:
    """By a host that knows it before the model's words are written."""
    with opened(store) as log:
        event = log.append("prompt", trace_id="t", content="card 4111111111111111", mask=["4111111111111111"])
        with pytest.raises(UsageError, match="less than 4"):
            log.append("prompt", trace_id="t", mask=["abc"])
    assert f"card [sensitive {event.commitments[0]}]" == event.content


@pytest.mark.parametrize(
    ("value", "args"),
    [
        (123456, '{"n":MARK,"o":[1234567,MARK,true]}'),
        (123456.0, '{"n":MARK,"o":[1234567,MARK,true]}'),
        (12, '{"n":123456,"o":[1234567,123456,true],"s":MARK}'),
        ({"b": 12345, "a": [True]}, '{"n":123456,"o":[1234567,123456,true],"x":MARK}'),
        ([False], '{"n":123456,"o":[1234567,123456,true],"x":MARK}'),
    ],
)
def test_a_named_value_that_is_no_text_is_taken_out_of_arguments(store: Path, value: Any, args: str) -> None:
    """Equal by canonical text, whatever stands around it; the row opens it; from then on in the whole trace."""
    given = json.loads(args.replace("MARK", text_of(value)))
    with opened(store) as log:
        first = log.append("tool_call", trace_id="t", tool="other", args=given, content="no more", mask=[value])
        later = log.append("tool_start", trace_id="t", tool="other", args=given)
        elsewhere = log.append("tool_start", trace_id="u", tool="other", args=given)
    (commitment,) = first.commitments
    assert args.replace("MARK", f'{{"$sensitive":"{commitment}"}}') == first.args == later.args
    assert digest(first.args) == first.args_digest == later.args_digest
    assert (text_of(given), ()) == (elsewhere.args, elsewhere.commitments)
    assert "no more" == first.content
    assert {commitment: value} == sensitive.opened(store, [commitment])


def test_a_named_number_is_taken_out_of_texts_too(store: Path) -> None:
    """Of the event's own, and of texts in its arguments; with one commitment."""
    with opened(store) as log:
        made = log.append(
            "tool_call",
            trace_id="t",
            tool="other",
            args={"n": 123456, "s": "is 123456"},
            reason="123456!",
            mask=[123456],
        )
    (commitment,) = made.commitments
    assert {"n": {"$sensitive": commitment}, "s": f"is [sensitive {commitment}]"} == json.loads(made.args or "")
    assert f"[sensitive {commitment}]!" == made.reason


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "boolean, null or empty"),
        (None, "boolean, null or empty"),
        ({}, "boolean, null or empty"),
        ([], "boolean, null or empty"),
        (float("nan"), "no JSON"),
        (b"bytes", "no JSON"),
        ("abc", "less than 4"),
        (["abc"], "less than 4"),
        (12, "less than 4 characters stands in a text"),
        (13, "stands nowhere"),
        (23456, "stands nowhere"),
        ("not here", "stands nowhere"),
        ({"n": 123456, "m": "not here"}, "stands nowhere"),
        ("mail", "stands nowhere"),
    ],
)
def test_a_named_value_that_would_not_be_masked_is_refused(store: Path, value: Any, message: str) -> None:
    """Nobody is left to believe that it was: nothing is written, and the next event is as it would have been."""
    with opened(store) as log:
        said = {"trace_id": "t", "tool": "mail", "content": "12 of 123456 ", "args": {"n": True, "l": [], "o": "12"}}
        with pytest.raises(UsageError, match=message):
            log.append("tool_call", **said, mask=["of 123456", value])
        assert 0 == log.events
        assert "12 of 123456 " == log.append("tool_call", **said).content


def test_a_named_value_may_stand_where_it_is_masked_anyway(store: Path) -> None:
    """At a marked place; in one event of a batch; written as JSON writes it."""
    with opened(store) as log:
        call = log.append(
            "tool_call", trace_id="t", tool="mail", args={"to": "ann@example.org"}, mask=["ann@example.org"]
        )
        number = log.append("tool_call", trace_id="t", tool="mail", args={"to": 77}, mask=[77])
        first, second = log.append_all(
            [{"type": "prompt", "trace_id": "b", "content": each} for each in ("none", 'the "a\\"bcd"')], mask=['a"bcd']
        )
    assert {"to": {"$sensitive": call.commitments[0]}} == json.loads(call.args or "")
    assert {"to": {"$sensitive": number.commitments[0]}} == json.loads(number.args or "")
    assert ("none", f'the "[sensitive {second.commitments[0]}]"') == (first.content, second.content)


@pytest.mark.parametrize(
    ("tool", "args", "lost", "kept"),
    [
        ("list", {"items": [{"iban": "DE01 1"}, {"iban": "DE02 2", "n": 7}]}, ["DE01 1", "DE02 2"], ['"n":7']),
        ("list", {"items": {"iban": "DE03 3"}}, ["DE03 3"], []),
        ("list", {"items": "DE04 4"}, ["DE04 4"], []),
        ("list", {"odd.name": "odd 5", "odd": {"name": "kept 6"}}, ["odd 5"], ["kept 6"]),
        ("mail", {"to": ["ann@a.org", "bob@b.org"]}, ["ann@", "bob@"], []),
        ("mail", {"to": {"deep": {"mail": "ann@a.org"}}}, ["ann@"], []),
        ("mail", {"to": 123456789}, ["123456789"], []),
        ("mail", {"to": None, "subject": "kept 7"}, [], ['"to":null', "kept 7"]),
        ("server/mail", {"to": "ann@a.org"}, ["ann@"], []),
        ("mcp__server__mail", {"to": "ann@a.org"}, ["ann@"], []),
    ],
)
def test_a_place_loses_its_value_whatever_its_shape(
    store: Path, tool: str, args: dict[str, Any], lost: list[str], kept: list[str]
) -> None:
    """Too much rather than too little where something else stands there than the place says."""
    with opened(store) as log:
        event = log.append("tool_call", trace_id="t", tool=tool, args=args)
    assert event.args is not None
    for text in lost:
        assert text.encode() not in everything(store)
    for text in kept:
        assert text in event.args


def test_a_result_loses_its_marked_place(store: Path) -> None:
    """Its JSON is written again then, and no longer called verbatim."""
    with opened(store) as log:
        made = log.append(
            "tool_result", trace_id="t", tool="mail", content='{ "customer": {"name": "Ann"}, "ok": true }',
            result_digest="sha256:x", fidelity="verbatim",
        )  # fmt: skip
    assert made.content is not None
    assert {"customer": {"$sensitive": made.commitments[0]}, "ok": True} == json.loads(made.content)
    assert (digest(made.content), "reserialised") == (made.result_digest, made.fidelity)


@pytest.mark.parametrize(("tool", "content"), [("mail", "Ann, 7 High St"), ("mail", '"Ann"'), ("mcp__bank__pay", "5")])
def test_a_result_whose_place_cannot_be_found_goes_whole(store: Path, tool: str, content: str) -> None:
    """It is no JSON object: the value may stand anywhere in it."""
    with opened(store) as log:
        made = log.append("tool_result", trace_id="t", tool=tool, content=content)
    assert f"[sensitive {made.commitments[0]}]" == made.content
    assert {made.commitments[0]: content} == sensitive.opened(store, made.commitments)


def test_refused_arguments_of_a_tool_with_secrets_go_whole(store: Path) -> None:
    """Nobody knows where in them the secret is."""
    with opened(store) as log:
        made = log.append("tool_call", trace_id="t", tool="mail", args='{"password": "hunter22", "password": 1}')
    assert ("[secret]", None) == (made.content, made.args)
    assert b"hunter22" not in everything(store)


def test_no_digest_of_a_value_that_is_not_there(store: Path) -> None:
    """A digest of the arguments alone would let a short value be guessed."""
    with opened(store) as log:
        made = log.append("tool_call", trace_id="t", tool="mail", args_digest="sha256:x")
        plain = log.append("tool_call", trace_id="t", tool="other", args_digest="sha256:x")
    assert (None, "sha256:x") == (made.args_digest, plain.args_digest)


def test_a_number_within_another_is_another(store: Path) -> None:
    """Words are found anywhere, numbers as a whole."""
    with opened(store) as log:
        log.append("tool_call", trace_id="t", tool="mail", args={"to": 4711})
        made = log.append("prompt", trace_id="t", content="4711, 14711, 47110, 0.4711")
    assert f"[sensitive {made.commitments[0]}], 14711, 47110, 0.4711" == made.content


def test_of_two_values_that_begin_alike_the_whole_one_goes(store: Path) -> None:
    """No rest of the longer one is left."""
    with opened(store) as log:
        made = log.append("prompt", trace_id="t", content="Annabel", mask=["Anna", "Annabel"])
    assert f"[sensitive {made.commitments[0]}]" == made.content
    assert {made.commitments[0]: "Annabel"} == sensitive.opened(store, made.commitments)


def test_sensitive_values_need_a_secret(store: Path) -> None:
    """And places that can be read."""
    with pytest.raises(UsageError, match="no secret"):
        AuditLog(store, "desk", KEY, sensitive=PLACES)
    with AuditLog(store, "desk", KEY, sensitive={"x": Sensitive((), ("args.p",))}) as log:
        log.append("tool_call", trace_id="t", tool="x", args={"p": "hunter22"})
        with pytest.raises(UsageError, match="no secret"):
            log.append("prompt", trace_id="t", mask=["long enough"])
    for place in ("arg.x", "args.", "args[x]", "args x", ""):
        with pytest.raises(UsageError, match="no place"):
            Masker({"x": Sensitive((place,))}, SECRET)


def test_the_side_row_is_on_the_disk_before_its_event(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash in between leaves a value too many, never one too few."""
    import os

    from govern.audit import open_segment

    seen: list[str] = []
    write, fsync = os.write, os.fsync
    with opened(store) as log:
        log.append("tool_call", trace_id="t", tool="mail", args={"to": "ann@example.org"})

        def spied(handle: int, data: bytes) -> int:
            seen.append("row" if b'"salt"' in bytes(data) else "event")
            return write(handle, data)

        def flushed(handle: int) -> None:
            seen.append("flush")
            fsync(handle)

        monkeypatch.setattr(open_segment.os, "write", spied)
        monkeypatch.setattr(open_segment.os, "fsync", flushed)
        log.append("tool_call", trace_id="t", tool="mail", args={"to": "bob@example.org"}, durable=False)
        monkeypatch.undo()
    assert ["row", "flush", "event"] == seen


def test_a_side_table_says_what_is_in_it(store: Path) -> None:
    """Rows, erased ones, a torn end, and lines that are none."""
    with opened(store) as log:
        for to in ("ann@example.org", "bob@example.org"):
            log.append("tool_call", trace_id="t", tool="mail", args={"to": to})
    (path,) = sensitive.files(store)
    sensitive.erase(path, sensitive.read(path).rows[:1])
    path.write_bytes(path.read_bytes() + b'{"x":1}\n{"commit')
    side = sensitive.read(path)
    assert (["bob@example.org"], 1, 8) == ([each.row.value for each in side.rows], side.erased, side.torn)
    assert ("line 3: no row of the side table",) == side.problems
    assert b"ann@" not in path.read_bytes()


def test_a_value_that_was_exchanged_is_not_shown(store: Path) -> None:
    """It does not give the commitment that the event has."""
    with opened(store) as log:
        made = log.append("tool_call", trace_id="t", tool="mail", args={"to": "ann@example.org"})
    (path,) = sensitive.files(store)
    path.write_bytes(path.read_bytes().replace(b"ann@", b"bob@"))
    with pytest.raises(EvidenceError, match="not the one that was committed to"):
        sensitive.opened(store, made.commitments)


def test_a_secret_file_has_32_bytes(tmp_path: Path) -> None:
    """It is made once, for its owner only."""
    path = tmp_path / "secret"
    made = sensitive.new_key(str(path))
    assert (made, 0o600) == (sensitive.read_key(str(path)), path.stat().st_mode & 0o777)
    with pytest.raises(UsageError, match="never overwritten"):
        sensitive.new_key(str(path))
    path.write_bytes(made[1:])
    with pytest.raises(EnvironmentFailed, match="has not 32 bytes"):
        sensitive.read_key(str(path))
    with pytest.raises(EnvironmentFailed, match="cannot be read"):
        sensitive.read_key(str(tmp_path / "none"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES, VALUES, st.text(max_size=20).filter(lambda text: text.isascii()))
def test_no_text_of_a_marked_value_is_left(value: Any, other: Any, around: str) -> None:
    """Whatever stands at the place: none of its longer texts is in what is written, and what is opened is what was."""
    masker = Masker({"x": Sensitive(("args.p",))}, SECRET)
    leaves = [text for text, _, _ in masking._leaves("", value) if len(text) >= 4]
    content = around + around.join(text for text in leaves if not text.lstrip("-").isdigit())
    draft: dict[str, Any] = {
        "event_id": "e", "trace_id": "t", "type": "tool_call", "tool": "x",
        "args": text_of({"p": value, "q": other}), "content": content,
    }  # fmt: skip
    (rows,) = masker.masked([draft])
    assert all(row.opens for row in rows)
    for text in leaves:
        if not text.lstrip("-").isdigit() and text not in around and text not in "[sensitive hmac-sha256:":
            assert text not in draft["content"]
    if value is not None:
        assert json.loads(draft["args"])["p"] == {"$sensitive": rows[0].commitment}
        assert value == rows[0].value


def test_masked_events_are_events(store: Path) -> None:
    """What is written is read again as it was given back."""
    made: list[Event] = []
    with opened(store) as log:
        made.append(log.append("tool_call", trace_id="t", tool="mail", args={"to": "ann@example.org"}))
        made.append(log.append("prompt", trace_id="t", content="to ann@example.org"))
    (path,) = journal.segments(store)[log.writer_id]
    assert made == [canon.event(text) for text, _ in journal.read_segment(path).rows]
    assert mark(made[1].content or "") == made[0].commitments[0]
