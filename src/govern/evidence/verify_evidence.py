"""Checks an evidence package of `govern audit export`. Needs Python 3.9 and the package `cryptography`, not govern.

    python -I verify_evidence.py case.zip --key log.pub --since checkpoint.txt

It computes everything again, in numbered steps. What it rests on must come from elsewhere than the package: the
log's public key (--key) and a checkpoint of the log that somebody kept (--since). Formats: RFC 6962 (trees), C2SP
signed-note and tlog-checkpoint, DSSE, Ed25519.

Exit codes: 0 all of it holds; 1 something does not: this is not what was exported, or not of this log; 2 the command
line is wrong; 3 what could be checked holds, and the last line says what could not (--allow-unanchored admits what
no checkpoint given covers, and nothing else); 4 a file cannot be read.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import struct
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: stands before the 32 bytes of a public key
BAD = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
REST = "manifest, custody log, gaps, chains and pages"  # what stands in no tree


class Wrong(Exception):
    """A check that does not hold."""


def need(holds: bool, message: str) -> None:
    if not holds:
        raise Wrong(message)


# --- Bytes: each thing has one form, so that no byte can change unseen ----------------------------------------------
def packed(files: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The only bytes that a zip of these files may have: nothing compressed, all times 1980, nothing else in it."""
    bodies, directory, offset = [], [], 0
    for name, data in files:
        shape = struct.pack("<5H3L2H", 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0)
        bodies += [b"PK\3\4" + shape + name, data]
        directory.append(b"PK\1\2\x14\3" + shape + struct.pack("<3H2L", 0, 0, 0, 0o100644 << 16, offset) + name)
        offset += 30 + len(name) + len(data)
    listing = b"".join(directory)
    end = struct.pack("<4H2LH", 0, 0, len(files), len(files), len(listing), offset, 0)
    return b"".join(bodies) + listing + b"PK\5\6" + end


def unpacked(raw: bytes) -> dict[str, bytes]:
    """The files of a package whose bytes are exactly those of `packed`."""
    files, at = [], 0
    while raw[at : at + 4] == b"PK\3\4" and len(raw) >= at + 30:
        (size,), (name,) = struct.unpack("<L", raw[at + 18 : at + 22]), struct.unpack("<H", raw[at + 26 : at + 28])
        body = at + 30 + name
        files.append((raw[at + 30 : body], raw[body : body + size]))
        at = body + size
    need(bool(files) and raw == packed(files), "no zip as export writes it: another file, or a byte of it was changed")
    names = [name.decode("ascii") for name, _ in files]
    need(names == sorted(set(names)), "its files are not in their order, each once")
    return {name.decode("ascii"): data for name, data in files}


def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs), "a key stands twice in one JSON object")
    return dict(pairs)


def read(raw: bytes | str) -> Any:
    return json.loads(raw.decode() if isinstance(raw, bytes) else raw, object_pairs_hook=no_twins)


def document(raw: bytes) -> Any:
    """JSON in its one form: keys sorted, no spaces, one line feed at the end."""
    found = read(raw)
    form = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    need(form.encode() == raw, "JSON that is not in its one form")
    return found


def of_base64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 that is not in its one form")
    return raw


def hashed(text: str) -> bytes:
    raw = bytes.fromhex(text)
    need(raw.hex() == text and len(raw) == 32, "no SHA-256 in its one form")
    return raw


# --- Trees, as RFC 6962 defines them (2.1, 2.1.1, 2.1.2) ------------------------------------------------------------
def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def half(size: int) -> int:
    """The greatest power of two below a size."""
    return int(1 << (size - 1).bit_length() - 1)


