"""What every form of a shadow report says, as plain words: the page and Markdown differ in escaping alone.

Nothing here is harmless yet: names stand in it as others wrote them, and each form makes them so. Leaves out numbers
in rows (each form has its own tables) and what is only in the JSON.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from govern.ingest import Summary
from govern.policy.model import Tier
from govern.replay.calendar import Coverage, Day, State
from govern.replay.details import Place, Shapes
from govern.replay.shadow_model import Appeared, ShadowReport, Unmapped, What

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STATES = {
    State.SIGNED: "signed off",
    State.OPEN: "not signed off",
    State.VOID: "void",
    State.TOO_FEW: "too few calls",
    State.NO_CALLS: "no calls",
    State.NOT_BUSINESS: "no business day",
}


WHAT = {
    What.AGENT: "agent",
    What.TOOL: "tool",
    What.VERDICT: "verdict",
    What.ARGUMENT: "argument",
    What.KIND: "kind of value",
}


def plural(count: int, noun: str) -> str:
    """`1 tool`, `2 tools`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def are(count: int, noun: str) -> str:
    """`1 tool is`, `2 tools are`."""
    return f"{plural(count, noun)} {'is' if count == 1 else 'are'}"


def day(of: date) -> str:
    """`Tue 17 Nov`."""
    return f"{WEEKDAYS[of.weekday()]} {of.day} {MONTHS[of.month - 1]}"


def date_of(number: int) -> date:
    """A day since 1970."""
    return date(1970, 1, 1) + timedelta(days=number)


