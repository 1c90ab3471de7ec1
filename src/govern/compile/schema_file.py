"""The schemas of what is written here: a bundle, the envelope of a signed one, the ledger of versions seen.

`python -m govern.compile.schema_file bundle > schemas/bundle.v1.json` writes one of them, `bundle-envelope` and
`seen` the others; a test keeps the files in step.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from govern.compile import versions
from govern.compile.bundle import MEMBERS, PAYLOAD_TYPE, SCHEMA, Written
from govern.policy.codec import json_schema
from govern.policy.document import SCHEMA as POLICY
from govern.policy.model import Policy
from govern.signing.dsse import MAX_SIGNATURES

_META: Final = "https://json-schema.org/draft/2020-12/schema"
_DIGEST: Final = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_MOMENT: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_BASE64: Final = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def bundle_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a bundle."""
    _, of_policy = json_schema(Policy)
    _, of_charter = json_schema(Written)
    definitions = {**of_policy, **of_charter, "digest": _DIGEST}
    policy = definitions["policy"]
    policy["required"] = ["schema", *policy["required"]]
    policy["properties"] = {"schema": {"const": POLICY}, **policy["properties"]}
    digest = {"$ref": "#/$defs/digest"}
    return {
        "$schema": _META,
        "title": "govern bundle, version 1: a compiled charter",
        "description": "Written by `govern compile`, as canonical JSON (RFC 8785, integers with all digits) and one "
        "line feed. Closed: a reader refuses any other member, and a text that is not its own canonical form.",
        **_object(
            {
                "schema": {"const": SCHEMA},
                "charter": {"$ref": "#/$defs/written"},
                "decision_sql": {
                    "type": "string",
                    "minLength": 1,
                    "description": "DuckDB SQL over a table `calls` (event_id, tool, args, and ts_ns where a condition "
                    "asks for the time): the truth values of each call's conditions, two bits each",
                },
                "manifest": _object(
                    {
                        "agent": {"type": "string", "minLength": 1},
                        "version": {"type": "integer"},
                        "policy_digest": digest,
                        "deployment_digest": {"anyOf": [digest, {"type": "null"}]},
                        "not_before": {
                            "anyOf": [_MOMENT, {"type": "null"}],
                            "description": "the first moment at which it may decide, UTC; null is since ever",
                        },
                        "expires": {
                            "anyOf": [_MOMENT, {"type": "null"}],
                            "description": "the first moment at which it no longer may, UTC; null is never",
                        },
                        "members": {
                            "description": "the digest of each member's canonical text",
                            **_object(dict.fromkeys(MEMBERS, digest)),
                        },
                        "whole": {
                            "$ref": "#/$defs/digest",
                            "description": "the digest of the canonical text of the bundle without this key",
                        },
                    }
                ),
                "policy": {"$ref": "#/$defs/policy"},
            }
        ),
        "$defs": dict(sorted(definitions.items())),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def envelope_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file of a signed bundle."""
    base64 = {"type": "string", "pattern": _BASE64}
    signature = _object(
        {
            "keyid": {
                **_DIGEST,
                "description": "the SHA-256 of the key's SubjectPublicKeyInfo; a hint, never to be trusted",
            },
            "sig": {**base64, "description": "Ed25519 over the envelope's PAE (DSSE 1.0.2)"},
        }
    )
    return {
        "$schema": _META,
        "title": "govern bundle envelope, version 1: a signed bundle",
        "description": "A DSSE envelope, written by `govern compile --sign` and `govern bundle sign` as canonical JSON "
        "and one line feed; `payload` is the file of a bundle (bundle.v1.json). Closed, and in this one layout: "
        "standard base64 with its padding, signatures in the order of their key ids, no key twice.",
        **_object(
            {
                "payload": {**base64, "minLength": 4},
                "payloadType": {"const": PAYLOAD_TYPE},
                "signatures": {"type": "array", "minItems": 1, "maxItems": MAX_SIGNATURES, "items": signature},
            }
        ),
    }


def seen_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the ledger of versions."""
    return {
        "$schema": _META,
        "title": "govern seen, version 1: the ledger of versions",
        "description": "Kept by `govern bundle verify --seen`: the policy of each version of each agent that was "
        "verified. An agent and version stand once; none lower than an agent's highest is admitted.",
        **_object(
            {
                "schema": {"const": versions.SCHEMA},
                "seen": {
                    "type": "array",
                    "items": _object(
                        {
                            "agent": {"type": "string", "minLength": 1},
                            "version": {"type": "integer"},
                            "policy_digest": _DIGEST,
                        }
                    ),
                },
            }
        ),
    }


SCHEMAS: Final = {"bundle": bundle_schema, "bundle-envelope": envelope_schema, "seen": seen_schema}


def text(name: str = "bundle") -> str:
    """A file's text.

    Args:
        name: of SCHEMAS.
    """
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(*sys.argv[1:]), end="")  # noqa: T201
