"""The policy bundle: one file of canonical JSON, the same bytes for the same charter.

    {"charter": "…as written…", "decision_sql": "…", "manifest": {…}, "policy": {…}, "schema": "govern/bundle/v1"}

The manifest names agent, version, the policy's digest and the SHA-256 of every member. Reading believes none
of it: the text must be its own canonical form, every digest is computed again, and an unknown or missing
member is an error. Leaves out signatures and validity windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govern.charter.load import load_text
from govern.compile.lower import lower
from govern.errors import AuthorError, EvidenceError
from govern.events.canonical import Malformed, digest, parse, text_of
from govern.policy.document import from_document, to_document
from govern.policy.model import Policy
from govern.policy.sql import decision_sql

SCHEMA: Final = "govern/bundle/v1"
MEMBERS: Final = ("charter", "decision_sql", "policy")
MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was built or read and checked.

    Args:
        policy: what it says.
        charter: the text that it was made from.
        text: the whole file.
    """

    policy: Policy
    charter: str
    text: str

    @property
    def digest(self) -> str:
        """`sha256:…` of the whole file."""
        return digest(self.text)


def build(policy: Policy, charter: str) -> Bundle:
    """The bundle of a policy.

    Args:
        policy: lowered from the charter.
        charter: its text as written.
    """
    members = {"charter": charter, "decision_sql": decision_sql(policy), "policy": to_document(policy)}
    document = {"schema": SCHEMA, "manifest": _manifest(policy, members), **members}
    return Bundle(policy, charter, text_of(document) + "\n")


def _manifest(policy: Policy, members: dict[str, Any]) -> dict[str, Any]:
    return {
        "agent": policy.agent,
        "version": policy.version,
        "policy_digest": policy.digest,
        "members": {name: digest(text_of(members[name])) for name in MEMBERS},
    }


def looks_like_bundle(path: Path) -> bool:
    """Whether a file's first bytes are those of a bundle rather than of a charter."""
    try:
        with path.open("rb") as file:
            return file.read(12).startswith(b'{"charter":"')
    except OSError:
        return False


def read(path: Path) -> Bundle:
    """Reads a bundle and believes nothing stored in it.

    Raises:
        EvidenceError: it cannot be read.
        AuthorError: it is none, or a byte of it was changed.
    """
    where = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"cannot be read: {(error.strerror or str(error)).lower()}", where=where) from None
    if len(raw) > MAX_BYTES:
        raise AuthorError(f"larger than a bundle may be ({MAX_BYTES:,} bytes)", where=where)
    try:
        document = parse(raw)
    except Malformed as error:
        raise AuthorError(f"the bundle is no canonical JSON: {error}", where=where) from None
    return _checked(document, raw, where)


def _checked(document: Any, raw: bytes, where: str) -> Bundle:
    hint = "compile the charter again"
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise AuthorError(f"no bundle of schema `{SCHEMA}`", where=where)
    if set(document) != {"schema", "manifest", *MEMBERS}:
        odd = sorted(set(document) ^ {"schema", "manifest", *MEMBERS})
        raise AuthorError(f"members missing or unknown: {', '.join(odd)}", where=where, hint=hint)
    if raw != (text_of(document) + "\n").encode():
        raise AuthorError("the bundle was changed: its text is not canonical", where=where, hint=hint)
    if not isinstance(document["charter"], str):
        raise AuthorError("the member `charter` is no text", where=where, hint=hint)
    try:
        policy = from_document(document["policy"])
    except AuthorError as error:
        raise AuthorError(error.message, where=where, hint=hint) from None
    members = {name: document[name] for name in MEMBERS}
    if document["manifest"] != _manifest(policy, members):
        raise AuthorError("the bundle was changed: its manifest does not fit its members", where=where, hint=hint)
    if document["decision_sql"] != decision_sql(policy):
        raise AuthorError("the decision SQL is not what this version makes of the policy", where=where, hint=hint)
    # What a reviewer reads in the bundle must be what decides.
    loaded = load_text(document["charter"], where)
    if loaded.charter is None or lower(loaded.charter).digest != policy.digest:
        raise AuthorError("the policy is not what the charter in the bundle means", where=where, hint=hint)
    return Bundle(policy, document["charter"], raw.decode())
