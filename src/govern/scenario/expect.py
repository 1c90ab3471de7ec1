"""Compares what a test expects with what came: every part that differs is a failure of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from govern.charter.cases import AllOrSome, ExpectVerdict, Named
from govern.policy.verdict import Verdict

Difference = tuple[str, str, str]
"""What differs (`Failure.what`), what was expected, what came."""


def differences(expected: ExpectVerdict, verdict: Verdict) -> Iterator[Difference]:
    """What of a verdict is not as expected. Where the effect differs, its causes are not compared too."""
    if expected.effect is not verdict.effect:
        yield "verdict", wanted(expected), told(verdict)
        return
    found = {*verdict.rules, *verdict.reasons}
    if any(cause not in found for cause in expected.causes):
        yield "cause", listed(expected.causes), listed((*verdict.rules, *verdict.reasons))
    for what, names, got in (
        ("gates", expected.gates, verdict.gates),
        ("rules", expected.rules, verdict.rules),
        ("reasons", expected.reasons, verdict.reasons),
        ("unknown", expected.unknown, verdict.unknown),
    ):
        if names is not None and not fits(names, got):
            only = " (and no other)" if names.how is AllOrSome.ALL and names.names else ""
            yield what, f"{listed(names.names)}{only}", listed(got)
    if expected.tier is not None and expected.tier is not verdict.tier:
        yield "tier", expected.tier.value, verdict.tier.value if verdict.tier else "none: the tool is unmapped"


def fits(expected: Named, got: Iterable[str]) -> bool:
    """Whether names are as expected."""
    wanted, found = set(expected.names), set(got)
    return wanted == found if expected.how is AllOrSome.ALL else wanted <= found


def wanted(expected: ExpectVerdict) -> str:
    """An expected verdict in words: `approval (team-lead)`."""
    effect = expected.effect.label
    named = (*(expected.gates.names if expected.gates else ()), *expected.causes)
    named = (*named, *(name for each in (expected.rules, expected.reasons) if each for name in each.names))
    return f"{effect} ({', '.join(dict.fromkeys(named))})" if named else effect


def told(verdict: Verdict) -> str:
    """A verdict in words: `deny (own-customer)`, `approval (team-lead)`, `allow (autonomous)`."""
    named = verdict.gates or verdict.rules or verdict.reasons
    return f"{verdict.effect.label} ({', '.join(named)})"


def listed(names: Iterable[str]) -> str:
    """Names in words; `none` where there are none."""
    return ", ".join(names) or "none"
