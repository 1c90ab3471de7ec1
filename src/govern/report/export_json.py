"""The JSON of `govern audit export`: `govern/audit-export/v1`, described by `schemas/evidence.v1.json`."""

from __future__ import annotations

import hashlib
from typing import Any

from govern.evidence.export import Package
from govern.evidence.gathering import Gathered


def document(made: Package, case: Gathered, path: str) -> dict[str, Any]:
    """What was exported; `manifest` is that of the package."""
    return {
        "schema": "govern/audit-export/v1",
        "file": path,
        "size": len(made.raw),
        "sha256": hashlib.sha256(made.raw).hexdigest(),
        "signed_by": made.signed,
        "log_key": case.key.keyid,
        "manifest": dict(made.manifest),
        "steps": [{"step": step, "state": state, "found": found} for state, step, found in made.steps],
    }
