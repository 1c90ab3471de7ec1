"""One file of evidence: a zip of which every byte is determined by what it holds, its manifest, its signature.

    README.txt          how to verify it                     manifest.json    size and SHA-256 of every other file
    events.jsonl        one canonical event a line           signature.json   DSSE over the manifest, where it is signed
    proofs.json         why these events are in the log      checkpoint.txt   the log's signed checkpoint
    log.pub             the log's public key                 custody.jsonl    who exported it, when, how
    gaps.json, chain-N.json, report-N.html                   what these events say, as the exporter's govern reads them
    values.jsonl        sensitive values, where revealed     verify_evidence.py

Events and log records are proven by the log's trees and its checkpoint. The other files stand in no tree: the manifest
names them, and only a signature under the manifest says whose they are. Nothing is compressed and every time is that of
1980, so that one case has one sequence of bytes and a verifier can demand it. Pure. Leaves out what the files say.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from govern.errors import EvidenceError
from govern.events.canonical import text_of
from govern.signing import dsse
from govern.signing.dsse import Envelope
from govern.signing.keys import PrivateKey

SCHEMA: Final = "govern/evidence/v1"
PAYLOAD: Final = "application/vnd.govern.evidence.v1+json"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
MAX_BYTES: Final = 2**31
"""Of a package: longer ones would need another form of zip, which verifiers here do not read."""


def made(files: Mapping[str, bytes], manifest: Mapping[str, Any], key: PrivateKey | None) -> bytes:
    """The bytes of a package.

    Args:
        files: all but the manifest and its signature, by ASCII name.
        manifest: its members beside `schema` and `files`.
        key: signs the manifest; None leaves it unsigned.

    Raises:
        EvidenceError: it would be too long.
    """
    listed = {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    text = line({"schema": SCHEMA, "files": listed, **manifest})
    whole = {**files, MANIFEST: text}
    if key is not None:
        whole[SIGNATURE] = dsse.text(dsse.signed(Envelope(text, PAYLOAD, ()), [key])).encode()
    if (size := sum(map(len, whole.values()))) > MAX_BYTES:
        hint = "export fewer traces into one package"
        raise EvidenceError(f"the package would have {size:,} bytes, at most {MAX_BYTES:,} are written", hint=hint)
    return packed(whole)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files, in the order of their names."""
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name)  # the first moment of 1980
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[name])
    return sink.getvalue()


def line(document: Mapping[str, Any]) -> bytes:
    """A document in its one form: canonical JSON and a line feed."""
    return text_of(dict(document)).encode() + b"\n"
