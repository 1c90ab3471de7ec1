"""Which keywords of an input schema arguments fail, and where: without the arguments' own values.

The same validator as everywhere (`policy.schema`), whose messages quote what was wrong; what is sensitive must be
named without that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from govern.conditions.inputs import Path, path_text
from govern.events.canonical import parse, text_of
from govern.policy.schema import built, message, shortened

MOST: Final = 10
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class Failed:
    """A keyword that is not satisfied.

    Args:
        path: of the value, beginning with `args`.
        keyword: of JSON Schema; `false` for a schema that accepts nothing.
        asks: what it is set to in the schema, as JSON; cut where it is long, empty where that is a schema.
        message: the validator's, which may quote the value.
    """

    path: Path
    keyword: str
    asks: str
    message: str

    @property
    def place(self) -> str:
        return path_text(self.path)

    @property
    def asked(self) -> str:
        """The place and what the schema asks for there, without what it got."""
        return f"{self.place}: `{self.keyword}`" + (f" {self.asks}" if self.asks else "")

    @property
    def line(self) -> str:
        """The place and the message."""
        return f"{self.place}: {self.message}"


def failed(schema_text: str, value: Any) -> tuple[Failed, ...]:
    """The first keywords that a value does not satisfy.

    Args:
        schema_text: JSON Schema 2020-12, canonical JSON text.
        value: normalised JSON data.

    Raises:
        AuthorError: the schema is not usable.
    """
    schema = parse(schema_text)
    found: list[Failed] = []
    for error in built(schema).iter_errors(value):
        keyword, asks = _set_to(schema, list(error.schema_path))
        found.append(Failed(("args", *error.instance_path), keyword, asks, message(error, schema)))
        if len(found) == MOST:
            break
    return tuple(found)


def _set_to(schema: Any, path: list[str | int]) -> tuple[str, str]:
    """The keyword at a place of a schema, and what it is set to."""
    words = [step for step in path if isinstance(step, str)]
    keyword = words[-1] if words else "false"
    at = schema
    for step in path:
        match at:
            case dict() if str(step) in at:
                at = at[str(step)]
            case list() if isinstance(step, int) and step < len(at):
                at = at[step]
            case _:
                return keyword, ""
    if isinstance(at, dict) or keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        return keyword, ""
    text = text_of(at)
    return keyword, shortened(text, _LONGEST)
