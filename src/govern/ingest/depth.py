"""Makes JSON readable that is nested deeper than any reader goes, without losing the row around it.

An agent that nests an argument 200,000 levels deep must not make its run unreadable. What lies deeper than
`LIMIT` is replaced by `NaN`, which no canonical form has; since `LIMIT` is beyond `canonical.MAX_DEPTH`, such
arguments are refused for their depth, and the call stays an event.
"""

from __future__ import annotations

import re
from typing import Final

from govern.events.canonical import MAX_DEPTH

LIMIT: Final = MAX_DEPTH + 72
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def shallow(text: str) -> str:
    """The text with everything below `LIMIT` levels replaced by `NaN`; the same text if nothing is so deep.

    Brackets are counted, not matched: text that is no JSON stays no JSON.
    """
    depth = 0
    kept: list[str] = []
    done = 0
    for token in _TOKEN.finditer(text):
        match token.group()[0]:
            case "[" | "{":
                depth += 1
                if depth == LIMIT:
                    kept += [text[done : token.start()], "NaN"]
            case "]" | "}":
                if depth == LIMIT:
                    done = token.end()
                depth -= 1
            case _:
                pass
    if depth >= LIMIT:  # it ends in the depths
        return "".join(kept)
    return "".join([*kept, text[done:]]) if kept else text
