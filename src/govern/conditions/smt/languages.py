"""What the functions of the language say of texts, as regular languages, and turned back to what they are given.

Every function here maps texts so that the texts whose result is in a regular language are a regular language again:
`lower` changes each character by itself, `domain` and `url` take a part out that is found in one way only. The
patterns are those that the other engines use (`values`, `times`).
"""

from __future__ import annotations

from functools import lru_cache

from govern.conditions.smt.patterns import found_in, fully
from govern.conditions.smt.regular import (
    EMPTY,
    NONE,
    Regular,
    accepts,
    alt,
    both,
    lowered,
    negation,
    starting,
    written,
)
from govern.conditions.times import RFC3339
from govern.conditions.values import DEVIOUS, DOTTED, EMAIL, PLAIN_PATH, URL, URL_GROUP, domain, lower, url_part


@lru_cache(maxsize=4096)
def given(fn: str, result: Regular) -> Regular:
    """The texts of which a function gives a text of a language.

    Args:
        fn: `lower`, `domain`, `url.host`, `url.scheme` or `url.path`; the last four give nothing for some texts.
    """
    match fn:
        case "lower":
            return lowered(result)
        case "domain":
            return fully(EMAIL, {1: lambda host: both(host, lowered(result))})
        case "url.path":
            plain = both(result, negation(found_in(DEVIOUS)), negation(EMPTY))
            bare = EMPTY if accepts(result, "/") else NONE
            return fully(URL, {URL_GROUP[fn]: lambda path: alt(both(path, plain), bare)})
        case _:
            return fully(URL, {URL_GROUP[fn]: lambda part: both(part, lowered(result))})


def applied(fn: str, text: str) -> str | None:
    """What the function gives of one text."""
    return lower(text) if fn == "lower" else domain(text) if fn == "domain" else url_part(fn, text)


@lru_cache(maxsize=1)
def plain_path() -> Regular:
    """The paths that `within` reads."""
    return both(found_in(PLAIN_PATH), negation(found_in(DOTTED)))


def below(folder: str) -> Regular:
    """A folder and what is in it."""
    return alt(written(folder), starting(folder.rstrip("/") + "/"))


@lru_cache(maxsize=1)
def moment() -> Regular:
    """The form of a point in time; not every text of it is one (the 30th of February)."""
    return fully(RFC3339)
