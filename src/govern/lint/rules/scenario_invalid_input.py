"""A scenario whose call breaks the tool's own input schema, and that expects something else than `deny`."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Verdict
from govern.charter.schema import closed
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.places import schemas

SEVERITY = Severity.ERROR
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for scenario in charter.scenarios:
        tool = charter.tools.get(scenario.tool.name)
        if tool is None or tool.input is None:
            continue
        expected = scenario.cause.name if scenario.cause is not None else ""
        if scenario.verdict is Verdict.DENY and expected in ("", "invalid_input"):
            continue
        broken = [what for each in schemas(tool.input) for what in _broken(each.schema, scenario.args)]
        if broken:
            wanted = "deny" if scenario.verdict is Verdict.DENY else scenario.verdict.label
            why = f" by `{expected}`" if expected else ""
            message = f"this call is refused for its arguments, not judged as `{wanted}`{why}: {broken[0]}"
            yield Hit(
                message, scenario.tool.at, "give a call that the schema allows, or expect `{deny: invalid_input}`"
            )


def _broken(schema: dict[str, object], args: dict[str, object]) -> list[str]:
    from govern.events.canonical import text_of
    from govern.policy.schema import violations  # loads the validator: only where a scenario needs it

    return violations(text_of(closed(schema)), args)