def root_of(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which a path leads from leaf number `index` of `size`."""
    need(0 <= index < size and bool(path) == (size > 1), "a path that fits no tree")
    if size == 1:
        return entry
    left = half(size)
    if index < left:
        return node(root_of(entry, index, left, path[:-1]), path[-1])
    return node(path[-1], root_of(entry, index - left, size - left, path[:-1]))


def roots_of(old: int, size: int, path: list[bytes], old_root: bytes | None) -> tuple[bytes, bytes]:
    """The roots of `old` and of `size` leaves by a consistency path; `old_root` is None where it stands in the path."""
    need(0 < old <= size, "a path that fits no trees")
    if old == size:
        (both,) = path if old_root is None else (*path, old_root)
        return both, both
    left = half(size)
    if old <= left:
        older, newer = roots_of(old, left, path[:-1], old_root)
        return older, node(newer, path[-1])
    older, newer = roots_of(old - left, size - left, path[:-1], None)
    return node(path[-1], older), node(path[-1], newer)


# --- Signatures: Ed25519, signed notes, DSSE ------------------------------------------------------------------------
def good(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def key_of(der: bytes) -> bytes:
    need(der.startswith(SPKI) and len(der) == 44, "no Ed25519 key")
    return der[12:]


def id_of(key: bytes) -> str:
    return "sha256:" + hashlib.sha256(SPKI + key).hexdigest()


def checkpoint(text: str, keys: Sequence[bytes]) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint that one of these keys signed."""
    body, _, signatures = text.partition("\n\n")
    origin, size, root = body.split("\n")
    for line in signatures.split("\n")[:-1]:
        dash, name, signature = line.rsplit(" ", 2)
        raw = of_base64(signature)
        for key in keys:
            number = hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
            if (dash, name, raw[:4]) == ("\u2014", origin, number) and good(key, raw[4:], body.encode() + b"\n"):
                need(size == str(int(size)), "a number that is not in its one form")
                return origin, int(size), hashed(of_base64(root).hex())
    raise Wrong(f"a checkpoint of `{origin}`, size {size}, is signed by no key of the log")


def opened(text: str, kind: str, keys: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The payload of a DSSE envelope of this type, and those of the keys that signed it."""
    found = document(text.encode())
    payload, ids = of_base64(found["payload"]), [each["keyid"] for each in found["signatures"]]
    need(found["payloadType"] == kind and bool(ids), f"an envelope of type `{found['payloadType']}`, not `{kind}`")
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    by = [key for key in keys if any(good(key, of_base64(each["sig"]), message) for each in found["signatures"])]
    need(all((id_of(key) in ids) == (key in by) for key in keys), "a signature is not good")
    return payload, by


# --- The package, step by step --------------------------------------------------------------------------------------
class Case:
    """A package, what its reader trusts (keys of the log, checkpoints, keys of exporters), and what the steps found."""

    def __init__(
        self, raw: bytes, keys: Sequence[bytes] = (), anchors: Sequence[str] = (), exporters: Sequence[bytes] = ()
    ) -> None:
        self.raw, self.keys, self.anchors, self.exporters = raw, keys, anchors, exporters
        self.steps: list[tuple[str, str, str]] = []  # ok, FAILED, open (not proven) or said; the step; what was found
        self.records: dict[int, dict[str, Any]] = {}  # of the log, by index
        self.log_keys: list[bytes] = []  # every key that the log had
        self.rows: dict[int, dict[int, str]] = {}  # by a file's record and row: the trace, "" where it is withheld
        self.unsealed = self.later = 0  # events; `later` ones lie under no checkpoint of the reader's
        self.admissible = ["events", "anchored"]  # what --allow-unanchored admits where it is open
        steps = [self.package, self.listed, self.log, self.writers, self.events, self.anchored]
        for step in [*steps, self.signature, self.values, self.complete]:
            try:
                state, found = step()
            except Wrong as error:
                state, found = "FAILED", str(error)
            except BAD as error:
                state, found = "FAILED", f"not as the format demands ({type(error).__name__}: {error})"
            self.steps.append((state, step.__name__, found))
            if self.steps[0][0] == "FAILED":
                break  # the other steps have nothing to look at

    def package(self) -> tuple[str, str]:
        self.files = unpacked(self.raw)
        self.manifest = document(self.files["manifest.json"])
        need(self.manifest["schema"] == "govern/evidence/v1", f"unknown schema `{self.manifest['schema']}`")
        return "ok", f"{len(self.raw)} B, sha256 {hashlib.sha256(self.raw).hexdigest()}"

    def listed(self) -> tuple[str, str]:
        entries = self.manifest["files"]
        for name in sorted({*entries, *self.files} - {"manifest.json", "signature.json"}):
            need(name in self.files, f"`{name}` is missing")
            digest = hashlib.sha256(self.files[name]).hexdigest()
            need(entries.get(name) == {"sha256": digest, "size": len(self.files[name])}, f"`{name}` is not as listed")
        own = self.files["verify_evidence.py"] == Path(__file__).read_bytes()
        return "ok", f"{len(entries)} files; the verifier in it is {'this one' if own else 'NOT this one'}"

    def log(self) -> tuple[str, str]:
        self.proofs = document(self.files["proofs.json"])
        need(self.proofs["schema"] == "govern/evidence-proofs/v1" and len(self.proofs) == 5, "unknown proofs")
        self.admitted: dict[int, list[bytes]] = {}  # by index of a record: the keys that may have signed it
        active: dict[str, list[bytes]] = {"log": [], "writer": []}
        self.ever: list[bytes] = []  # keys of the log and of writers
        for each in self.proofs["records"]:
            index, record = each["index"], read(each["text"])
            need(index > max(self.records, default=-1), "records out of order")
            self.records[index] = record
            if record["kind"] == "store":
                active["log"] = [key_of(of_base64(record["key"]))]
            elif record["kind"] == "key":
                self.rotate(index, record, active)
            self.log_keys += [key for key in active["log"] if key not in self.log_keys]
            self.ever += [key for key in active["log"] + active["writer"] if key not in self.ever]
            self.admitted[index] = active["log"] + active["writer"] if record["kind"] == "writer" else list(self.ever)
        first = self.records[0]
        need((first["kind"], first["id"]) == ("store", self.manifest["store"]), "the log is of another store")
        origin, self.size, self.root = checkpoint(self.files["checkpoint.txt"].decode(), active["log"])
        need(origin == first["origin"] == self.manifest["origin"], "the checkpoint is of another log")
        for each in self.proofs["records"]:
            made = root_of(leaf(each["text"].encode()), each["index"], self.size, [hashed(one) for one in each["path"]])
            need(made == self.root and len(each) == 3, f"record {each['index']} is not in the log")
        found = f"{len(self.records)} of its {self.size} records are shown, and the checkpoint signs them"
        if not self.keys:
            return "open", f"{found}; by a key that the package itself says, {id_of(self.log_keys[0])}: give --key"
        need(
            any(key in self.log_keys for key in self.keys), "the key given is none of this log: forged, or another log"
        )
        return "ok", f"{found}, by a key that follows from the one given"

    def rotate(self, index: int, record: dict[str, Any], active: dict[str, list[bytes]]) -> None:
        """A new key takes the place of the log's, where both signed that; writers' keys come and go by the log."""
        key, keys = key_of(of_base64(record["key"])), active[record["role"]]
        if record["action"] == "add" and record["role"] == "log":
            payload, by = opened(record["envelope"], "application/vnd.govern.key.v1+json", [*keys, key])
            said = read(payload)
            meant = (said["key"], said["index"], said["store"]) == (record["key"], index, self.manifest["store"])
            need(meant and set(by) == {*keys, key}, "a new key that the old one did not sign")
            keys[:] = [key]
        elif record["action"] == "add":
            keys.append(key)
        elif record["role"] == "writer":
            keys.remove(key)  # the log's old key went when the new one came

    def writers(self) -> tuple[str, str]:
        kinds = {"writer": "writer", "end": "writer-end"}
        for index, record in self.records.items():
            if record["kind"] in kinds and record["envelope"] is not None:
                kind = f"application/vnd.govern.{kinds[record['kind']]}.v1+json"
                payload, by = opened(record["envelope"], kind, self.admitted[index])
                said = (read(payload)["writer"], read(payload)["store"])
                need(said == (record["writer"], self.manifest["store"]), f"record {index}: of another writer or store")
                need(bool(by), f"record {index}: signed by no key that the log admitted")
        known = {record["writer"] for record in self.records.values() if record["kind"] == "writer"}
        named = {record.get("writer") for record in self.records.values() if record["kind"] == "file"}
        need(named - {None} <= known, "a file is of a writer that is not registered")
        return "ok", f"{len(known)} registered, by keys that the log admits"

    def events(self) -> tuple[str, str]:
        lines, before = self.files["events.jsonl"].split(b"\n"), (-1, -1)
        need(lines.pop() == b"", "events.jsonl is cut")
        rest = iter(lines)
        for each in self.proofs["events"]:
            index, row = place = each["file"], each["row"]
            file, trace = self.records[index], ""
            need(file["kind"] == "file" and place > before, "events out of order")
            before = place
            if "leaf" in each:
                own = hashed(each["leaf"])
            else:
                line = next(rest, b"")
                own, event = leaf(line), read(line)
                trace = event["trace_id"]
                if file["writer"] is not None:  # imported events have none
                    spot = file["first"] <= event["wseq"] <= file["last"] and event["writer_id"] == file["writer"]
                    need(spot, f"row {row} of file {index} is of another writer")
            made = root_of(own, row, file["rows"], [hashed(one) for one in each["path"]])
            need(len(each) == 3 + ("leaf" in each), "members of a proof")
            need(made == hashed(file["root"]), f"row {row} of file {index} is not what was sealed")
            self.rows.setdefault(index, {})[row] = trace
        for each in self.proofs["unsealed"]:
            need(set(each) <= {"before", "chain", "leaf"}, "members of an unsealed event")
            own = hashed(each["leaf"]) if "leaf" in each else leaf(next(rest, b""))
            if "chain" in each:
                chain = hashlib.sha256(b"\x02" + hashed(each["before"]) + own).hexdigest()
                need(chain == each["chain"], "an unsealed event does not follow in its journal")
        need(next(rest, None) is None, "there are events without a proof")
        self.unsealed = len(self.proofs["unsealed"])
        shown = sum(map(len, self.rows.values()))
        withheld = sum(trace == "" for rows in self.rows.values() for trace in rows.values())
        found = f"{shown} are in files of the log, of these {shown - withheld} shown byte for byte, {withheld} withheld"
        return ("open", f"{found}; {self.unsealed} not sealed yet") if self.unsealed else ("ok", found)

    def anchored(self) -> tuple[str, str]:
        known, covered, strange = {self.size: self.root}, 0, []
        for each in self.proofs["consistency"]:
            origin, size, root = checkpoint(each["checkpoint"], self.log_keys)
            path = [hashed(one) for one in each["path"]]
            need(origin == self.manifest["origin"] and len(each) == 2, "an older checkpoint is of another log")
            need(
                roots_of(size, self.size, path, root) == (root, self.root), f"the log does not continue that of {size}"
            )
            known[size] = root
        for text in self.anchors:
            origin, size, root = checkpoint(text, self.log_keys)
            need(origin == self.manifest["origin"], "the checkpoint given is of another log")
            need(known.get(size, root) == root, f"THE LOG WAS REWRITTEN: it is not the one you hold at size {size}")
            covered = max(covered, size) if size in known else covered
            strange += [] if size in known else [str(size)]
        total = sum(map(len, self.rows.values())) + self.unsealed
        self.later = sum(len(rows) for index, rows in self.rows.items() if index >= covered) + self.unsealed
        found = f"{total - self.later} of {total} events lie under a checkpoint that you hold"
        if not self.anchors:
            found += "; without --since, whoever holds the log's key could have made another log"
        if strange:
            self.admissible.remove("anchored")
            found += f"; no proof here for yours of size {', '.join(strange)}: ask for an export with --since it"
        return ("open" if self.later or strange else "ok"), found

    def signature(self) -> tuple[str, str]:
        if "signature.json" not in self.files:
            return "open", f"nobody signed {REST}"
        text, kind = self.files["signature.json"].decode(), "application/vnd.govern.evidence.v1+json"
        payload, by = opened(text, kind, [*self.log_keys, *self.exporters])
        need(payload == self.files["manifest.json"], "the signature is of another manifest")
        if not by:
            return "open", f"{REST}: signed by {read(text)['signatures'][0]['keyid']}, not known here: give --exporter"
        return "ok", f"{REST}: as {id_of(by[0])} signed them"

    def values(self) -> tuple[str, str]:
        committed, named, revealed = set(), set(), set()
        for event in [read(line) for line in self.files["events.jsonl"].split(b"\n")[:-1]]:
            committed |= set(event.get("commitments", []))
            if event["type"] == "redaction":
                try:
                    payload, by = opened(event["content"], "application/vnd.govern.redaction.v1+json", self.ever)
                    said = read(payload)
                except (Wrong, *BAD):  # any writer can write this: what does not hold redacts nothing
                    continue
                named |= set(said["commitments"]) if by and said["store"] == self.manifest["store"] else set()
        for line in self.files.get("values.jsonl", b"").decode().split("\n")[:-1]:
            row, value = read(line), line[line.index('"value":') + 8 : -1]  # the last member, as it was committed to
            made = "hmac-sha256:" + hmac.new(bytes.fromhex(row["salt"]), value.encode(), "sha256").hexdigest()
            need(row["commitment"] == made and made in committed, "a value of no commitment")
            revealed.add(made)
        lost = committed - named - revealed
        found = f"events committed to {len(committed)}: {len(revealed)} revealed, {len(named & committed)} redacted"
        if "values.jsonl" in self.files and lost:
            return "open", f"{found}, and {len(lost)} are missing"
        return "ok", found

    def complete(self) -> tuple[str, str]:
        closed = []
        for index, rows in self.rows.items():
            for trace in {each["trace_id"] for each in self.manifest["traces"]} & set(rows.values()):
                own = [row for row, of in rows.items() if of == trace]
                first, last = min(own), max(own)
                lost = min(set(range(first, last)) - set(rows), default=None)
                need(lost is None, f"files are sorted by trace, and row {lost} of file {index} was left out")
                ends = rows.get(first - 1, first == 0), rows.get(last + 1, last + 1 == self.records[index]["rows"])
                closed.append(all(ends))
        return "said", (
            "files are sorted by trace, and no row between those shown was left out; that none stands before or after "
            f"them is shown in {sum(closed)} of {len(closed)} files; of the rest there is the exporter's word alone"
        )

    def verdict(self, allow_unanchored: bool = False) -> tuple[int, str]:
        """The exit code and the last line."""
        by = {state: [name for each, name, _ in self.steps if each == state] for state in ("FAILED", "open")}
        if by["FAILED"]:
            return 1, f"NOT VERIFIED: {', '.join(by['FAILED'])}"
        rest = [name for name in by["open"] if not (allow_unanchored and name in self.admissible)]
        if rest:
            return 3, f"VERIFIED IN PART, not proven: {', '.join(rest)}"
        return 0, f"VERIFIED{f', {self.later} events unanchored' if self.later else ''}"


# --- The command ----------------------------------------------------------------------------------------------------
def public_key(path: str) -> bytes:
    raw: bytes = load_pem_public_key(Path(path).read_bytes()).public_bytes_raw()  # type: ignore[union-attr]
    return key_of(SPKI + raw)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("package", help="the zip")
    options = {
        "key": "public key of the log",
        "since": "a checkpoint that was kept",
        "exporter": "key of who signed it",
    }
    for name, text in options.items():
        parser.add_argument(f"--{name}", action="append", default=[], metavar="FILE", help=f"{text}, from elsewhere")
    parser.add_argument("--allow-unanchored", action="store_true", help="exit 0 where no checkpoint given covers it")
    given = parser.parse_args(arguments)
    try:
        keys, exporters = [public_key(path) for path in given.key], [public_key(path) for path in given.exporter]
        anchors = [Path(path).read_bytes().decode() for path in given.since]
        raw = Path(given.package).read_bytes()
    except (OSError, ValueError, AttributeError, UnsupportedAlgorithm, Wrong) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 4
    case = Case(raw, keys, anchors, exporters)
    code, last = case.verdict(given.allow_unanchored)
    for number, (state, name, found) in enumerate(case.steps, start=1):
        line = f"{number} {name:10} {state:7} {found}"
        print("".join(char if char.isascii() and char.isprintable() else f"\\u{ord(char):04x}" for char in line))
    print(last)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
