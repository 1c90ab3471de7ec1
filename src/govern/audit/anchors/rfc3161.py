"""`--to rfc3161:URL`: a time stamp of the signed note by an authority that has nothing to do with the store.

RFC 3161 over HTTP (section 3.4): the digest of the note and a nonce go there, a signed token with the time comes back.
Checked are its status, that it is over this note's SHA-256, and the nonce; with a file of trusted authorities also the
token's signature, the certificates up to one of them at the token's time, and that the key is one for time stamps.
The token stands in the receipt: whoever holds it can check it again, with `openssl ts -verify -token_in` too. It says
that the note existed by then, not that nothing was left out of it.

Needs `rfc3161-client`, the extra `anchor`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any

from govern.audit.anchors import http
from govern.audit.anchors.contract import Given, Held
from govern.errors import EnvironmentFailed, EvidenceError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_SHA256 = "2.16.840.1.101.3.4.2.1"
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


def hold(target: str, given: Given) -> Held:
    """See `contract.Sink`; `target` is the URL after `rfc3161:`."""
    client = _client()
    note = given.signed.text.encode()
    request = (
        client.TimestampRequestBuilder()
        .data(note)
        .hash_algorithm(client.HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .nonce(nonce=True)
        .build()
    )
    headers = {"Content-Type": _QUERY, "Accept": _REPLY}
    answer = http.post(target, request.as_bytes(), headers, given.timeout_s)
    if answer.status != 200 or answer.kind != _REPLY:
        what = f"answers {answer.status} and `{answer.kind[:60]}`, which is no time stamp"
        raise EnvironmentFailed(what, where=target)
    try:
        at = check(answer.body, note, given.ca, where=target, nonce=request.nonce)
    except EvidenceError as error:  # here it is the authority that failed, not evidence that is kept
        raise EnvironmentFailed(error.message, where=error.where, hint=error.hint) from None
    trusted = "" if given.ca else "; its certificates were not checked: --ca FILE names who is trusted"
    more = {"reply": b64encode(answer.body).decode(), "time": at.isoformat(), "ca": given.ca}
    return Held(f"{target}: stamped at {at.isoformat()}{trusted}", more)


def check(reply: bytes, note: bytes, ca: str | None, *, where: str, nonce: int | None = None) -> datetime:
    """The time at which a reply says that a note existed.

    Args:
        reply: the whole response of the authority.
        note: the signed note.
        ca: a PEM file with the authorities that are trusted, and intermediate certificates where they are not in the
            reply; None checks no signature.
        where: how errors call the reply.
        nonce: of the request; None where it is not known any more.

    Raises:
        EvidenceError: it is no time stamp, not granted, of something else, or not by who is trusted.
        EnvironmentFailed: the file of authorities cannot be read, or the library is not installed.
    """
    client = _client()
    try:
        found: TimeStampResponse = client.decode_timestamp_response(reply)
        status = int(found.status)
        if status not in (client.PKIStatus.GRANTED, client.PKIStatus.GRANTED_WITH_MODS):
            said = "; ".join(str(each) for each in found.status_string)[:200]
            raise EvidenceError(f"no time stamp was granted: status {status}{f', {said}' if said else ''}", where=where)
        info = found.tst_info
        imprint = info.message_imprint
        same = imprint.hash_algorithm.dotted_string == _SHA256 and imprint.message == hashlib.sha256(note).digest()
        at, its_nonce = info.gen_time, info.nonce
    except (ValueError, RuntimeError) as error:
        raise EvidenceError(f"is no time stamp: {str(error)[:200].lower()}", where=where) from None
    if not same:
        raise EvidenceError("the time stamp is of something else than this checkpoint", where=where)
    if nonce is not None and its_nonce != nonce:
        raise EvidenceError("the time stamp answers another request: its nonce differs", where=where)
    if ca is not None:
        _trusted(client, found, note, ca, where)
    return at


def _trusted(client: Any, found: TimeStampResponse, note: bytes, ca: str, where: str) -> None:
    from govern.signing.certificates import read_pem

    builder = client.VerifierBuilder()
    roots = 0
    for certificate in read_pem(ca):
        if certificate.issuer == certificate.subject:
            builder, roots = builder.add_root_certificate(certificate), roots + 1
        else:
            builder = builder.add_intermediate_certificate(certificate)
    if not roots:
        raise EnvironmentFailed("holds no root certificate, which signs itself", where=ca)
    try:
        builder.build().verify_message(found, note)
    except (client.VerificationError, ValueError) as error:
        raise EvidenceError(
            f"the time stamp is not by who is trusted: {str(error)[:200].lower()}", where=where
        ) from None


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        hint = "pip install govern[anchor]"
        raise EnvironmentFailed("time stamps need the library rfc3161-client", hint=hint) from None
    return rfc3161_client
