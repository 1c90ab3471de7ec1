"""The closed vocabulary: the keys of every level, those that are planned, and the characters of names.

A key that is not here is an error. Leaves out the keys of JSON Schema (`schema`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the file.

    Args:
        what: how messages call it, with its article.
        required: keys that must be there.
        optional: keys that may be there.
        planned: keys of the language that are not built yet: refused, with a hint that says so.
    """

    what: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


CHARTER = Level(
    "a charter",
    required=("govern", "agent", "version", "purpose", "owner", "roles", "tools"),
    optional=("approvals", "rules", "never"),
    planned=(
        "extends", "uses", "identity", "facts", "limits", "records", "untrusted", "escalation", "shadow", "scenarios",
        "base", "library",
    ),
)  # fmt: skip
GATE = Level("a gate", ("roles", "if_no_answer"), ("quorum",), ("confirm", "shared"))
STEP = Level("a step of `if_no_answer`", ("after",), ("ask", "then"))
TOOL = Level(
    "a tool",
    ("tier",),
    ("external", "approval", "autonomous", "input", "rules"),
    ("output", "credentials", "show_only_if", "hide", "sensitive", "secret"),
)
ASK = Level("an approval", ("ask",), ("unless",))
AUTONOMOUS = Level("`autonomous`", ("because",))
OWN_RULE = Level("a rule", ("id",), ("when", "then", "only_if", "otherwise", "because"))
RULE = Level("a rule", ("id", "tools"), ("when", "then", "only_if", "otherwise", "because"))
EFFECT = Level("an effect", ("approval",), (), ("tier",))
NEVER = Level("a `never`", ("tools",), ("because",))

# A role, a gate, a rule: lower-case words, so that two names never differ by case alone.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
NAME_WORDS = "a lower-case letter, then at most 63 of a-z, 0-9, `_`, `-`"
# As logs write agents' names.
AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
AGENT_WORDS = "at most 128 of A-Z, a-z, 0-9, `.`, `_`, `-`, not beginning with a sign"
# What the Model Context Protocol allows in a tool's name (SEP-986), `server/name` where a server is known.
TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
TOOL_WORDS = "`name` or `server/name` of A-Z, a-z, 0-9, `_`, `.`, `-`, at most 128"
TOOL_GLOB = re.compile(r"[A-Za-z0-9_.*?-]+(?:/[A-Za-z0-9_.*?-]+)*")
TOOL_MAX = 128
DURATION = re.compile(r"([1-9][0-9]{0,6})(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAX_SECONDS = 366 * 86400
