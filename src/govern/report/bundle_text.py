"""The text of `govern compile` and `govern bundle`: what a bundle is, who signed it, whether it may decide."""

from __future__ import annotations

from collections.abc import Sequence

from govern.compile.bundle import Bundle
from govern.compile.validity import ALWAYS, Window, written
from govern.compile.verify import Outcome, Verified
from govern.events.canonical import digest
from govern.report.bundle_json import counts, files
from govern.report.console import safe
from govern.signing.dsse import Checked, State
from govern.signing.keys import PrivateKey

_STATES = {
    State.REFUSED: "NOT GOOD: a byte was changed",
    State.UNKNOWN_KEY: "by a key that was not given",
    State.NOT_CHECKED: "not checked (--key FILE)",
}
_WORDS = {Outcome.PASS: "", Outcome.FAIL: "FAIL: ", Outcome.NOT_RUN: "not run: "}
_MARGIN = 12


def compiled(bundle: Bundle, keys: Sequence[PrivateKey], now: int) -> str:
    """What was written.

    Args:
        keys: those that signed it just now.
        now: UTC nanoseconds.
    """
    policy = bundle.policy
    lines = [f"{safe(policy.agent)} v{policy.version}: {len(policy.tools)} tools, policy {policy.digest}"]
    if bundle.window != ALWAYS:
        lines.append(_validity(bundle.window, now))
    lines.extend(f"signed by {key.public.keyid} ({safe(key.name)})" for key in keys)
    if bundle.envelope is not None:
        lines.append(f"bundle {bundle.digest}")
    return "\n".join(lines)


def shown(bundle: Bundle, checked: Sequence[Checked], now: int) -> str:
    """What a bundle holds: what it is and who signed it first, then its tools, then what it was made of."""
    policy, charter = bundle.policy, bundle.charter
    lines = [
        f"{safe(policy.agent)} v{policy.version}, {_validity(bundle.window, now)}",
        f"  {safe(policy.purpose)}",
        _row("owner", safe(policy.owner)),
        _row("bundle", bundle.digest),
        _row("policy", policy.digest),
        _row("deployment", charter.deployment or "compiled for none"),
    ]
    if bundle.envelope is None:
        lines.append(_row("signed", "by nobody"))
    for each in checked:
        lines.append(_row("signed", f"{each.signature.keyid}"))
        lines.append(_row("", f"verified by {safe(each.key.name)}" if each.key is not None else _STATES[each.state]))
    said = (f"{name.replace('_', ' ')} {count:,}" for name, count in counts(bundle).items() if count)
    lines += [_row("holds", ", ".join(said)), "", *_tools(bundle), "", "made of"]
    lines += [
        f"  {safe(name)}  {len(text.encode()):,} B  {digest(text)}{_minimum(bundle, name)}"
        for name, text in files(bundle)
    ]
    lines.append("  pinned by its lock" if charter.lock is not None else "  without a lock")
    return "\n".join(lines)


def _row(name: str, text: str) -> str:
    return f"  {name:<{_MARGIN}}{text}"


def _minimum(bundle: Bundle, name: str) -> str:
    return "  (minimum of the deployment)" if name in bundle.charter.minimums else ""


def _tools(bundle: Bundle) -> list[str]:
    rows = [("tool", "tier", "gate", "rules")]
    for name, tool in sorted(bundle.policy.tools.items()):
        tier = tool.tier.value + (", external" if tool.external else "")
        rows.append((safe(name), tier, safe(tool.gate) if tool.gate else "-", str(len(tool.rules))))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)) + f"  {row[3]:>5}"
        for row in rows
    ]


def _validity(window: Window, now: int) -> str:
    refusal = window.refusal(now)
    since = f"from {written(window.not_before)} " if window.not_before is not None else ""
    until = f"until {written(window.expires)}" if window.expires is not None else "without an end"
    if refusal is None:
        return f"valid {since}{until}"
    if window.expires is not None and now >= window.expires:
        return f"EXPIRED: valid {since}{until}"
    return f"NOT VALID YET: valid {since}{until}"


def verified(found: Verified) -> str:
    """Each step with its number, then whether the bundle may decide."""
    lines: list[str] = []
    for number, step in enumerate(found.steps, start=1):
        lines.append(f"{number} {step.id:<{_MARGIN}}{_WORDS[step.outcome]}{safe(step.detail)}")
        if step.hint and step.outcome is not Outcome.PASS:
            lines.append(f"  {'':<{_MARGIN}}hint: {safe(step.hint)}")
    failed = next((step for step in found.steps if step.outcome is Outcome.FAIL), None)
    if failed is not None:
        lines.append(f"refused: {safe(failed.detail)}")
    elif found.bundle is not None:
        policy, end = found.bundle.policy, found.bundle.window.expires
        until = f" until {written(end)}" if end is not None else ""
        unseen = any(step.outcome is Outcome.NOT_RUN for step in found.steps)
        but = "; whether a later version was in force before, nobody looked" if unseen else ""
        lines.append(f"ok: {safe(policy.agent)} v{policy.version} may decide{until}{but}")
    return "\n".join(lines)
