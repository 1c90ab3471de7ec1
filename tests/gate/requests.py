"""Requests for approval to try: gates written short, answers by name and hour."""

from __future__ import annotations

from govern.gate import Answer, Refused, Request, Standing, answered, opened
from govern.policy.model import Deadline, Gate
from govern.policy.terms import Effect

H = 3600 * 10**9
T0 = 1_700_000_000 * 10**9

DENY_8H = (Deadline(8 * 3600, then=Effect.DENY),)
ALLOW_8H = (Deadline(8 * 3600, then=Effect.ALLOW),)


def gate(
    name: str,
    *roles: str,
    quorum: int = 1,
    steps: tuple[Deadline, ...] = DENY_8H,
    confirm: bool = False,
    shared: bool = False,
    needs: bool = False,
    use: int = 15 * 60,
) -> Gate:
    """A gate; without roles, of the role that is called like it."""
    who = () if confirm else roles or (name,)
    return Gate(name, who, quorum, steps, confirm, shared, needs, use)


def request(
    *gates: Gate,
    asks: tuple[str, ...] = (),
    person: str | None = "mia",
    chain: tuple[str, ...] = ("desk", "svc-desk"),
    silence: bool = False,
    told: bool = True,
) -> Request:
    """A request at T0; without `asks`, of all gates."""
    every = {each.name: each for each in gates}
    return Request(every, asks or tuple(every), T0, person, frozenset(chain), silence, told)


def asked(*gates: Gate, **more: object) -> Standing:
    """The same, just opened."""
    return opened(request(*gates, **more))  # type: ignore[arg-type]


def yes(person: str, *roles: str, at: int = T0 + H) -> Answer:
    return Answer(person, frozenset(roles), True, at)


def no(person: str, *roles: str, at: int = T0 + H) -> Answer:
    return Answer(person, frozenset(roles), False, at)


def after(standing: Standing, *answers: Answer) -> Standing:
    """With answers that all count."""
    for each in answers:
        made = answered(standing, each)
        assert not isinstance(made, Refused), made.why
        standing = made
    return standing


def why(standing: Standing, answer: Answer) -> str:
    """Why an answer does not count."""
    made = answered(standing, answer)
    assert isinstance(made, Refused)
    return made.why.value