def when(at_ns: int | None) -> str:
    """`Tue 17 Nov 2026 09:12Z`, in UTC."""
    if at_ns is None:
        return "no time in the log"
    moment = datetime.fromtimestamp(at_ns // 10**9, UTC)
    return f"{day(moment.date())} {moment.year} {moment:%H:%M}Z"


def title(shadow: ShadowReport) -> str:
    """Which charters, and the days that the log covers."""
    names = ", ".join(f"{agent} v{version}" for agent, version, _ in shadow.policies[:4])
    if len(shadow.policies) > 4:
        names += f" and {len(shadow.policies) - 4} more"
    return f"{names}, {span(shadow)}" if shadow.days else names


def span(shadow: ShadowReport) -> str:
    """`16 to 20 Nov 2026`; empty where the log has no times."""
    if not shadow.days:
        return ""
    first, last = (date.fromisoformat(shadow.days[place][0]) for place in (0, -1))
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    begin = str(first.day)
    if (first.year, first.month) != (last.year, last.month):
        begin += f" {MONTHS[first.month - 1]}" + (f" {first.year}" if first.year != last.year else "")
    return f"{begin} to {end}"


def answer(shadow: ShadowReport) -> str:
    """What a reader must know first."""
    if not shadow.calls:
        return "No call was found, so nothing was judged."
    if not shadow.unmapped:
        if not shadow.verdicts.calls:
            return "No charter is for these calls: none of them was judged."
        return "Every action in the log is mapped."
    count = len(shadow.unmapped)
    calls = sum(row.calls for row in shadow.unmapped)
    risky = sum(row.suggested_tier is Tier.IRREVERSIBLE for row in shadow.unmapped)
    said = f"Nobody mapped {plural(count, 'action')} ({plural(calls, 'call')})"
    if risky == count:
        return f"{said}; {'it looks' if count == 1 else 'all of them look'} irreversible."
    return f"{said}; {risky:,} of them look{'s' if risky == 1 else ''} irreversible." if risky else f"{said}."


def advice(row: Unmapped) -> str:
    """What a human does about an unmapped action."""
    if row.why.startswith("`never` names it"):
        return "The charter's `never` already names it. Nothing to map; ask why the agent tries it."
    match row.suggested_tier:
        case Tier.IRREVERSIBLE:
            return "Name the gate that must approve it, or put it under `never`. Until then every call is denied."
        case Tier.REVERSIBLE:
            return "Say how it is undone, and give it a tier with the rules it needs, or put it under `never`."
        case Tier.READ_ONLY:
            return "If it changes nothing anywhere, map it as `read_only`; then say which of its results are sensitive."


def kinds(place: Place) -> str:
    """The kinds of a place's values, the most frequent first, with counts where there are several."""
    if len(place.kinds) == 1:
        return place.kinds[0][0]
    return ", ".join(f"{kind} {count:,}" for kind, count in place.kinds)


def ranges(place: Place) -> str:
    """Between what its values lie: numbers, lengths, the form of texts."""
    parts = [place.form] if place.form else []
    if place.low is not None and place.high is not None:
        parts.append(number(place.low) if place.low == place.high else f"{number(place.low)} to {number(place.high)}")
    if place.shortest is not None and place.longest is not None:
        of = {kind for kind, _ in place.kinds}
        noun = "item" if of & {"list", "array"} else "character"
        if place.shortest == place.longest:
            parts.append(plural(place.longest, noun))
        else:
            parts.append(f"{place.shortest:,} to {plural(place.longest, noun)}")
    return ", ".join(parts)


def number(value: int | float) -> str:
    """A number as people write it: groups of three digits, no more digits than it has."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.15g}"


def different(place: Place) -> str:
    """How many values a place has."""
    return "many values" if place.distinct is None else plural(place.distinct, "value")


def looked_at(shapes: Shapes) -> str:
    """Of how many calls the arguments were looked at, and which could not be."""
    said = f"in {plural(shapes.looked_at, 'call')}"
    if shapes.looked_at < shapes.calls:
        said = f"in {shapes.looked_at:,} of {plural(shapes.calls, 'call')}, chosen by chance"
    for count, what in ((shapes.uncaptured, "not in the log"), (shapes.malformed, "malformed")):
        if count:
            said += f"; {count:,} {what}"
    return said


def shadow_days(found: Coverage) -> str:
    """`4 business days covered, 2 signed off of 5 that are asked for`."""
    said = f"{plural(len(found.covered), 'business day')} covered, "
    if found.needed is None:
        return f"{said}{len(found.signed):,} signed off; the charter asks for none"
    return f"{said}{len(found.signed):,} signed off of {found.needed.business_days:,} that are asked for"


def state(found: Day) -> str:
    """What a day is worth, in words."""
    if found.by is not None:
        return f"{STATES[found.state]} by {found.by.person}"
    words = STATES[found.state]
    if found.state is State.NOT_BUSINESS:
        return found.why
    return words if found.why in ("", words) else f"{words}: {found.why}"


def shown_by(row: Appeared) -> str:
    """How many calls show what appeared, of how many that were looked at."""
    if row.what in (What.ARGUMENT, What.KIND):
        return f"{row.calls:,} of {row.of:,} looked at"
    return f"{row.calls:,}"


def place(file: str, line: int) -> str:
    """Where something stands; line 0 is the file as a whole."""
    return f"{file}:{line}" if line else file


def notes(summary: Summary) -> list[str]:
    """What the logs leave out: what their formats cannot carry, what they could and do not, rows set aside."""
    cannot, could, aside = set[str](), Counter[str](), Counter[str]()
    for file in summary.files:
        if file.format and file.lacks:
            cannot.add(f"{file.format} cannot carry: {file.lacks}")
        for what, count in file.notes.items():
            could[what] += count
        for what, count in file.asides.items():
            aside[what] += count
    return [
        *sorted(cannot),
        *(f"{what}: {count:,}" for what, count in sorted(could.items())),
        *(
            f"rows set aside, which hold nothing an agent did ({what}): {count:,}"
            for what, count in sorted(aside.items())
        ),
    ]


def doubts(shadow: ShadowReport, summary: Summary) -> list[str]:
    """What was not judged or not read, each in a sentence."""
    found = []
    if shadow.not_judged:
        found.append(f"{plural(shadow.not_judged, 'call')} could not be judged.")
    if shadow.malformed:
        found.append(f"{plural(shadow.malformed, 'call')} had malformed arguments; each counts as denied.")
    if summary.refused:
        found.append(f"{plural(summary.refused, 'part')} of the input could not be read.")
    return found
