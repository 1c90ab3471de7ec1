"""Who may sign off a charter's shadow days: an authenticated holder of the reviewer's role who is not its author.

A charter names roles, never people. Its author is who signed its bundle, where the deployment knows the key; of
anything else nobody can say who wrote it, so whoever holds the `owner` role is taken for its author.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from govern.charter.deployment import Deployment
from govern.charter.model import Charter
from govern.compile.sign_off import whose
from govern.signing import dsse
from govern.signing.dsse import Envelope
from govern.signing.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Authors:
    """Who may have written a charter.

    Args:
        people: their identities.
        why: what makes them so, in words.
        signed: whether they signed it; else they are only taken for its authors.
    """

    people: frozenset[str]
    why: str
    signed: bool


def authors(
    charter: Charter, deployed: Deployment, envelope: Envelope | None, people: Mapping[str, Sequence[PublicKey]]
) -> Authors:
    """Who may have written a charter.

    Args:
        envelope: of its bundle, where it came as a signed one.
        people: keys by identity, of the deployment.
    """
    keys = [key for theirs in people.values() for key in theirs]
    checked = dsse.check(envelope, keys) if envelope is not None else ()
    signers = {whose(each.key, people) for each in checked if each.key is not None}
    if signers - {None}:
        return Authors(
            frozenset(name for name in signers if name is not None), "signed the bundle of this charter", True
        )
    return Authors(held(deployed, charter.owner.name), f"holds `{charter.owner}`, which owns this charter", False)


def held(deployed: Deployment, role: str) -> frozenset[str]:
    """Who holds a role."""
    found = deployed.roles.get(role)
    return frozenset(word.name for word in found.people) if found is not None else frozenset()


def refusal(person: str, charter: Charter, deployed: Deployment, wrote: Authors) -> str:
    """Why a person may not sign off shadow days of a charter, in words; empty where they may."""
    if charter.shadow is None:
        return f"`{charter.agent}` has no `shadow`: nobody is named who signs off"
    role = charter.shadow.reviewer.name
    if person not in held(deployed, role):
        return f"`{person}` does not hold `{role}`, the role that signs off"
    if person in wrote.people:
        return f"`{person}` {wrote.why}, and nobody signs off what they wrote"
    return ""
