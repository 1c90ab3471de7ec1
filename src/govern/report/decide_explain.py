"""`govern decide --explain` for people: each part of each condition, then what would lead to another verdict.

Leaves out the verdict itself (`decide_text`). Nothing is said by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from govern.conditions.inputs import Path, history_key, path_of
from govern.conditions.steps import Element, State, Step, Value
from govern.conditions.tree import Call, Has, walk
from govern.conditions.zones import CLOCK
from govern.policy.engine import Engine
from govern.policy.explanation import Explanation, Way
from govern.policy.explanation.needs import How, Need
from govern.policy.model import Effect, Limit, ToolPolicy
from govern.policy.verdict import Verdict
from govern.report import decide_words as words
from govern.report.console import safe
from govern.report.lines import Line, columns

_STYLES = {True: ("true", "green"), False: ("false", "red"), None: ("unknown", "yellow")}
_WIDE = 58  # columns of a part's text before its values go below it
_WHOLE = 112  # columns of both
_TURNS = 6
_Row = tuple[int, tuple[str, str], str, list[str]]  # indentation, truth with its style, text, values


def show(
    engine: Engine,
    tool: str,
    verdict: Verdict,
    made: Explanation,
    write: Callable[[Line], None],
    *,
    options: bool = True,
) -> None:
    """Writes the explanation of a verdict.

    Args:
        options: say which option of `govern decide` would tell what is not known.
    """
    for line in _Shown(engine, tool, verdict, made, options).lines():
        write(line)


class _Shown:
    def __init__(self, engine: Engine, tool: str, verdict: Verdict, made: Explanation, options: bool) -> None:
        self.options = options
        self.policy = engine.policy
        self.zone = engine.zone
        self.tool = self.policy.tools.get(tool)
        self.verdict = verdict
        self.made = made

    def lines(self) -> Iterator[Line]:
        if self.made.malformed:
            yield from _head("What would have to differ")
            yield Line("  Arguments that have one reading. No condition was looked at: nobody knows of what values.")
            return
        if self.tool is not None:
            yield from self.conditions(self.tool)
        yield from self.missing()
        yield from self.looser()
        yield from self.stricter()

    # -- conditions --

    def conditions(self, tool: ToolPolicy) -> Iterator[Line]:
        asking = sorted((part for part in self.made.parts if part.applies), key=lambda part: not part.decides)
        silent = [part for part in self.made.parts if not part.applies]
        if asking:
            yield from _head("Conditions that ask for something, and the value of every part")
        for part in asking:
            state = "decides" if part.decides else "does not decide, something stricter does"
            name = words.name(part.rule, tool)
            yield Line("  ", (name, "bold"), f": {words.asks(part.rule, tool)}; ", (state, "bold"))
            yield from _table(list(self.rows(part.root, 0)))
        if silent:
            yield from _head("Conditions that ask for nothing now")
        for part in silent:
            yield Line("  ", (words.name(part.rule, tool), "bold"), f": {words.asks(part.rule, tool)}")
            yield from _table(list(self.rows(part.root, 0)))

    def rows(self, step: Step, depth: int) -> Iterator[_Row]:
        values = self.readings(step.values)
        if isinstance(step.node, Call) and step.node.fn == "exceeded":
            values[:0] = [
                words.bound(each, next((one for one in self.verdict.counters if one.limit == each.id), None))
                for each in self.policy.limits
                if path_of(step.node) == _key(each)
            ]
        if step.truth is None and step.values and not step.elements and not any(map(_is_missing, step.values)):
            values.append("of kinds that this does not compare")
        yield depth, _STYLES[step.truth], words.condition(step.text, 96 if step.parts else None), values
        for part in step.parts:
            yield from self.rows(part, depth + 2)
        for element in step.elements:
            yield depth + 2, ("", ""), self.item(element, step.items or 0), []
            yield from self.rows(element.step, depth + 4)

    def readings(self, values: Sequence[Value]) -> list[str]:
        """What was read; a function without a result is left out where what it is applied to says why."""
        gaps = any(_is_missing(value) and value.state is not State.UNKNOWN for value in values)
        told = [value for value in values if not (gaps and value.state is State.UNKNOWN)]
        return [said for value in told if (said := words.reading(value, self.made.hidden))]

    def item(self, element: Element, count: int) -> str:
        said = words.shown(element.item, self.made.hidden)
        return f"item {element.index + 1} of {count}: {safe(element.item.text)} {said}"

    # -- what is not known --

    def missing(self) -> Iterator[Line]:
        """Where values would come from that conditions asked for and did not get."""
        rows: dict[str, str] = {}
        for part in self.made.parts:
            for step in part.root.walk() if part.applies else ():
                looked_for = step.truth is None and part.root.truth is None
                for value in step.values:
                    fact = value.path is not None and value.path[0] in self.policy.facts
                    if (looked_for or (isinstance(step.node, Has) and fact)) and value.path and _is_missing(value):
                        rows.setdefault(words.condition(value.text), self.told(self.source(value)))
                clocks = [node for node in walk(step.node) if isinstance(node, Call) and node.fn in CLOCK]
                if looked_for and clocks and self.zone is None:
                    rows.setdefault("local time", self.told("the deployment's time zone; here `--deployment`"))
        if rows:
            yield from _head("Not known, and who would say it")
            room = max(map(columns, rows))
            for name, said in rows.items():
                yield Line(f"  {name}{' ' * (room - columns(name) + 3)}", (said, "dim"))

    def told(self, source: str) -> str:
        return source if self.options else source.partition("; here ")[0]

    def source(self, value: Value) -> str:
        root = str(value.path[0]) if value.path else ""
        fact = self.policy.facts.get(root)
        if fact is not None and fact.result_of:
            tools = [safe(tool) for tool in fact.result_of]
            more = f" or {len(tools) - 2} more" if len(tools) > 2 else ""
            return f"a result of {' or '.join(tools[:2])}{more}; here `--facts`"
        if fact is not None:
            return "the host, for the session; here `--facts`"
        if root == "args":
            return "the caller, as an argument"
        if root == "at":
            return "the call's own time; here `--at`"
        return "what happened before the call; here `--history`, or `--first` if nothing did"

    # -- other verdicts --

    def looser(self) -> Iterator[Line]:
        if self.made.looser:
            yield from _head("What would have to differ, all else as it is")
        for way in self.made.looser:
            yield from self.way(way)
        if self.made.nearest:
            yield Line(f"  names like it: {', '.join(safe(name) for name in self.made.nearest)}")

    def way(self, way: Way) -> Iterator[Line]:
        if way.fixed:
            yield Line("  ", (f"{way.effect.label}: ", "bold"), words.never(way.fixed[0]))
            for more in way.fixed[1:]:
                yield Line("    and ", words.never(more).removeprefix("never; "))
            return
        needs: dict[str, tuple[Need, list[str]]] = {}
        for index, need in way.needs:
            # Several conditions may need the same, and what all have to hold lies side by side.
            for each in need.parts if need.how is How.ALL else (need,):
                rule = self.made.parts[index].rule
                same = needs.setdefault(words.needed(each), (each, []))
                same[1].append(safe(rule.id) if rule is not None else "gate")
        goal = words.verdict(way.effect.label, way.gates) + (" alone" if way.gates else "")
        several = len(needs) + len(self.made.problems) * (not way.valid) > 1
        yield Line("  ", (f"{goal} needs", "bold"), " all of:" if several else ":")
        for problem in () if way.valid else self.made.problems:
            yield Line(f"    - {safe(problem.asked)}", ("   [input schema]", "dim"))
        if not way.valid and not self.made.problems:
            yield Line("    - arguments that have one reading with the defaults of the input schema")
        for need, of in needs.values():
            yield from self.need(need, 4, ", ".join(dict.fromkeys(of)))
        for trial in way.trials:
            yield Line("    verified: ", (words.trial(trial), "green"))
        if not way.trials:
            tried = (
                f"{self.made.tried:,} changes were tried; none gave it" if self.made.tried else "no change was found"
            )
            yield Line(f"    {tried}, which proves nothing")

    def need(self, need: Need, indent: int, of: str = "") -> Iterator[Line]:
        margin, owner = " " * indent + "- ", (f"   [{of}]" if of else "", "dim")
        if need.how is not How.FACT:
            yield Line(margin, "all of these:" if need.how is How.ALL else "one of these:", owner)
            for part in need.parts:
                yield from self.need(part, indent + 4)
            return
        values = "; ".join(self.readings(need.values))
        line, now = Line(margin, words.condition(need.text), owner), f"now {values}" if values else ""
        if now and line.columns + columns(now) + 3 <= _WHOLE:
            yield line.append("   " + now, "dim")
        else:
            yield line
            if now:
                yield Line(" " * (indent + 4), (now, "dim"))
        if need.element is not None and need.items:
            yield Line(" " * (indent + 4), (self.item(need.element, need.items), "dim"))

    def stricter(self) -> Iterator[Line]:
        if self.verdict.effect is Effect.DENY or not (self.made.turns or self.made.stricter):
            return
        yield from _head("What would make it stricter, all else as it is")
        for turn in self.made.turns[:_TURNS]:
            rule = self.made.parts[turn.part].rule
            effect = words.verdict(turn.effect.label, turn.gates)
            owner = f"   [{safe(rule.id) if rule is not None else 'gate'}]"
            yield Line("  ", (effect, "bold"), f" if {words.needed(turn.need)}", (owner, "dim"))
        if len(self.made.turns) > _TURNS:
            yield Line(f"  and {len(self.made.turns) - _TURNS} more conditions, shown above")
        for trial in self.made.stricter:
            yield Line("    verified: ", (words.trial(trial), "yellow"))


def _table(rows: list[_Row]) -> Iterator[Line]:
    """Parts below each other, what they read beside them, or below where that is long."""
    widths = [depth + columns(text) for depth, _, text, values in rows if values]
    room = max((width for width in widths if width <= _WIDE), default=0)
    for depth, (word, style), text, values in rows:
        line = Line("    ", (f"{word:<9}", style), " " * depth, text)
        said = "; ".join(values)
        if said and depth + columns(text) <= _WIDE and 16 + room + columns(said) <= _WHOLE:
            yield line.append(" " * (room - columns(text) - depth + 3)).append(said, "dim")
            continue
        yield line
        for value in values:
            yield Line(" " * (15 + depth), (value, "dim"))


def _head(text: str) -> Iterator[Line]:
    yield Line()
    yield Line((text, "bold"))


def _key(limit: Limit) -> Path:
    return (history_key("exceeded", limit.id),)


def _is_missing(value: Value) -> bool:
    return value.state is not State.VALUE
