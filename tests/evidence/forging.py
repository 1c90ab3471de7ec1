"""Packages as a forger makes them, who has no key of the log."""

from __future__ import annotations

import json

from govern.evidence.package import made
from govern.signing.keys import PrivateKey


def relisted(files: dict[str, bytes], key: PrivateKey | None = None) -> bytes:
    """A package of these files with a manifest that agrees with them, as a forger makes it."""
    manifest = json.loads(files["manifest.json"])
    rest = {name: data for name, data in files.items() if name not in ("manifest.json", "signature.json")}
    return made(rest, {name: value for name, value in manifest.items() if name not in ("schema", "files")}, key)
