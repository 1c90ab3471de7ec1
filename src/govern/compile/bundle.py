"""The policy bundle: one file of canonical JSON, the same bytes for the same charter.

    {"charter": {…}, "decision_sql": "…", "manifest": {…}, "policy": {…}, "schema": "govern/bundle/v1"}

The charter is there as written, with every file that it is composed with and its lock. The manifest names
agent, version, the policy's digest, from when and until when it may decide, and the SHA-256 of every member and
of the whole. A bundle that is signed is the payload of an envelope (`dsse`), and that envelope is the file.
Leaves out reading (`reading`): what is read is not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from govern.charter.lock import text as lock_text
from govern.charter.model import Charter
from govern.compile.validity import ALWAYS, Window, written
from govern.errors import AuthorError
from govern.events.canonical import digest, text_of
from govern.policy.document import to_document
from govern.policy.model import Policy
from govern.policy.sql import decision_sql
from govern.signing import dsse
from govern.signing.dsse import Envelope
from govern.signing.keys import PrivateKey

SCHEMA: Final = "govern/bundle/v1"
PAYLOAD_TYPE: Final = "application/vnd.govern.bundle.v1+json"
MEMBERS: Final = ("charter", "decision_sql", "policy")
MAX_BYTES: Final = 32 * 1024 * 1024  # of a bundle; base64 and all its signatures then fit into what JSON is read of
MAX_FILE: Final = 48 * 1024 * 1024  # of a signed one


@dataclass(frozen=True, slots=True)
class Written:
    """A charter as written, with all that it is composed of.

    Args:
        file: its name, without a folder.
        text: of the charter.
        parts: texts of bases and libraries, by path from the charter's folder.
        minimums: the bases that a deployment adds, as paths of `parts`.
        lock: what the lock of its folder says of it, as a lock file; None without one.
        deployment: the digest of the deployment whose minimums they are; None without one.
    """

    file: str
    text: str
    parts: Mapping[str, str] = field(default_factory=dict)
    minimums: tuple[str, ...] = ()
    lock: str | None = None
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was built or read and checked.

    Args:
        policy: what it says.
        charter: what it was made from.
        text: all of it, without signatures.
        window: when it may decide; who decides asks it, with the time.
        envelope: the signatures, not checked; None where nobody signed.
    """

    policy: Policy
    charter: Written
    text: str
    window: Window = ALWAYS
    envelope: Envelope | None = None

    @property
    def digest(self) -> str:
        """`sha256:…` of the bundle, whoever signed it."""
        return digest(self.text)

    @property
    def file_text(self) -> str:
        """The whole file: the envelope where somebody signed."""
        return self.text if self.envelope is None else dsse.text(self.envelope)


def as_written(charter: Charter, minimums: tuple[str, ...] = (), deployment: str | None = None) -> Written:
    """What a bundle keeps of a loaded charter.

    Args:
        minimums: as it was loaded with.
        deployment: the digest of the deployment that asks for them.
    """
    name = Path(charter.source.file).name or charter.source.file
    return Written(
        name,
        charter.source.text,
        {part.path: part.text for part in charter.parts},
        minimums,
        lock_text({name: charter.locked}) if charter.locked else None,
        deployment,
    )


def build(policy: Policy, charter: Written, window: Window = ALWAYS) -> Bundle:
    """The bundle of a policy.

    Args:
        policy: lowered from the charter.
        charter: as written.
        window: when it may decide.

    Raises:
        AuthorError: it would be larger than what is read.
    """
    members = members_of(policy, charter)
    document = {"schema": SCHEMA, "manifest": manifest_of(policy, members, window), **members}
    text = text_of(document) + "\n"
    if len(text.encode()) > MAX_BYTES:
        message = f"a bundle of {len(text.encode()):,} bytes, at most {MAX_BYTES:,} are read"
        raise AuthorError(message, where=charter.file)
    return Bundle(policy, charter, text, window)


def members_of(policy: Policy, charter: Written) -> dict[str, Any]:
    """The members that hold what a bundle is of, by name."""
    as_data = {**asdict(charter), "minimums": list(charter.minimums)}
    return {"charter": as_data, "decision_sql": decision_sql(policy), "policy": to_document(policy)}


def manifest_of(policy: Policy, members: dict[str, Any], window: Window) -> dict[str, Any]:
    """The manifest over the members.

    Args:
        members: by name, of MEMBERS.
    """
    manifest = {
        "agent": policy.agent,
        "version": policy.version,
        "policy_digest": policy.digest,
        "deployment_digest": members["charter"]["deployment"],
        "not_before": written(window.not_before) if window.not_before is not None else None,
        "expires": written(window.expires) if window.expires is not None else None,
        "members": {name: digest(text_of(members[name])) for name in MEMBERS},
    }
    return {**manifest, "whole": whole(manifest, members)}


def whole(manifest: Mapping[str, Any], members: Mapping[str, Any]) -> str:
    """The digest of everything in a bundle but itself."""
    rest = {key: value for key, value in manifest.items() if key != "whole"}
    return digest(text_of({"schema": SCHEMA, "manifest": rest, **members}))


def signed(bundle: Bundle, keys: tuple[PrivateKey, ...]) -> Bundle:
    """The bundle with a signature more for each key.

    Raises:
        UsageError: a key signed it already, or there would be too many signatures.
    """
    envelope = bundle.envelope or Envelope(bundle.text.encode(), PAYLOAD_TYPE, ())
    made = dsse.signed(envelope, keys) if keys else bundle.envelope
    return Bundle(bundle.policy, bundle.charter, bundle.text, bundle.window, made)
