"""What was signed off, as a store has it, judged anew: whose key, who may, which log, which charter.

Nothing that an event says of itself is believed but what its signature covers. A sign-off that does not count is kept
with the reason, and one that cannot even be read is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from govern.audit.read import files, read_events
from govern.charter.deployment import Deployment
from govern.compile.sign_off import Found, keys_of, read
from govern.errors import AuthorError, EvidenceError
from govern.events.model import Event
from govern.replay.calendar import Signed
from govern.replay.day_logs import day_logs
from govern.replay.groups import Policies
from govern.replay.shadow import Days
from govern.review.charters import Kept, signed_under, wider
from govern.review.people import authors, held
from govern.signing.keys import PublicKey

_People = Mapping[str, Sequence[PublicKey]]


@dataclass(frozen=True, slots=True)
class SignedDays:
    """What a store says of shadow days.

    Args:
        days: for the shadow report, by agent.
        unreadable: events that call themselves sign-offs and are none, each with the reason.
    """

    days: Mapping[str, Days]
    unreadable: tuple[str, ...] = ()


def signed_days(
    store: Path, kept: Mapping[str, Kept], deployed: Deployment, policies: Policies,
    logs: Callable[[], Iterable[Event]],
) -> SignedDays:  # fmt: skip
    """The sign-offs of a store.

    Args:
        kept: the charters of now, by agent.
        policies: those of the report; their wall clock is that of days.
        logs: reads the events of the report's logs; asked only where something is signed.

    Raises:
        EvidenceError: there is no such folder, or the store is damaged.
    """
    if not store.is_dir():
        raise EvidenceError("no such audit store", where=str(store))
    if not files(store).paths:
        return SignedDays({})
    people = keys_of(deployed.keys)
    found: dict[str, list[Found]] = {}
    unreadable = []
    for event in read_events(store, "type = ?", ["sign_off"]):
        try:
            one = read(event, people)
        except AuthorError as error:
            unreadable.append(str(error))
            continue
        found.setdefault(one.statement.agent, []).append(one)
    mine = {agent: rows for agent, rows in found.items() if agent in kept}
    wanted = {one.statement.day for rows in mine.values() for one in rows}
    now = day_logs(logs(), policies, wanted) if wanted else {}
    made = {}
    for agent, rows in mine.items():
        names = {(one.statement.policy, one.statement.bundle) for one in rows}
        under = {name: signed_under(store, *name) for name in names}
        restarts = {
            old.bundle.digest: why
            for old in under.values()
            if isinstance(old, Kept) and (why := wider(old, kept[agent], deployed.time_zone))
        }
        made[agent] = Days(
            tuple(
                _signed(one, kept[agent], under[one.statement.policy, one.statement.bundle], deployed, people)
                for one in rows
            ),
            {day: log.digest for day, log in now.get(agent, {}).items()},
            restarts,
        )
    return SignedDays(made, tuple(unreadable))


def _signed(one: Found, now: Kept, under: Kept | str, deployed: Deployment, people: _People) -> Signed:
    said = one.statement
    return Signed(
        said.day, said.at_ns, said.person, said.role, said.bundle, said.log, said.calls,
        _refused(one, now, under, deployed, people), one.event_id,
    )  # fmt: skip


def _refused(one: Found, now: Kept, under: Kept | str, deployed: Deployment, people: _People) -> str:
    """Why a sign-off never counts, in words; empty where it does."""
    said, shadow = one.statement, now.charter.shadow
    if one.by is None:
        return "no key of the deployment signed it"
    if one.by != said.person:
        return f"signed with the key of {one.by}, as {said.person}"
    if shadow is None or said.role != shadow.reviewer.name:
        return f"signed as {said.role}, which is not the role that signs off"
    if said.person not in held(deployed, said.role):
        return f"{said.person} does not hold {said.role}"
    if isinstance(under, str):
        return under
    if said.agent != under.policy.agent:
        return "the charter that it names is another agent's"
    wrote = authors(under.charter, deployed, under.bundle.envelope, people)
    return f"{said.person} {wrote.why.replace('`', '')}" if said.person in wrote.people else ""
