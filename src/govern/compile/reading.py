"""Reading a bundle, signed or not: nothing stored in it is believed.

The text must be its own canonical form, every digest is computed again, the SQL is written again, the charter in it
is lowered again and must mean the policy; an unknown or missing member is an error. Each of these is a function, in
the order in which they must hold, so that `verify` can number them.
Leaves out who signed, when it is valid, and what was seen before: `verify` asks for all three, `sources` for the
time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from govern.charter.files import within
from govern.charter.load import charter_or_raise, load_text
from govern.compile.bundle import (
    MAX_BYTES,
    MAX_FILE,
    MEMBERS,
    PAYLOAD_TYPE,
    SCHEMA,
    Bundle,
    Written,
    as_written,
    manifest_of,
    whole,
)
from govern.compile.lower import lower
from govern.compile.validity import Window, stored
from govern.errors import AuthorError, EvidenceError
from govern.events.canonical import Malformed, digest, parse, text_of
from govern.policy.document import from_document
from govern.policy.model import Policy
from govern.policy.sql import decision_sql
from govern.signing import dsse
from govern.signing.dsse import Envelope

_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
_HINT: Final = "compile the charter again"
_TOP: Final = ("schema", "manifest", *MEMBERS)
_MANIFEST: Final = (
    "agent",
    "version",
    "policy_digest",
    "deployment_digest",
    "not_before",
    "expires",
    "members",
    "whole",
)
# How a bundle or an envelope begins, in whatever layout: a charter has no such key.
_BUNDLE: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:charter|decision_sql|manifest|policy|schema)"\s*:')
_ENVELOPE: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:payload|payloadType|signatures)"\s*:')


def looks_like_bundle(path: Path) -> bool:
    """Whether a file's first bytes are those of a bundle, signed or not, rather than of a charter."""
    try:
        with path.open("rb") as file:
            return begins_as_bundle(file.read(256))
    except OSError:
        return False


def begins_as_bundle(data: bytes) -> bool:
    """The same of a file's bytes."""
    return bool(_BUNDLE.match(data[:256]) or _ENVELOPE.match(data[:256]))


