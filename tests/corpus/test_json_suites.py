"""Canonical JSON against two published suites: what is JSON at all, and the canonical text of it."""

from __future__ import annotations

import io
import os
import tarfile
from functools import cache
from pathlib import Path, PurePosixPath

import orjson
import pytest
import zstandard

from govern.events import canonical
from govern.events.canonical import Malformed, parse, text_of

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")


@pytest.fixture(autouse=True, params=["by the library", "by the definition"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of reading, on every document: what is plain may be read by the library."""
    monkeypatch.setattr(canonical, "_orjson", orjson if request.param == "by the library" else None)
    monkeypatch.setattr(canonical, "_WORTH", 2**60)


pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (CORPUS / "suites").is_dir(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]

# Documents that the standard lets a reader accept, refused because two readers take two values.
REFUSED_Y = {
    "y_object_duplicated_key.json": "duplicate_key",
    "y_object_duplicated_key_and_value.json": "duplicate_key",
}

# What RFC 8259 leaves to the reader, decided: refused with this code, or read.
DECIDED_I = {
    "i_number_double_huge_neg_exp.json": "number",
    "i_number_huge_exp.json": "number",
    "i_number_neg_int_huge_exp.json": "number",
    "i_number_pos_double_huge_exp.json": "number",
    "i_number_real_neg_overflow.json": "number",
    "i_number_real_pos_overflow.json": "number",
    "i_number_real_underflow.json": "number",
    "i_number_too_big_neg_int.json": "number",
    "i_number_too_big_pos_int.json": "read",  # 10^20, which a double holds exactly
    "i_number_very_big_negative_int.json": "number",
    "i_object_key_lone_2nd_surrogate.json": "surrogate",
    "i_string_1st_surrogate_but_2nd_missing.json": "surrogate",
    "i_string_1st_valid_surrogate_2nd_invalid.json": "surrogate",
    "i_string_UTF-16LE_with_BOM.json": "encoding",
    "i_string_UTF-8_invalid_sequence.json": "encoding",
    "i_string_UTF8_surrogate_U+D800.json": "encoding",
    "i_string_incomplete_surrogate_and_escape_valid.json": "surrogate",
    "i_string_incomplete_surrogate_pair.json": "surrogate",
    "i_string_incomplete_surrogates_escape_valid.json": "surrogate",
    "i_string_invalid_lonely_surrogate.json": "surrogate",
    "i_string_invalid_surrogate.json": "surrogate",
    "i_string_invalid_utf-8.json": "encoding",
    "i_string_inverted_surrogates_U+1D11E.json": "surrogate",
    "i_string_iso_latin_1.json": "encoding",
    "i_string_lone_second_surrogate.json": "surrogate",
    "i_string_lone_utf8_continuation_byte.json": "encoding",
    "i_string_not_in_unicode_range.json": "encoding",
    "i_string_overlong_sequence_2_bytes.json": "encoding",
    "i_string_overlong_sequence_6_bytes.json": "encoding",
    "i_string_overlong_sequence_6_bytes_null.json": "encoding",
    "i_string_truncated-utf-8.json": "encoding",
    "i_string_utf16BE_no_BOM.json": "encoding",
    "i_string_utf16LE_no_BOM.json": "encoding",
    "i_structure_500_nested_arrays.json": "depth",
    "i_structure_UTF-8_BOM_empty_object.json": "encoding",
}

# Vectors of RFC 8785 that this form refuses, since two readers could take two values: the code, and what has
# to be written otherwise, in input and output alike, to be read.
REFUSED_JCS: dict[str, tuple[str, list[tuple[bytes, bytes]]]] = {
    "structures.json": ("case_twins", [(b'"A":', b'"A_":'), (b'"E":', b'"E_":'), (b'"F":', b'"F_":')]),
    "values.json": ("number", [(b"333333333.33333329", b"333333333.3333333")]),
}


@cache
def members(name: str) -> dict[str, bytes]:
    """The files of a packed suite, by path."""
    with (CORPUS / "suites" / name).open("rb") as packed:
        raw = zstandard.ZstdDecompressor().stream_reader(packed).read()
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        return {
            member.name: file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member)) is not None
        }


def answer(raw: bytes) -> str:
    """`read`, or the code of the refusal; what is read must have a text that is read as the same value."""
    try:
        value = parse(raw)
    except Malformed as error:
        return error.code
    assert value == parse(text_of(value))
    return "read"


def documents(prefix: str) -> dict[str, bytes]:
    found = {PurePosixPath(path).name: raw for path, raw in members("json_parsing.tar.zst").items()}
    return {name: raw for name, raw in found.items() if name.startswith(prefix) and name.endswith(".json")}


def test_the_suite_is_whole() -> None:
    assert 318 == sum(len(documents(prefix)) for prefix in ("n_", "y_", "i_"))
    assert min(len(documents(prefix)) for prefix in ("n_", "y_", "i_")) >= 35


def test_what_is_no_json_is_refused() -> None:
    assert [] == [name for name, raw in documents("n_").items() if answer(raw) == "read"]


def test_what_is_json_is_read_but_for_the_stated_differences() -> None:
    answers = {name: answer(raw) for name, raw in documents("y_").items()}
    assert {name: code for name, code in answers.items() if code != "read"} == REFUSED_Y


def test_what_the_standard_leaves_open_is_decided_as_written_here() -> None:
    assert {name: answer(raw) for name, raw in documents("i_").items()} == DECIDED_I


def vectors() -> dict[str, tuple[bytes, bytes]]:
    """Input and expected output of the canonicalisation vectors, by name."""
    files = {PurePosixPath(path): raw for path, raw in members("jcs_rfc8785.tar.zst").items()}
    return {
        path.name: (raw, files[path.parent.parent / "output" / path.name])
        for path, raw in files.items()
        if path.parent.name == "input"
    }


def test_canonical_texts_are_those_of_the_rfc() -> None:
    """Byte for byte, but for the two that are refused as they stand."""
    found = vectors()
    assert 6 == len(found)
    assert REFUSED_JCS.keys() < found.keys()
    for name, (raw, expected) in found.items():
        if name not in REFUSED_JCS:
            assert expected.decode() == text_of(parse(raw)), name


@pytest.mark.parametrize("name", REFUSED_JCS)
def test_the_refused_vectors_agree_without_what_is_refused(name: str) -> None:
    """Each is refused for one kind of reason only; written otherwise, it has the RFC's text."""
    raw, expected = vectors()[name]
    code, changes = REFUSED_JCS[name]
    assert code == answer(raw)
    for wrong, right in changes:
        assert wrong in raw
        raw, expected = raw.replace(wrong, right), expected.replace(wrong, right)
    assert expected.decode() == text_of(parse(raw))
