"""The policy bundle: one file of canonical JSON, the same bytes for the same charter.

    {"charter": {…}, "decision_sql": "…", "manifest": {…}, "policy": {…}, "schema": "govern/bundle/v1"}

The charter is there as written, with every file that it is composed with and its lock. The manifest names
agent, version, the policy's digest and the SHA-256 of every member. Reading believes none of it: the text must
be its own canonical form, every digest is computed again, and an unknown or missing member is an error.
Leaves out signatures and validity windows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from govern.charter.files import within
from govern.charter.load import charter_or_raise, load_text
from govern.charter.lock import text as lock_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.errors import AuthorError, EvidenceError
from govern.events.canonical import Malformed, digest, parse, text_of
from govern.policy.document import from_document, to_document
from govern.policy.model import Policy
from govern.policy.sql import decision_sql

SCHEMA: Final = "govern/bundle/v1"
MEMBERS: Final = ("charter", "decision_sql", "policy")
MAX_BYTES: Final = 64 * 1024 * 1024
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")


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
        text: the whole file.
    """

    policy: Policy
    charter: Written
    text: str

    @property
    def digest(self) -> str:
        """`sha256:…` of the whole file."""
        return digest(self.text)


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


def build(policy: Policy, charter: Written) -> Bundle:
    """The bundle of a policy.

    Args:
        policy: lowered from the charter.
        charter: as written.
    """
    written = {**asdict(charter), "minimums": list(charter.minimums)}
    members = {"charter": written, "decision_sql": decision_sql(policy), "policy": to_document(policy)}
    document = {"schema": SCHEMA, "manifest": _manifest(policy, members), **members}
    return Bundle(policy, charter, text_of(document) + "\n")


def _manifest(policy: Policy, members: dict[str, Any]) -> dict[str, Any]:
    return {
        "agent": policy.agent,
        "version": policy.version,
        "policy_digest": policy.digest,
        "deployment_digest": members["charter"]["deployment"],
        "members": {name: digest(text_of(members[name])) for name in MEMBERS},
    }


def looks_like_bundle(path: Path) -> bool:
    """Whether a file's first bytes are those of a bundle rather than of a charter."""
    try:
        with path.open("rb") as file:
            return file.read(12).startswith(b'{"charter":{')
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
    try:
        charter = _written(document["charter"])
        policy = from_document(document["policy"])
    except AuthorError as error:
        raise AuthorError(error.message, where=where, hint=hint) from None
    members = {name: document[name] for name in MEMBERS}
    if document["manifest"] != _manifest(policy, members):
        raise AuthorError("the bundle was changed: its manifest does not fit its members", where=where, hint=hint)
    if document["decision_sql"] != decision_sql(policy):
        raise AuthorError("the decision SQL is not what this version makes of the policy", where=where, hint=hint)
    # What a reviewer reads in the bundle must be what decides.
    if _meant(charter, where) != policy.digest:
        raise AuthorError("the policy is not what the charter in the bundle means", where=where, hint=hint)
    return Bundle(policy, charter, raw.decode())


def _meant(charter: Written, where: str) -> str | None:
    """The digest of the policy that the charter in a bundle means; None where it does not load any more."""
    lock = charter.lock.encode() if charter.lock is not None else None
    loaded = load_text(charter.text, charter.file, within(charter.parts), charter.minimums, lock)
    # Nothing stands beside what it means: no text that no file names, no pin of another charter.
    if loaded.charter is None or as_written(loaded.charter, charter.minimums, charter.deployment) != charter:
        return None
    return lower(charter_or_raise(loaded, where)).digest


def _written(data: Any) -> Written:
    """The member `charter`.

    Raises:
        AuthorError: it is not of this form.
    """
    texts = ("file", "text")
    known = {*texts, "parts", "minimums", "lock", "deployment"}
    if not isinstance(data, dict) or set(data) != known or not all(isinstance(data[key], str) for key in texts):
        raise AuthorError("the member `charter` is not of this form")
    parts, minimums = data["parts"], data["minimums"]
    if not isinstance(parts, dict) or not all(isinstance(text, str) for text in parts.values()):
        raise AuthorError("`parts` of the member `charter` are no texts")
    if not isinstance(minimums, list) or not all(isinstance(path, str) for path in minimums):
        raise AuthorError("`minimums` of the member `charter` are no paths")
    if not (data["lock"] is None or isinstance(data["lock"], str)):
        raise AuthorError("`lock` of the member `charter` is no text")
    deployment = data["deployment"]
    if not (deployment is None or (isinstance(deployment, str) and _DIGEST.fullmatch(deployment))):
        raise AuthorError("`deployment` of the member `charter` is no digest")
    if minimums and deployment is None:
        raise AuthorError("the member `charter` has minimums of no deployment")
    return Written(data["file"], data["text"], parts, tuple(minimums), data["lock"], data["deployment"])