def raw_of(path: Path) -> bytes:
    """The bytes of a file that may be a bundle; of a huge one no more than tells that it is.

    Raises:
        EvidenceError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise EvidenceError(f"cannot be read: {reason.lower()}", where=str(path)) from None


def read(path: Path) -> Bundle:
    """Reads a bundle, signed or not, and checks that it is whole; not by whom it is signed, nor when it is valid.

    Raises:
        EvidenceError: it cannot be read.
        AuthorError: it is none, or a byte of it was changed.
    """
    return bundle_of(raw_of(path), str(path))


def bundle_of(raw: bytes, where: str) -> Bundle:
    """The same of a file's bytes.

    Args:
        where: its name, for messages.

    Raises:
        AuthorError: it is none, or a byte of it was changed.
    """
    text, envelope = opened(raw, where)
    document = document_of(text, where)
    check_members(document, where)
    policy, window = policy_of(document, where)
    check_sql(document, policy, where)
    charter = charter_of(document, policy, where)
    return Bundle(policy, charter, text.decode(), window, envelope)


def opened(raw: bytes, where: str) -> tuple[bytes, Envelope | None]:
    """The bundle's own bytes, out of its envelope where it has one.

    Raises:
        AuthorError: it is no envelope of a bundle, or larger than one may be.
    """
    if len(raw) > MAX_FILE:
        raise AuthorError(f"larger than a bundle may be ({MAX_FILE:,} bytes)", where=where)
    if not raw:
        raise AuthorError("the file is empty", where=where, hint=_HINT)
    if not _ENVELOPE.match(raw):
        return raw, None
    envelope = dsse.read(raw, where)
    if envelope.payload_type != PAYLOAD_TYPE:
        message = f"an envelope of `{envelope.payload_type[:80]}`, not of `{PAYLOAD_TYPE}`"
        raise AuthorError(message, where=where)
    return envelope.payload, envelope


def document_of(raw: bytes, where: str) -> dict[str, Any]:
    """The JSON data of a bundle's bytes: canonical, with the members that a bundle has and no others.

    Raises:
        AuthorError: it is no bundle, or its text was changed.
    """
    if len(raw) > MAX_BYTES:
        raise AuthorError(f"larger than a bundle may be ({MAX_BYTES:,} bytes)", where=where)
    try:
        document = parse(raw)
    except Malformed as error:
        raise AuthorError(f"the bundle is no canonical JSON: {error}", where=where) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise AuthorError(f"no bundle of schema `{SCHEMA}`", where=where)
    _closed(document, _TOP, "", where)
    manifest = document["manifest"]
    _closed(manifest, _MANIFEST, " of the manifest", where)
    _closed(manifest["members"], MEMBERS, " of the manifest's `members`", where)
    if raw != (text_of(document) + "\n").encode():
        raise AuthorError("the bundle was changed: its text is not canonical", where=where, hint=_HINT)
    return document


def _closed(data: Any, known: tuple[str, ...], of: str, where: str) -> None:
    if not isinstance(data, dict):
        raise AuthorError(f"the members{of} are no object", where=where, hint=_HINT)
    odd = sorted(set(data) ^ set(known))
    if odd:
        names = ", ".join(f"`{name[:40]}`" for name in odd[:6])
        raise AuthorError(f"members{of} missing or unknown: {names}", where=where, hint=_HINT)


def check_members(document: dict[str, Any], where: str) -> None:
    """Computes the digest of every member and of the whole again.

    Raises:
        AuthorError: one differs from what the manifest says.
    """
    manifest = document["manifest"]
    members = {name: document[name] for name in MEMBERS}
    differ = [name for name in MEMBERS if manifest["members"][name] != digest(text_of(members[name]))]
    if not differ and manifest["whole"] != whole(manifest, members):
        differ = ["whole"]
    if differ:
        names = ", ".join(f"`{name}`" for name in differ)
        message = f"the bundle was changed: not as its manifest says: {names}"
        raise AuthorError(message, where=where, hint=_HINT)


def policy_of(document: dict[str, Any], where: str) -> tuple[Policy, Window]:
    """The policy, and its window, where the manifest says of them what they are.

    Raises:
        AuthorError: it is no policy of this version, no window, or the manifest names another.
    """
    try:
        policy = from_document(document["policy"])
        _written(document["charter"])  # the manifest repeats a part of it
    except AuthorError as error:
        raise AuthorError(error.message, where=where, hint=_HINT) from None
    manifest = document["manifest"]
    window = Window(*(_moment(manifest, name, where) for name in ("not_before", "expires")))
    if window.is_empty:
        raise AuthorError("the bundle is valid at no time: it expires before it begins", where=where, hint=_HINT)
    expected = manifest_of(policy, {name: document[name] for name in MEMBERS}, window)
    if text_of(manifest) != text_of(expected):  # as text: to Python, `true` is 1
        odd = ", ".join(f"`{key}`" for key in expected if text_of(manifest[key]) != text_of(expected[key]))
        message = f"the bundle was changed: its manifest does not fit its members: {odd}"
        raise AuthorError(message, where=where, hint=_HINT)
    return policy, window


def _moment(manifest: dict[str, Any], name: str, where: str) -> int | None:
    data = manifest[name]
    if data is None:
        return None
    at = stored(data)
    if at is None:
        message = f"`{name}` of the manifest is no time as bundles write it: `{str(data)[:40]}`"
        raise AuthorError(message, where=where, hint=_HINT)
    return at


def check_sql(document: dict[str, Any], policy: Policy, where: str) -> None:
    """Writes the decision SQL again.

    Raises:
        AuthorError: it is another.
    """
    if document["decision_sql"] != decision_sql(policy):
        message = "the decision SQL is not what this version makes of the policy"
        raise AuthorError(message, where=where, hint=_HINT)


def charter_of(document: dict[str, Any], policy: Policy, where: str) -> Written:
    """The charter, where it means the policy: what a reviewer reads in a bundle is what decides.

    Raises:
        AuthorError: it is of another form, or means something else.
    """
    try:
        charter = _written(document["charter"])
    except AuthorError as error:
        raise AuthorError(error.message, where=where, hint=_HINT) from None
    if _meant(charter, where) != policy.digest:
        raise AuthorError("the policy is not what the charter in the bundle means", where=where, hint=_HINT)
    return charter


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
