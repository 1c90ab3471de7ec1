"""A tool whose name says that its effect leaves the organisation, and that is not marked `external`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter, Tier, Tool
from govern.findings import Confidence, Edit, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.sites import offset
from govern.policy.verbs import words

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

# Alone they say it: what is published or paid is out. `send`, `post`, `share` may stay inside.
_OUTWARD = frozenset({"pay", "payout", "publish", "tweet", "wire"})
_MOVES = frozenset({"email", "forward", "initiate", "make", "post", "reply", "send", "submit", "transfer"})
_ABROAD = frozenset(
    {"email", "fax", "funds", "mail", "money", "newsletter", "payment", "payout", "sms", "tweet", "webhook", "webpage"}
)


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.external or tool.tier is Tier.READ_ONLY or not charter.here(tool.tier_at):
            continue
        said = words(tool.name.rpartition("/")[2])
        abroad = _says(said)
        if abroad and not _denied(tool, charter):
            message = f"`{tool.name}` says `{abroad}`, and nothing marks it as leaving the organisation"
            hint = "add `external: true`, or `external: false` to say that it stays inside"
            yield Hit(message, tool.tier_at, hint, fix=_fix(tool, charter))


def _says(said: list[str]) -> str:
    """The words of a name that tell of an effect outside, or nothing."""
    if not said:
        return ""
    if said[0] in _OUTWARD:
        return said[0]
    thing = next((word for word in said[1:] if word in _ABROAD or word.removesuffix("s") in _ABROAD), "")
    return f"{said[0]} {thing}" if said[0] in _MOVES and thing else ""


def _denied(tool: Tool, charter: Charter) -> bool:
    """Whether the author wrote `external: false`: the value alone does not tell it from silence."""
    lines = [other.at.line for other in charter.tools.values() if other.at.line > tool.at.line]
    source = charter.source
    start = offset(source, tool.at)
    end = source.starts[min(lines) - 1] if lines else len(source.text)
    return re.search(r"(?m)^[^#\n]*\bexternal\s*:\s*false\b", source.text[start:end]) is not None


def _fix(tool: Tool, charter: Charter) -> Fix | None:
    """`external: true` beside the tier, in the mapping's own style."""
    text, at = charter.source.text, tool.tier_at
    end = offset(charter.source, at) + at.end_column - at.column
    before = charter.source.line(at.line)[: at.column - 1]
    found = re.search(r"(?P<indent>^\s*|[{,]\s*)[\"']?tier[\"']?\s*:\s*$", before)
    if found is None or at.end_line != at.line:
        return None
    message = "mark it as external"
    if found["indent"].strip():
        return Fix(message, (Edit(end, end, ", external: true"),))
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end - (text[line_end - 1] == "\r")
    return Fix(message, (Edit(line_end, line_end, f"\n{found['indent']}external: true"),))
