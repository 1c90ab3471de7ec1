"""Input schemas over batches of calls: the validator of one call, on the distinct arguments of a batch.

Equal arguments are judged once. What is left is read as short JSON lists, each judged as a whole; only a list that has
something invalid in it is judged value by value. Leaves out which tool a batch is of, and the verdict.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from govern.events.canonical import Malformed, parse, text_of
from govern.policy.defaults import apply_defaults
from govern.policy.schema import every_validator, validator

# Short lists are garbage before Python's collector looks for it: 4,096 at a time take twice as long as 64.
TOGETHER = 64

# A double from 2**63 on is written like an integer. The validator judges both by the digits and so alike (tests hold it
# to that); what is written again, with defaults, must be the double.
_LONG = "[0-9]{19}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch after defaults and validation, row by row as it came.

    Args:
        invalid: whether the arguments are invalid input.
        texts: the arguments that everything else judges, canonical JSON; the batch itself where no default applied. Of
            a call that would have no canonical form with its defaults, the arguments as they came.
    """

    invalid: pa.BooleanArray
    texts: pa.Array


class Inputs:
    """Judges batches of one tool's arguments.

    Args:
        schema_text: the tool's input schema, as `policy.schema.validator` takes it.

    Raises:
        AuthorError: the schema is not usable.
    """

    def __init__(self, schema_text: str) -> None:
        self._valid = validator(schema_text)
        self._all_valid = every_validator(schema_text)
        self._fill = apply_defaults(schema_text)

    @property
    def fills(self) -> bool:
        """Whether the schema has defaults: `Judged.texts` may then differ from the batch."""
        return self._fill is not None

    def judge(self, texts: pa.Array | pa.ChunkedArray) -> Judged:
        """The calls of one batch.

        Args:
            texts: arguments as canonical JSON, without nulls; a text that is no object is invalid.
        """
        column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        encoded = column.cast(pa.string()).dictionary_encode()
        distinct: list[str] = encoded.dictionary.to_pylist()
        long = self._long(encoded.dictionary)
        fill, bad = self._fill, list[int]()
        filled: dict[int, str] = {}
        clean = True  # whether the last list was: where many are not, one look at each value is the cheaper
        for start in range(0, len(distinct), TOGETHER):
            part = distinct[start : start + TOGETHER]
            exactly = long is not None and not long.isdisjoint(range(start, start + len(part)))
            values = None if exactly else _together(part)
            if values is None:
                values = [_alone(text) for text in part]
            whole = values if fill is None else [None if value is None else fill(value) for value in values]
            if not (clean and None not in whole and self._all_valid(whole)):
                wrong = [start + at for at, value in enumerate(whole) if value is None or not self._valid(value)]
                clean = not wrong
                bad += wrong
            if whole is not values:
                for at, (value, one) in enumerate(zip(values, whole, strict=True), start):
                    if one is not value and one is not None:
                        filled[at] = text_of(one)
        invalid = [False] * len(distinct)
        for at in bad:
            invalid[at] = True
        made = column
        if filled:
            for at, text in filled.items():
                distinct[at] = text
            made = pa.array(distinct, column.type).take(encoded.indices)
        return Judged(pa.array(invalid, pa.bool_()).take(encoded.indices), made)

    def _long(self, texts: pa.Array) -> frozenset[int] | None:
        """The texts that may hold such a double and may be written again; None where there are none."""
        if self._fill is None:
            return None
        found = pc.match_substring_regex(texts, _LONG)
        return frozenset(pc.indices_nonzero(found).to_pylist()) if pc.any(found).as_py() else None


def _together(texts: list[str]) -> list[Any] | None:
    """The objects of several texts; None where they are not one each."""
    try:
        values: list[Any] = json.loads(f"[{','.join(texts)}]")
    except (ValueError, RecursionError):
        return None
    return values if len(values) == len(texts) and set(map(type, values)) == {dict} else None


def _alone(text: str) -> Any:
    """The object of a text, None where it is none."""
    try:
        value = parse(text)
    except Malformed:
        return None
    return value if type(value) is dict else None
