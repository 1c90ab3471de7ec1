"""Verifying a bundle for who enforces it: numbered steps, each computed again, and what every one of them found.

A pure function of bytes, keys, time and ledger. A step that cannot be taken because another failed is not run, and
what was not run is not passed. Leaves out files and clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from govern.compile import reading
from govern.compile.bundle import Bundle
from govern.compile.validity import Window, written
from govern.compile.versions import Ledger, Refused, admit
from govern.errors import AuthorError
from govern.policy.model import Policy
from govern.signing import dsse
from govern.signing.dsse import Envelope, State
from govern.signing.keys import PublicKey

_T = TypeVar("_T")


class Outcome(StrEnum):
    """How a step ended."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_RUN = "not_run"


STEPS: Final = ("envelope", "signatures", "form", "members", "policy", "sql", "charter", "window", "version")
"""In their order: the signature before anything that is signed is read."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Args:
        id: of STEPS.
        detail: what was found, or why it failed or was not run.
        hint: what to do; may be empty.
    """

    id: str
    outcome: Outcome
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found.

    Args:
        steps: all of STEPS, in order.
        bundle: what was verified; None where it is not whole. Only where `ok` may it decide.
        ledger: to be kept: the one given with this policy seen too, where everything passed; None otherwise, and
            where none was given.
        at: the moment it was verified for, UTC nanoseconds.
    """

    steps: tuple[Step, ...]
    bundle: Bundle | None
    ledger: Ledger | None
    at: int

    @property
    def ok(self) -> bool:
        """Whether every step passed; that of versions may be left out where no ledger was given."""
        outcomes = {step.id: step.outcome for step in self.steps}
        others = (outcomes.get(id) is Outcome.PASS for id in STEPS if id != "version")
        return all(others) and outcomes.get("version") in (Outcome.PASS, Outcome.NOT_RUN)


class _Steps:
    """The steps so far; after one that failed, those that build on it are not run."""

    def __init__(self) -> None:
        self.done: list[Step] = []

    def take(self, id: str, work: Callable[[], tuple[_T, str]]) -> _T | None:
        """What the work found; None where it failed, or an earlier step did."""
        failed = next((step.id for step in self.done if step.outcome is Outcome.FAIL), None)
        if failed is not None:
            self.done.append(Step(id, Outcome.NOT_RUN, f"after {failed}"))
            return None
        try:
            found, detail = work()
        except AuthorError as error:
            self.done.append(Step(id, Outcome.FAIL, error.message, error.hint))
            return None
        self.done.append(Step(id, Outcome.PASS, detail))
        return found


def verify(
    raw: bytes, where: str, keys: Sequence[PublicKey], threshold: int, now: int, ledger: Ledger | None = None
) -> Verified:
    """Verifies the bytes of a bundle's file.

    Args:
        where: how errors call the file.
        keys: the trusted ones.
        threshold: how many different ones of them must have signed.
        now: UTC nanoseconds since 1970.
        ledger: what was seen before; None leaves versions out.

    Raises:
        UsageError: no keys, or a threshold that nothing can meet.
    """
    dsse.enough(keys, threshold)
    steps = _Steps()
    envelope = steps.take("envelope", lambda: _envelope(raw, where))
    steps.take("signatures", lambda: _signatures(_there(envelope), keys, threshold, where))
    document = steps.take("form", lambda: _form(_there(envelope).payload, where))
    steps.take("members", lambda: _members(_there(document), where))
    decided = steps.take("policy", lambda: _policy(_there(document), where))
    steps.take("sql", lambda: _sql(_there(document), _there(decided)[0], where))
    charter = steps.take("charter", lambda: _charter(_there(document), _there(decided)[0], where))
    bundle: Bundle | None = None
    kept: Ledger | None = None
    if envelope is not None and decided is not None and charter is not None:
        bundle = Bundle(decided[0], charter, envelope.payload.decode(), decided[1], envelope)
        window = _window(bundle.window, now)
        version, kept = _version(bundle.policy, ledger)
        steps.done += [window, version]
        if window.outcome is not Outcome.PASS:
            kept = None
    else:
        failed = next(step.id for step in steps.done if step.outcome is Outcome.FAIL)
        steps.done += [Step(each, Outcome.NOT_RUN, f"after {failed}") for each in ("window", "version")]
    return Verified(tuple(steps.done), bundle, kept, now)


def _there(value: _T | None) -> _T:
    """What an earlier step found: a step is only taken where all before it passed."""
    assert value is not None  # noqa: S101
    return value


def _envelope(raw: bytes, where: str) -> tuple[Envelope, str]:
    _, envelope = reading.opened(raw, where)
    if envelope is None:
        hint = "`govern bundle sign` signs it, `govern compile --sign` at once"
        raise AuthorError("the bundle is not signed", where=where, hint=hint)
    return envelope, f"{len(raw):,} B, canonical, {_number(len(envelope.signatures), 'signature')}"


def _signatures(
    envelope: Envelope, keys: Sequence[PublicKey], threshold: int, where: str
) -> tuple[tuple[PublicKey, ...], str]:
    found = dsse.verified(envelope, keys, threshold, where)
    good = tuple(each.key for each in found if each.key is not None)
    others = sum(each.state is State.UNKNOWN_KEY for each in found)
    by = ", ".join(f"{key.name or 'a key'} ({key.keyid[:19]}…)" for key in good)
    more = f"; {others} by keys not given" if others else ""
    return good, f"{len(good)} good, {threshold} needed: {by}{more}"


def _form(payload: bytes, where: str) -> tuple[dict[str, Any], str]:
    document = reading.document_of(payload, where)
    return document, f"{len(payload):,} B, canonical, {document['schema']}, no other members"


def _members(document: dict[str, Any], where: str) -> tuple[bool, str]:
    reading.check_members(document, where)
    return True, f"{', '.join(document['manifest']['members'])} and the whole: digests as in the manifest"


def _policy(document: dict[str, Any], where: str) -> tuple[tuple[Policy, Window], str]:
    policy, window = reading.policy_of(document, where)
    return (policy, window), f"{policy.agent} v{policy.version}, {policy.digest}"


def _sql(document: dict[str, Any], policy: Policy, where: str) -> tuple[bool, str]:
    reading.check_sql(document, policy, where)
    return True, f"{len(document['decision_sql'].encode()):,} B, written again from the policy: the same"


def _charter(document: dict[str, Any], policy: Policy, where: str) -> tuple[Any, str]:
    charter = reading.charter_of(document, policy, where)
    files = _number(1 + len(charter.parts), "file")
    locked = ", locked" if charter.lock is not None else ""
    return charter, f"{charter.file}, {files}{locked}: lowered again, means the policy"


def _window(window: Window, now: int) -> Step:
    refusal = window.refusal(now)
    if refusal is not None:
        return Step("window", Outcome.FAIL, refusal, "compile the charter again with another window")
    since = f" from {written(window.not_before)}" if window.not_before is not None else ""
    until = f" until {written(window.expires)}" if window.expires is not None else " without an end"
    return Step("window", Outcome.PASS, f"valid{since}{until}; it is {written(now)}")


def _version(policy: Policy, ledger: Ledger | None) -> tuple[Step, Ledger | None]:
    if ledger is None:
        detail = "no ledger of versions given: an old bundle cannot be told"
        return Step("version", Outcome.NOT_RUN, detail, "`--seen FILE`"), None
    match admit(ledger, policy):
        case Refused(message, hint):
            return Step("version", Outcome.FAIL, message, hint), None
        case Ledger() as kept:
            highest = ledger.highest(policy.agent)
            if highest is None:
                before = f"`{policy.agent}` was never seen"
            elif highest == policy.version:
                before = "seen before with this policy"
            else:
                before = f"the highest seen was {highest}"
            return Step("version", Outcome.PASS, f"{policy.version}: {before}"), kept


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
