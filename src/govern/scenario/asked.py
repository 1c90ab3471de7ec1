"""Compares what a test expects of a request for approval with how it stands; and what its gates came to."""

from __future__ import annotations

from collections.abc import Iterator

from govern import gate
from govern.charter.cases import ExpectRequest
from govern.gate.asked import askings
from govern.scenario.outcome import Answered, Failure


def differences(
    expected: ExpectRequest, standing: gate.Standing, refused: tuple[gate.Why, ...], step: int
) -> Iterator[Failure]:
    """What of a request is not as expected.

    Args:
        refused: why answers of this step did not count.
    """

    def failed(what: str, wanted: str, got: str) -> Failure:
        return Failure(what, wanted, got, expected.at, step)

    whys = ", ".join(dict.fromkeys(why.value for why in refused))
    if not expected.refused and refused:
        yield failed("answer", "an answer that counts", f"refused ({whys})")
    elif expected.refused and (not refused or any(expected.refused not in ("any", why) for why in refused)):
        reason = "" if expected.refused == "any" else f" ({expected.refused})"
        yield failed("answer", f"refused{reason}", f"refused ({whys})" if refused else "an answer that counts")
    if expected.state is not None and expected.state != whole(standing):
        yield failed("request", expected.state, f"{whole(standing)} ({_told(standing)})")
    for name, state in expected.gates.items():
        if (got := single(standing, name)) != state:
            yield failed("request", f"{name} {state}", f"{name} {got}")
    if expected.asks is not None and set(expected.asks) != set(now := gate.asked_now(standing)):
        yield failed("request", f"asks {', '.join(expected.asks)} now", f"asks {', '.join(now) or 'nobody'}")


def whole(standing: gate.Standing) -> str:
    """A request's state in the words of tests: a call that was approved and then ran is `approved`."""
    return "approved" if standing.state is gate.State.CLAIMED else standing.state.value


def single(standing: gate.Standing, name: str) -> str:
    """What one gate came to: of the verdict, or one that was asked by escalation."""
    request = standing.request
    if name in request.asks:
        return standing.of(name).value
    if any(how.gate == name for how in standing.met.values()):
        return "approved"
    roots = [
        root
        for root in request.asks
        if any(each.gate == name and each.at_ns <= standing.now_ns for each in askings(standing, root))
    ]
    ended = [root for root in roots if root in standing.ended]
    return standing.of(ended[0]).value if ended else "pending" if roots else "not asked"


def _told(standing: gate.Standing) -> str:
    return ", ".join(f"{name} {single(standing, name)}" for name in standing.request.asks)


def final(standing: gate.Standing, step: int) -> Iterator[Answered]:
    """What the gates of a request came to; one that answered by escalation too.

    Args:
        step: of the call.
    """
    begun = standing.request.at_ns
    for root in dict.fromkeys(standing.request.asks):
        how = standing.met.get(root)
        state = standing.of(root)
        if how is not None:
            yield Answered(root, state.value, how.by, how.at_ns - begun, step)
            if how.gate != root:
                yield Answered(how.gate, state.value, how.by, how.at_ns - begun, step)
            continue
        against = [
            (vote.answer.person, answered)
            for vote in standing.votes
            if not vote.answer.approve
            for asked, answered in sorted(vote.slots)
            if asked == root
        ]
        by = tuple(dict.fromkeys(person for person, _ in against))
        after = None if state is gate.State.PENDING else standing.at_ns - begun
        yield Answered(root, state.value, by, after, step)
        if state is gate.State.DENIED:
            for escalated in dict.fromkeys(answered for _, answered in against if answered != root):
                yield Answered(escalated, state.value, by, after, step)
