"""One decision in process, on parsed arguments; with input schemas; and with ten, a hundred, a thousand tools."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from govern.policy.engine import Engine
from govern.policy.model import Policy

from . import easy, hard, sets
from .hard_schemas import SCHEMAS
from .table import Line, Size, agree, side_by_side

Calls = list[tuple[str, dict[str, Any]]]
TOOLS = (10, 100, 1000)


def lines(size: Size) -> list[Line]:
    """The easy set, the hard set, the hard set with a schema for every tool."""
    valid = by_hand_validators()

    def with_schemas(tool: str, args: dict[str, Any]) -> str:
        return hard.by_hand(tool, args) if valid[tool](args) else "deny"

    return [
        *_lines("one decision, easy set, 30 tools, 12 rules", easy.policy(), easy.calls(size.calls), easy.by_hand,
                size),
        *_lines("one decision, hard set, 100 tools, 66 rules", hard.policy(), hard.calls(size.calls), hard.by_hand,
                size, most=2.0),
        *_lines("the same, an input schema on every tool", hard.policy(schemas=True), hard.calls(size.calls),
                with_schemas, size, most=4.0),
    ]  # fmt: skip


def growth(size: Size) -> list[Line]:
    """The easy rules in charters of more and more tools: the time of a decision is that of one tool."""
    lines: list[Line] = []
    first: float | None = None
    calls = easy.calls(size.calls)
    rules = easy.policy().tools[easy.RULED[0]].rules
    for count in TOOLS:
        plain = easy.policy().tools[easy.TOOLS[-1]]
        names = [f"tool_{index:04d}" for index in range(count)]
        tools = {name: replace(plain, name=name, rules=rules) for name in names}
        engine = Engine(replace(easy.policy(), tools=tools))
        # Ten of them are called, the first and the last among them: others are only there.
        called = [names[(count - 1) * index // (TOOLS[0] - 1)] for index in range(TOOLS[0])]
        spread = [(called[index % TOOLS[0]], args) for index, (_, args) in enumerate(calls)]
        found = Counter(engine.decide(tool, args).effect.label for tool, args in spread)
        hand = Counter("approval" if args["amount"] > 500 else "allow" for _, args in spread)
        agree(f"{count} tools", {"ours": found, "by hand": hand})
        each = _median_call(engine.decide, spread)
        first = first or each
        lines.append(
            Line(f"one decision among {count:,} tools, median, ratio to {TOOLS[0]}", _bytes(spread), f"{each:.2f} µs",
                 ratio=each / first, target="flat: ≤ 1.3 ×", met=each / first <= 1.3)
        )  # fmt: skip
    return lines


def by_hand_validators() -> dict[str, Callable[[Any], bool]]:
    """The library's own validator for every tool of the hard set, as one would call it."""
    import jsonschema_rs

    made = {name: jsonschema_rs.Draft202012Validator(schema).is_valid for name, schema in SCHEMAS.items()}
    return {name: made[name.partition("_")[0]] for name in sets.hard_set().policy.tools}


def _lines(
    what: str, policy: Policy, calls: Calls, by_hand: Callable[[str, dict[str, Any]], str], size: Size,
    most: float | None = None,
) -> list[Line]:  # fmt: skip
    """The median call, to which the target belongs, and the mean of all, in which the rare and slow ones weigh."""
    engine = Engine(policy)
    agree(what, {
        "ours": Counter(engine.decide(tool, args).effect.label for tool, args in calls),
        "by hand": Counter(by_hand(tool, args) for tool, args in calls),
    })  # fmt: skip

    def hand() -> None:
        for tool, args in calls:
            by_hand(tool, args)

    mine, theirs = (
        taken / len(calls) * 1e6 for taken in side_by_side(size.rounds, lambda: _decide_all(engine, calls), hand)
    )
    middle, middle_hand = _median_call(engine.decide, calls), _median_call(by_hand, calls)
    target, met = ("", None) if most is None else (f"≤ {most:g} µs", middle <= most)
    length = _bytes(calls)
    return [
        Line(f"{what}, median", length, f"{middle:.2f} µs", f"{middle_hand:.2f} µs", middle / middle_hand, target, met),
        Line(f"{what}, mean", length, f"{mine:.2f} µs", f"{theirs:.2f} µs", mine / theirs),
    ]


def _median_call(decide: Callable[[str, dict[str, Any]], Any], calls: Calls) -> float:
    """The median over calls, each taken once and alone, less what reading the clock takes; in microseconds."""
    clock = time.perf_counter_ns
    empty, taken = [], []
    for tool, args in calls:
        start = clock()
        empty.append(clock() - start)
        start = clock()
        decide(tool, args)
        taken.append(clock() - start)
    return max(statistics.median(taken) - statistics.median(empty), 1) / 1000


def _decide_all(engine: Engine, calls: Calls) -> None:
    decide = engine.decide
    for tool, args in calls:
        decide(tool, args)


def _bytes(calls: Calls) -> float:
    return sum(len(json.dumps(args, separators=(",", ":"))) for _, args in calls) / len(calls)
