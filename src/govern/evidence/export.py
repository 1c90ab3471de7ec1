"""Makes the package of a case, verifies it as its reader will, and writes it.

Leaves out finding the case (`gathering`) and how it is shown (`report`).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govern.audit.checkpoint import Signed
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.evidence import package, verify_evidence
from govern.evidence.gathering import Gathered
from govern.reconstruct.words import iso
from govern.signing.key_files import pem
from govern.signing.keys import PrivateKey

HERE: Final = Path(__file__).parent
VERIFIER: Final = "verify_evidence.py"
CHAIN: Final = "chain-{}.json"
PAGE: Final = "report-{}.html"
GAPS: Final = "gaps.json"
_ALL: Final = (
    "That these are all events of the traces. Files are sorted by trace, so a row left out between those shown would "
    "be seen; that no other row of a trace stands elsewhere is the exporter's word."
)
_GUESS: Final = "imported, with ids that are not random, so that the hash tells whoever guesses all the rest."
_TRUE: Final = "That what was written is what happened: only a second source can tell."


@dataclass(frozen=True, slots=True)
class Custody:
    """Who made a package, when and how.

    Args:
        at_ns: UTC nanoseconds since 1970.
        by: who says to have made it; None where nobody said.
        login: the name of the account.
        version: of govern.
        command: the command line; ids of withheld events in it do not go out.
    """

    at_ns: int
    by: str | None
    login: str
    version: str
    command: Sequence[str]


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it was made.

    Args:
        raw: its bytes.
        manifest: what `manifest.json` says beside the files.
        steps: what the verifier in it found with the log's own key: state, step, what was found.
        signed: the id of the key under the manifest; None where nobody signed.
    """

    raw: bytes
    manifest: Mapping[str, Any]
    steps: tuple[tuple[str, str, str], ...]
    signed: str | None


def assembled(
    case: Gathered,
    documents: Mapping[str, bytes],
    custody: Custody,
    *,
    key: PrivateKey | None = None,
    since: Sequence[Signed] = (),
) -> Package:
    """The package of a case; the same case, documents and custody give the same bytes.

    Args:
        documents: `gaps.json`, and `chain-N.json` and `report-N.html` for each trace from 1 on.
        key: signs the manifest.
        since: the outside checkpoints that were asked for.

    Raises:
        EvidenceError: the store is not whole: what was made does not verify. No such package is handed out.
    """
    manifest = _manifest(case, key is not None)
    files = {
        **documents,
        "README.txt": (HERE / "README.txt").read_bytes(),
        "checkpoint.txt": case.checkpoint.encode(),
        "custody.jsonl": package.line(_custody(case, custody)),
        "events.jsonl": b"".join(line + b"\n" for line in case.lines),
        "log.pub": pem("PUBLIC KEY", case.key.der).encode(),
        "proofs.json": package.line(case.proofs),
        VERIFIER: (HERE / VERIFIER).read_bytes(),
    }
    if case.values is not None:
        files["values.jsonl"] = b"".join(case.values)
    raw = package.made(files, manifest, key)
    exporters = [key.public.raw] if key is not None else []
    checked = verify_evidence.Case(raw, [case.key.raw], [each.text for each in since], exporters)
    for state, step, found in checked.steps:
        if state == "FAILED":
            raise EvidenceError(
                f"the package would not verify: {step}: {found}",
                hint="`govern audit verify` says what is wrong with the store",
            )
    return Package(raw, manifest, tuple(checked.steps), key.public.keyid if key is not None else None)


def _manifest(case: Gathered, signed: bool) -> dict[str, Any]:
    return {
        "store": case.store,
        "origin": case.origin,
        "checkpoint": {"size": case.size, "root": case.root},
        "traces": [
            {
                "trace_id": trace.trace_id,
                "events": trace.events,
                "withheld": trace.withheld,
                "unsealed": trace.unsealed,
                "chain": CHAIN.format(number),
                "report": PAGE.format(number),
            }
            for number, trace in enumerate(case.traces, start=1)
        ],
        "withheld": case.hidden.words,
        "values": {
            "committed": case.values_said.committed,
            "revealed": None if case.values is None else len(case.values),
            "redacted": case.values_said.redacted,
            "missing": case.values_said.missing,
        },
        "not_proven": _not_proven(case, signed),
    }


def _not_proven(case: Gathered, signed: bool) -> list[str]:
    """What a reader must not take for proven, in words."""
    said = [_ALL, _TRUE]
    if case.unsealed:
        said.append(f"That the log has {_events(case.unsealed)} not sealed yet: of these only the chain is given.")
    if case.withheld:
        said.append(f"What {_events(case.withheld)} withheld say, of which trace they are, what pages show of them.")
    if case.guessable:
        said.append(f"That {_events(case.guessable)} withheld cannot be guessed: {_GUESS}")
    if case.values_said.missing:
        said.append(f"What became of {case.values_said.missing} sensitive values: neither kept nor redacted.")
    if not signed:
        said.append("Who made the manifest, custody log, gaps, chains and pages: nobody signed them.")
    return said


def _events(count: int) -> str:
    return f"{count:,} event" + ("" if count == 1 else "s")


def _custody(case: Gathered, custody: Custody) -> dict[str, Any]:
    return {
        "action": "export",
        "at": iso(custody.at_ns),
        "by": custody.by,
        "login": custody.login,
        "version": f"govern {custody.version}",
        "command": [_unnamed(each, case) for each in custody.command],
        "store": case.store,
        "checkpoint": {"size": case.size, "root": case.root},
    }


def _unnamed(word: str, case: Gathered) -> str:
    for event_id in case.hidden.ids:
        word = word.replace(event_id, "EVENT-ID")
    return word


def write(raw: bytes, path: str) -> None:
    """Writes a package beside its place and renames it; a file that is there is never replaced.

    Raises:
        UsageError: the file is there.
        EnvironmentFailed: it cannot be written.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, target)
    except FileExistsError:
        raise UsageError("is there already, and evidence is never overwritten", where=path) from None
    except OSError as error:
        message = f"cannot be written: {(error.strerror or str(error)).lower()}"
        raise EnvironmentFailed(message, where=path) from None
    finally:
        beside.unlink(missing_ok=True)
