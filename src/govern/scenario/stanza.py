"""A test as the text of a suite file: what a person pastes under `cases`, and `govern test` reads back as the same.

Leaves out comments, and reading (`charter.suite`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from govern.charter.cases import (
    AllOrSome,
    AnswerStep,
    CallStep,
    Case,
    ExpectRequest,
    ExpectVerdict,
    Person,
    SayStep,
    Step,
    WaitStep,
)
from govern.conditions.steps import moment
from govern.draft.yaml_text import flow, scalar
from govern.policy.durations import span
from govern.policy.terms import Effect

_KEY: Final = re.compile(r"([a-z_]+)\((?:'((?:[^'\\]|\\.)*)'|(args.*))\)")
_LIMITS: Final = {True: "exceeded", False: "free", None: "unknown"}


def stanza(case: Case, indent: str = "  ") -> str:
    """A case as YAML, an item of the list `cases`.

    Args:
        case: of calls as plain JSON data; a single call or a sequence.

    Raises:
        Malformed: an argument that has no canonical form.
    """
    lines = [f"- name: {scalar(case.name)}"]
    if case.tags:
        lines.append(f"  tags: {flow(list(case.tags))}")
    if case.clock_ns is not None:
        lines.append(f"  at: {scalar(moment(case.clock_ns))}")
    if case.session.person is None:
        lines.append("  session: {user: none}")
    single = None if case.sequence else case.steps[0]
    facts = single.facts if isinstance(single, CallStep) else case.facts
    if facts:
        lines.append(f"  given: {flow(dict(facts))}")
    if isinstance(single, CallStep):
        lines += [f"  {line}" for line in _told(single.given)]
        lines.append(f"  call: {flow({single.tool: dict(single.args)})}")
        lines.append(f"  expect: {_verdict(single.expect)}")
    else:
        lines.append("  steps:")
        lines += [f"    - {{{', '.join(_step(step))}}}" for step in case.steps]
    return "".join(f"{indent}{line}\n" for line in lines)


def _told(given: Mapping[str, Any]) -> Iterator[str]:
    """What happened before a call. Of origins, what is not said is unknown; of the rest that it never happened."""
    told: dict[str, dict[str, Any]] = {}
    for key, value in sorted(given.items()):
        match = _KEY.fullmatch(key)
        if match is not None:
            name = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
            told.setdefault(match[1], {})[name] = value
    for fn, key in (("origin", "origins"), ("named_by_user", "named_by_user")):
        if known := {path: value for path, value in told.get(fn, {}).items() if value is not None}:
            yield f"{key}: {flow(known)}"
    inner: dict[str, Any] = {}
    if "exceeded" in told:
        inner["limits"] = {limit: _LIMITS[value] for limit, value in told["exceeded"].items()}
    if "tainted" in told:
        inner["tainted"] = _or_unknown(told["tainted"]["session"])
    for fn in ("calls", "succeeded"):
        if fn in told:
            inner[fn] = {name: _or_unknown(value) for name, value in told[fn].items()}
    if inner:
        yield f"history: {flow(inner)}"


def _or_unknown(value: Any) -> Any:
    return "unknown" if value is None else value


def _step(step: Step) -> Iterator[str]:
    match step:
        case SayStep(text, by, after_s):
            yield f"{by}: {scalar(text)}"
            yield from _after(after_s)
        case CallStep():
            yield f"call: {flow({step.tool: dict(step.args)})}"
            if step.name:
                yield f"as: {scalar(step.name)}"
            yield from _after(step.after_s)
            if step.error is not None:
                yield f"error: {scalar(step.error)}"
            elif step.result is not None:
                yield f"result: {flow(step.result)}"
            if step.released is not None:
                yield f"released: {scalar(step.released)}"
            if step.used_after_s:
                yield f"used_after: {span(step.used_after_s)}"
            yield f"expect: {_verdict(step.expect)}"
        case AnswerStep(people, approve, of, expect, after_s):
            yield f"{'approve' if approve else 'deny'}: {flow([_person(each) for each in people])}"
            yield from _after(after_s)
            yield from _of(of)
            yield f"then: {_request(expect)}"
        case WaitStep(wait_s, of, expect):
            yield f"wait: {span(wait_s)}"
            yield from _of(of)
            if expect is not None:
                yield f"then: {_request(expect)}"


def _after(seconds: int) -> Iterator[str]:
    if seconds:
        yield f"after: {span(seconds)}"


def _of(name: str) -> Iterator[str]:
    if name:
        yield f"of: {scalar(name)}"


def _person(person: Person) -> Any:
    return person.name if person.name == "session.person" else {"person": person.name, "roles": list(person.roles)}


def _verdict(expect: ExpectVerdict | None) -> str:
    """The short form where it says as much, else all that is expected."""
    if expect is None:
        return "any"
    said: dict[str, Any] = {}
    if expect.effect is Effect.DENY and expect.causes:
        said["deny"] = list(expect.causes)
    elif expect.gates is not None and expect.gates.how is AllOrSome.SOME:
        said["approval"] = list(expect.gates.names)
    else:
        said["verdict"] = expect.effect.label
        if expect.gates is not None:
            said["gates"] = list(expect.gates.names) or "none"
    for key, named in (("rules", expect.rules), ("reasons", expect.reasons), ("unknown", expect.unknown)):
        if named is not None:
            said[key] = list(named.names) or "none"
    if expect.tier is not None:
        said["tier"] = expect.tier.value
    return expect.effect.label if said == {"verdict": expect.effect.label} else flow(said)


def _request(expect: ExpectRequest | None) -> str:
    if expect is None:
        return "any"
    said: dict[str, Any] = {}
    if expect.state is not None:
        said["request"] = expect.state
    if expect.refused and expect.refused != "any":  # for any reason it is said alone
        said["refused"] = expect.refused
    if expect.gates:
        said["gates"] = dict(expect.gates)
    if expect.asks is not None:
        said["asks"] = list(expect.asks)
    if said.keys() == {"request"}:
        return str(said["request"])
    return flow(said) if said else "refused"
