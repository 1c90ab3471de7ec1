"""`schemas/bundle.v1.json`, from the types that are written into a bundle.

`python -m govern.compile.schema_file > schemas/bundle.v1.json` writes it; a test keeps the file in step.
"""

from __future__ import annotations

import json
from typing import Any

from govern.compile.bundle import MEMBERS, SCHEMA, Written
from govern.policy.codec import json_schema
from govern.policy.document import SCHEMA as POLICY
from govern.policy.model import Policy

_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


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
        "$schema": "https://json-schema.org/draft/2020-12/schema",
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
                        "members": {
                            "description": "the digest of each member's canonical text",
                            **_object(dict.fromkeys(MEMBERS, digest)),
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


def text() -> str:
    """The file's text."""
    return json.dumps(bundle_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201
