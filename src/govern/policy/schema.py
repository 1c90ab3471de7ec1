"""Input and output schemas: one validator everywhere, linear-time patterns, no network.

JSON Schema 2020-12 by `jsonschema-rs`: formats are asserted, patterns mean what RE2 says (`pattern`), a reference
that is not in the document is refused, `1.0` is an integer, lengths are in code points. The same validator judges
one call and a replay. Leaves out what fills in arguments before (`defaults`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from govern.conditions.inputs import path_text
from govern.errors import AuthorError
from govern.policy.schema_tree import Schema, changed, moved, read

MAX_VIOLATIONS = 10
MAX_MESSAGE = 240  # characters; a value out of a call may be of any length


def validator(schema_text: str) -> Callable[[Any], bool]:
    """A function that says whether a value satisfies a schema.

    Args:
        schema_text: JSON Schema 2020-12, canonical JSON text.

    Raises:
        AuthorError: the schema is none, or refers to something outside itself.
    """
    return built(read(schema_text)).is_valid  # type: ignore[no-any-return]


def every_validator(schema_text: str) -> Callable[[list[Any]], bool]:
    """A function that says whether each of several values satisfies a schema; as `validator` otherwise."""
    one = moved(read(schema_text), "/$defs/one")
    return built({"$defs": {"one": one}, "items": {"$ref": "#/$defs/one"}}).is_valid  # type: ignore[no-any-return]


def violations(schema_text: str, value: Any, *, root: str = "args") -> list[str]:
    """What is wrong with a value, as `path: message`, for people: at most ten lines of bounded length.

    Args:
        schema_text: as of `validator`.
        value: normalised JSON data.
        root: what the value is called.
    """
    schema = read(schema_text)
    errors = islice(built(schema).iter_errors(value), MAX_VIOLATIONS)
    return [f"{shortened(path_text((root, *error.instance_path)))}: {message(error, schema)}" for error in errors]


def message(error: Any, schema: Schema) -> str:
    """What an error of the validator says, of bounded length, with a pattern as it was written; it may quote the value.

    Args:
        error: a `jsonschema_rs.ValidationError`.
        schema: as written.
    """
    import jsonschema_rs

    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Pattern):
        written = _as_written(schema).get(error.kind.pattern, error.kind.pattern)
        return shortened(f"`{shortened(str(error.instance), MAX_MESSAGE // 2)}` does not match `{written}`")
    return shortened(error.message)


def check_usable(schema: Schema) -> None:
    """Refuses a schema that the validator cannot be built from.

    Raises:
        AuthorError: with the reason.
    """
    built(schema)


def shortened(text: str, most: int = MAX_MESSAGE) -> str:
    """A text of at most about so many characters, its middle left out: both ends say what it is about."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[len(text) - most // 2 :]}"


def built(schema: Schema) -> Any:
    import jsonschema_rs

    def refuse(uri: str) -> Any:
        raise ValueError(f"`{uri}` is outside the document")

    try:
        return jsonschema_rs.Draft202012Validator(
            _with_patterns(schema),
            pattern_options=jsonschema_rs.RegexOptions(),
            validate_formats=True,
            retriever=refuse,
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        reason = shortened(str(error).partition("\n")[0])
        raise AuthorError(f"a schema is not usable: {reason}") from None


def _with_patterns(schema: Schema) -> Schema:
    """The schema with its patterns as the validator's engine must read them."""
    from govern.policy.pattern import NotTheSame, for_validator

    def translated(keyword: str, value: Any) -> Any:
        if keyword == "pattern" and isinstance(value, str):
            return for_validator(value)
        if keyword == "patternProperties" and isinstance(value, dict):
            made: dict[str, Any] = {}
            for name, sub in value.items():
                same = for_validator(name)
                while same in made:  # two spellings of one pattern: both count
                    same = f"(?:{same})"
                made[same] = sub
            return made
        return value

    try:
        return changed(schema, translated)
    except (NotTheSame, IndexError) as error:  # an unfinished pattern in a forged document ends too early
        raise AuthorError(f"a pattern of a schema is not usable: {error}") from None


def _as_written(schema: Schema) -> dict[str, str]:
    """The patterns of a schema by what the validator reads instead."""
    from govern.policy.pattern import for_validator

    found: dict[str, str] = {}

    def note(keyword: str, value: Any) -> Any:
        if keyword == "pattern" and isinstance(value, str):
            found[for_validator(value)] = value
        return value

    changed(schema, note)
    return found
