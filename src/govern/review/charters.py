"""The charters that days are signed under: kept beside the sign-offs, and compared with the one that is there now.

A sign-off names the digest of a bundle, which is kept in `events/policies/` of the audit store, with its signatures.
A charter that is wider than the one signed restarts the count, and so does one that is not there to be compared: what
cannot be shown to be no wider counts as wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from govern.charter.deployment import Deployment, minimums
from govern.charter.files import within
from govern.charter.load import charter_or_raise, load_text
from govern.charter.model import Charter
from govern.compile.bundle import Bundle, as_written, build
from govern.compile.reading import looks_like_bundle, read
from govern.compile.writing import write_whole
from govern.diff.compare import compare
from govern.diff.model import Difference
from govern.diff.revisions import side
from govern.errors import AuthorError, EnvironmentFailed, GovernError
from govern.policy.model import Policy

FOLDER = "policies"
NAMED = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A charter with the bundle that holds it as written, and the signatures of that bundle where it has any."""

    charter: Charter
    policy: Policy
    bundle: Bundle


def charters(path: str, deployed: Deployment) -> dict[str, Kept]:
    """The charters that `--charter` stands for, by agent.

    Raises:
        EvidenceError, AuthorError: as `diff.revisions.side`.
    """
    kept = {}
    for given in side(path, deployed).charters:
        if looks_like_bundle(Path(given.name)):
            bundle = read(Path(given.name))
        else:
            least = minimums(given.name, deployed)
            bundle = build(given.policy, as_written(given.charter, least, deployed.digest))
        kept[given.policy.agent] = Kept(given.charter, given.policy, bundle)
    return kept


def keep(store: Path, bundle: Bundle) -> None:
    """Keeps a bundle beside the sign-offs; one that is there already stays as it is.

    Raises:
        EnvironmentFailed: it cannot be written.
    """
    place = _place(store, bundle.digest)
    if place.exists():
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot be written: {(error.strerror or str(error)).lower()}", where=str(place)
        ) from None
    write_whole(bundle.file_text.encode(), str(place))


def signed_under(store: Path, policy: str, digest: str) -> Kept | str:
    """The charter that days were signed under; why not, in words, where it is not kept as it was.

    Args:
        policy, digest: of the policy and the bundle, as the sign-off has them.
    """
    try:
        place = _place(store, digest)
        bundle = read(place)
        written = bundle.charter
        lock = written.lock.encode() if written.lock is not None else None
        loaded = load_text(written.text, written.file, within(written.parts), written.minimums, lock)
        charter = charter_or_raise(loaded, str(place))
    except GovernError:
        return f"the charter that it was signed under cannot be read in {FOLDER}/"
    if (bundle.digest, bundle.policy.digest) != (digest, policy):
        return f"the charter in {FOLDER}/ is another than the one that it was signed under"
    return Kept(charter, bundle.policy, bundle)


def wider(old: Kept, now: Kept, zone: str | None) -> str:
    """Why the charter of now is wider than one that days were signed under; empty where it is not.

    Args:
        zone: the deployment's.
    """
    if old.bundle.digest == now.bundle.digest:
        return ""
    try:
        difference = compare(old.charter, now.charter, zone=zone)
    except AuthorError as error:
        return f"the charter cannot be compared with the one that was signed: {error.message}"
    return f"the charter was widened since: {_said(difference)}" if difference.widened else ""


def _said(difference: Difference) -> str:
    wider = [f"tool {tool.tool}" for tool in difference.tools if tool.looser]
    wider += [section.path for section in difference.sections if section.looser]
    more = f" and {len(wider) - NAMED} more" if len(wider) > NAMED else ""
    return ", ".join(wider[:NAMED]) + more


def _place(store: Path, digest: str) -> Path:
    return store / "events" / FOLDER / f"{digest.removeprefix('sha256:')}.bundle"
