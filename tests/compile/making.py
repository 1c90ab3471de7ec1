"""What the tests of bundles share: charters to compile, a small one, keys, a forger who computes every digest again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from govern.charter.load import charter_or_raise, load
from govern.compile.bundle import Bundle, as_written, build, signed
from govern.compile.lower import lower
from govern.compile.validity import ALWAYS, Window
from govern.events.canonical import digest, text_of
from govern.signing.keys import PrivateKey, of_seed

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "samples" / "support" / "charter.yaml"
DAY = 86_400 * 10**9
NOW = 1_795_442_400 * 10**9  # 2026-11-23T14:00:00Z

# RFC 8032, section 7.1, tests 1 to 3: seed and public key.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    ),
)
A, B, C = (of_seed(bytes.fromhex(seed), name) for (seed, _), name in zip(RFC_8032, "ABC", strict=True))

SMALL = """\
govern: 1
agent: desk
version: 3
purpose: Answers.
owner: head
roles: [head]
tools:
  read: {tier: read_only, input: {type: object, properties: {n: {type: integer}}}}
escalation: [{event: unmapped, to: head}]
"""


def compiled(path: Path, window: Window = ALWAYS) -> Bundle:
    charter = charter_or_raise(load(path), str(path))
    return build(lower(charter), as_written(charter), window)


def small(
    folder: Path, *keys: PrivateKey, window: Window = ALWAYS, version: int = 3, purpose: str = "Answers."
) -> Bundle:
    """A bundle of few bytes, signed by the keys."""
    path = folder / "desk.yaml"
    text = SMALL.replace("version: 3", f"version: {version}").replace("Answers.", purpose)
    path.write_text(text, "utf-8")
    return signed(compiled(path, window), keys)


def put(folder: Path, bundle: Bundle, name: str = "a.bundle") -> Path:
    path = folder / name
    path.write_bytes(bundle.file_text.encode())
    return path


def canonical(document: Any) -> bytes:
    return (text_of(document) + "\n").encode()


def resealed(document: dict[str, Any]) -> bytes:
    """A forger's bundle: every digest that the manifest names fits what is there."""
    members = {name: digest(text_of(document[name])) for name in ("charter", "decision_sql", "policy")}
    told = {**document["manifest"], "members": members, "policy_digest": members["policy"]}
    if isinstance(document["charter"], dict):
        told["deployment_digest"] = document["charter"].get("deployment")
    told.pop("whole", None)
    whole = digest(text_of({**document, "manifest": told}))
    return canonical({**document, "manifest": {**told, "whole": whole}})


def document_of(bundle: Bundle) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bundle.text)
    return found
