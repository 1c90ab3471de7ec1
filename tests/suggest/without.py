"""Charters with a tool taken out, and all that names it: what somebody would have before the tool was mapped."""

from __future__ import annotations

from collections.abc import Callable

from govern.charter.load import Loaded
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Scalar, Seq, parse
from govern.findings import Edit, Fix
from govern.lint import cuts
from govern.lint.mend import edited

_ROUNDS = 60


def without(text: str, tool: str, load: Callable[[str], Loaded]) -> str | None:
    """The text without a tool; None where too much hangs on it."""
    charter = load(text).charter
    assert charter is not None
    cut = cuts.entry(charter.source, charter.tools[tool].at)
    if cut is None:
        return None
    text = _without_scenarios(edited(text, [Fix("", (cut,))]), tool)
    for _ in range(_ROUNDS):
        loaded = load(text)
        if loaded.charter is not None:
            return text
        found = next((each for each in loaded.findings if each.rule == "undefined-tool"), None)
        edit = cuts.item(Source.of(text, "charter.yaml"), found.location) if found is not None else None
        if edit is None:
            return None
        text = edited(text, [Fix("", (edit,))])
    return None


def _without_scenarios(text: str, tool: str) -> str:
    """Without the scenarios that call it."""
    source = Source.of(text, "charter.yaml")
    root = parse(source)[0]
    assert isinstance(root, Map)
    found = next((value for key, value in root.entries if key.value == "scenarios"), None)
    if not isinstance(found, Seq):
        return text
    edits = []
    for item in found.items:
        call = (
            next((value for key, value in item.entries if key.value == "call"), None) if isinstance(item, Map) else None
        )
        if isinstance(call, Map) and any(isinstance(key, Scalar) and key.value == tool for key, _ in call.entries):
            line, last = source.position(item.start)[0], source.position(item.end - 1)[0]
            end = source.starts[last] if last < len(source.starts) else len(text)
            edits.append(Edit(source.starts[line - 1], end, ""))
    if len(edits) == len(found.items):
        return text
    return edited(text, [Fix("", tuple(edits))])
