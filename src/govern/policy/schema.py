"""Input schemas: one validator everywhere, RE2-like linear patterns, no network.

JSON Schema 2020-12 by `jsonschema-rs`; formats are asserted, a reference that is not in the document is
refused. The same validator judges one call and a replay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from govern.errors import AuthorError


def validator(schema_text: str) -> Callable[[Any], bool]:
    """A function that says whether a value satisfies a schema.

    Args:
        schema_text: JSON Schema 2020-12, canonical JSON text.

    Raises:
        AuthorError: the schema is none, or refers to something outside itself.
    """
    from govern.events.canonical import Malformed, parse

    try:
        schema = parse(schema_text)
    except Malformed as error:
        raise AuthorError(f"an input schema is no canonical JSON: {error}") from None
    return _build(schema).is_valid  # type: ignore[no-any-return]


def violations(schema_text: str, value: Any) -> list[str]:
    """What is wrong with a value, as `path: message`, at most ten lines."""
    from govern.events.canonical import parse

    found: list[str] = []
    for error in _build(parse(schema_text)).iter_errors(value):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        found.append(f"args{path}: {error.message}")
        if len(found) == 10:
            break
    return found


def _build(schema: Any) -> Any:
    import jsonschema_rs

    def refuse(uri: str) -> Any:
        raise ValueError(f"`{uri}` is outside the document")

    try:
        return jsonschema_rs.Draft202012Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions(), validate_formats=True, retriever=refuse
        )
    except (ValueError, jsonschema_rs.ValidationError) as error:
        raise AuthorError(f"an input schema is not usable: {error}") from None
