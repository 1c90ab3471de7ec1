"""What is new in the last seven days of a log: agents, tools, verdicts on a tool, places and kinds of its arguments.

Days are those of the deployment's wall clock; seven of them end with the last day that has a call. Of agents, tools
and verdicts every call counts. Of arguments only the calls that are looked at do, in these days and before: what is
said of them is said of those, with how many they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from govern.replay.groups import Policies, Replayed, Seen
from govern.replay.looked import WEEK, Looked
from govern.replay.shadow_model import Appeared, New, What
from govern.replay.shapes import kinds_by_place

ROWS = 200
_LEAST_BEFORE = 10  # calls that were looked at before: of fewer, nearly every place of the later ones would be new
_Where = tuple[str | None, str]


def appeared(replayed: Replayed, policies: Policies) -> New:
    """What is new.

    Args:
        replayed: what either engine found.
        policies: the same that it judged by.
    """
    days = {key.day for key in replayed.groups if key.day is not None}
    if not days:
        return New(why_not="the log has no times")
    last = max(days)
    since = date(1970, 1, 1) + timedelta(days=last - WEEK + 1)
    if min(days) > last - WEEK:
        return New(why_not="the log covers seven days or less: there is nothing before to compare with")
    old: set[tuple[str | None, ...]] = set()
    recent: dict[tuple[str | None, ...], Seen] = {}
    for key, seen in replayed.groups.items():
        judgement = policies.judge(key)
        label = None if judgement is None else judgement.label
        for what in ((key.agent,), (key.agent, key.tool), (key.agent, key.tool, label)):
            if key.day is not None and key.day > last - WEEK:
                recent.setdefault(what, Seen()).merge(seen)
            else:  # of calls without a time nobody knows that they were not before
                old.add(what)
    rows = [row for what, seen in recent.items() if (row := _row(what, seen, recent, old, policies)) is not None]
    for where in sorted(replayed.looked, key=str):
        if where in old and where in recent:
            rows += _arguments(where, replayed.looked[where], last, recent[where], policies)
    order = list(What)
    rows.sort(key=lambda row: (order.index(row.what), row.mapped, -row.calls, row.agent or "", row.tool, row.name))
    return New(tuple(rows[:ROWS]), since)


def _row(
    what: tuple[str | None, ...],
    seen: Seen,
    recent: Mapping[tuple[str | None, ...], Seen],
    old: set[tuple[str | None, ...]],
    policies: Policies,
) -> Appeared | None:
    """A row for what is new where what it is of is not: a new agent's tools are all new."""
    if what in old or (len(what) > 1 and what[:-1] not in old):
        return None
    agent, tool = what[0], (what[1] or "") if len(what) > 1 else ""
    kind = (What.AGENT, What.TOOL, What.VERDICT)[len(what) - 1]
    name = (what[2] or "not judged") if kind is What.VERDICT else ""
    of = recent[what[:2]].calls if kind is What.VERDICT else seen.calls
    mapped = policies.maps(agent, tool) if tool else True
    return Appeared(kind, agent, tool, name, seen.calls, of, 0, seen.first_ns, seen.samples, mapped)


def _arguments(where: _Where, looked: Looked, last: int, seen: Seen, policies: Policies) -> Iterable[Appeared]:
    before, known = kinds_by_place(looked.before(last))
    now, found = kinds_by_place(looked.recent(last))
    if before < _LEAST_BEFORE:
        return
    agent, tool = where
    mapped = policies.maps(agent, tool)
    for path, kinds in sorted(found.items()):
        above = path.rpartition(".")[0] if "." in path else path.removesuffix("[]") if path.endswith("[]") else ""
        if path not in known:
            if above and above not in known:  # said of the place above
                continue
            yield Appeared(What.ARGUMENT, agent, tool, path, kinds[""], now, before, None, (), mapped)
            continue
        for kind, calls in sorted(kinds.items()):
            if kind and kind not in known[path]:
                yield Appeared(What.KIND, agent, tool, f"{path}: {kind}", calls, now, before, None, (), mapped)
