"""What the table of keys cannot say, in words of JSON Schema: which keys go together, and values of single keys.

The readers (`rules`, `gates`, `people`, …) are the judge; the tests hold these to them. Leaves out what no schema
can know.
"""

from __future__ import annotations

from typing import Any

from govern.charter import kinds, vocabulary

Schema = dict[str, Any]


def _needs(key: str, *others: str) -> Schema:
    """Where the key is, so are the others."""
    return {"if": {"required": [key]}, "then": {"required": list(others)}}


def _excludes(key: str, *others: str) -> Schema:
    """Where the key is, none of the others is."""
    return {"if": {"required": [key]}, "then": {"properties": dict.fromkeys(others, False)}}


def _one(key: str, other: str) -> Schema:
    """Exactly one of two keys."""
    return {**_excludes(key, other), "else": {"required": [other]}}


def _alone(kind: str, beside: tuple[str, ...]) -> Schema:
    """Where a step of this kind is, only its own keys are."""
    return _excludes(kind, *(key for key in vocabulary.TEST_STEP.known if key != kind and key not in beside))


def _any(*keys: str) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


# A rule is `when … then …` or `only_if … otherwise …`, whole.
_FORM = [
    _excludes("when", "only_if", "otherwise"),
    _excludes("then", "only_if", "otherwise"),
    _needs("when", "then"),
    _needs("then", "when"),
    {"if": _any("when", "then"), "else": {"required": ["only_if", "otherwise"]}},
]
_SELECTS = _any("tools", "tiers", "external")
_SCALAR = ["string", "number", "boolean"]

RELATIONS: dict[str, Schema] = {
    "CHARTER": {
        "if": {"required": ["uses"]},
        "else": {"properties": {"tools": {"additionalProperties": {"required": ["tier"]}}}},
    },
    "BASE": {"allOf": [{"properties": {"untrusted": {"properties": {"trusted": False}}}}]},
    "GATE": {
        "required": ["if_no_answer"],
        **_excludes("confirm", "roles", "quorum"),
        "else": {"required": ["roles"]},
    },
    "FATIGUE": {"minProperties": 1},
    "STEP": _one("ask", "then"),
    "FACT": {
        "if": {"properties": {"from": {"const": "session"}}, "required": ["from"]},
        "then": {"properties": {
            "take": False, "fields": {"additionalProperties": {"properties": {"path": False}}},
        }},
    },
    "FIELD": _any("type", "enum"),
    "TOOL": _excludes("approval", "autonomous"),
    "OWN_RULE": {"allOf": _FORM},
    "RULE": {"allOf": [*_FORM, _SELECTS]},
    "EFFECT": {"minProperties": 1},
    "LIMIT": _SELECTS,
    "AFTER_READING": _SELECTS,
    "ESCALATION": {"allOf": [
        _needs("times", "within"),
        _needs("within", "times"),
        {
            "if": {"properties": {"event": {"const": "repeated_failure"}}, "required": ["event"]},
            "then": {"required": ["times", "within"]},
        },
    ]},
    "EXPECT": {"minProperties": 1, "maxProperties": 1},
    "CHANNEL": {
        **_any("mail", "webhook", "command"),
        "allOf": [_excludes("mail", "webhook", "command"), _excludes("webhook", "command")],
    },
    "SECRET": _one("env", "file"),
    "CASE": {
        "if": {"required": ["steps"]},
        "then": {"properties": dict.fromkeys(
            ("call", "expect", "matrix", "each", "origins", "named_by_user", "history"), False
        )},
        "else": {
            "properties": {"session": False},
            "if": {"required": ["matrix"]},
            "then": {
                "properties": {"expect": False, "each": False},
                "if": {"required": ["call"]},
                "else": {"properties": {"matrix": {"items": {"required": ["call"]}}}},
            },
            "else": {"required": ["call", "expect"]},
        },
    },
    "ROW": _excludes("call", "args", "without"),
    "TOLD": {"minProperties": 1},
    "EXPECTED": {
        "allOf": [
            _excludes("approval", "deny", "verdict", "gates"),
            _excludes("deny", "verdict"),
            _any("approval", "deny", "verdict"),
        ],
    },
    "TEST_STEP": {
        **_any("user", "operator", "call", "approve", "deny", "wait"),
        "allOf": [
            *(_alone(kind, beside) for kind, beside in vocabulary.BESIDE.items()),
            _needs("call", "expect"), _needs("approve", "then"), _needs("deny", "then"),
            _excludes("result", "error"),
        ],
    },
    "OUTCOME": {"minProperties": 1},
}  # fmt: skip

# What the value of one key is beyond its kind.
VALUES: dict[tuple[str, str], Schema] = {
    **{(name, "govern"): {"const": 1} for name in ("CHARTER", "BASE", "LIBRARY", "DEPLOYMENT", "SUITE")},
    ("FIELD", "enum"): {"items": {"type": _SCALAR}},
    ("EFFECT", "tier"): {"enum": [tier for tier in vocabulary.TIERS if tier != "read_only"]},
    ("SOURCE", "where"): {
        "propertyNames": {"pattern": rf"^(?:{kinds.FACT.pattern}|result(?:\.[A-Za-z_][A-Za-z0-9_-]*)+)$"}
    },
    ("SCENARIO", "given"): {"additionalProperties": {"type": "object"}},
    ("SCENARIO", "call"): {"maxProperties": 1, "additionalProperties": {"type": "object"}},
    # An id of a base's rule is `base/id`; a reason of a verdict, or `never:PATTERN`, has other characters still.
    ("ESCALATION", "event"): {"anyOf": [
        {"enum": list(vocabulary.EVENTS)},
        {"type": "string", "pattern": f"^{kinds.NAME.pattern}(?:/{kinds.NAME.pattern})?$"},
    ]},
    ("EXPECT", "deny"): {"pattern": r"\S"},
    **{(name, "call"): {"maxProperties": 1} for name in ("CASE", "ROW", "TEST_STEP")},
    ("CHANNEL", "webhook"): {"pattern": "^https://"},
    ("CHANNEL", "mail"): {"pattern": "@"},
    ("CALENDAR", "business_days"): {"uniqueItems": False},
    ("CALENDAR", "holidays"): {"uniqueItems": False},
}  # fmt: skip


def _snippet(label: str, says: str, body: Any) -> Schema:
    return {"label": label, "description": says, "body": body}


_FIRST = {"govern": 1}
_DENY = [{"after": "${3:8h}", "then": "deny"}]
# What an editor offers for a whole level; `$1` is where the cursor goes first.
SNIPPETS: dict[str, list[Schema]] = {
    "FILE": [
        _snippet("charter", "What one agent may do.", {
            **_FIRST, "agent": "${1:agent}", "version": 1, "purpose": "${2:What it is for.}", "owner": "${3:role}",
            "roles": ["${3:role}"],
            "approvals": {"${4:gate}": {"roles": ["${3:role}"], "if_no_answer": [{"after": "8h", "then": "deny"}]}},
            "tools": {"${5:tool}": {"tier": "read_only"}},
        }),
        _snippet("base", "Rules of an organisation that charters extend.", {
            **_FIRST, "base": "${1:name}", "version": 1, "purpose": "${2:What it is for.}", "owner": "${3:role}",
            "roles": ["${3:role}"], "never": [{"tools": ["${4:drop_*}"], "because": "${5:Why.}"}],
        }),
        _snippet("library", "Descriptions of the tools of one server.", {
            **_FIRST, "library": "${1:name}", "version": 1, "purpose": "${2:What it describes.}",
            "server": "${3:server}", "tools": {"${4:tool}": {"tier": "read_only"}},
        }),
    ],
    "GATE": [
        _snippet("answered by roles", "Any holder of a role may answer.", {"roles": ["$1"], "if_no_answer": _DENY}),
        _snippet("confirmed by the person served", "Outside the model's words.", {
            "confirm": "session.person", "if_no_answer": [{"after": "${1:15m}", "then": "deny"}],
        }),
    ],
    "TOOL": [
        _snippet("reads", "Changes nothing.", {"tier": "read_only"}),
        _snippet("can be undone", "Changes state; nobody is asked.", {"tier": "reversible"}),
        _snippet("cannot be undone", "Somebody is asked.", {"tier": "irreversible", "approval": {"ask": "$1"}}),
    ],
    "RULE": [
        _snippet("when … then …", "Applies where the condition is true or unknown.", {
            "id": "$1", "tools": ["$2"], "when": "$3", "then": "deny", "because": "$4",
        }),
        _snippet("only_if … otherwise …", "Applies where the condition is false or unknown.", {
            "id": "$1", "tools": ["$2"], "only_if": "$3", "otherwise": "deny", "because": "$4",
        }),
    ],
    "OWN_RULE": [
        _snippet("when … then …", "Applies where the condition is true or unknown.", {
            "id": "$1", "when": "$2", "then": "deny", "because": "$3",
        }),
        _snippet("only_if … otherwise …", "Applies where the condition is false or unknown.", {
            "id": "$1", "only_if": "$2", "otherwise": "deny", "because": "$3",
        }),
    ],
    "LIMIT": [
        _snippet("so many calls", "Counts calls.", {
            "id": "$1", "tools": ["$2"], "max": "${3:10}", "within": "${4:24h}", "otherwise": "deny",
        }),
        _snippet("so much", "Adds up an argument.", {
            "id": "$1", "tools": ["$2"], "sum": "args.$3", "max": "${4:1000}", "within": "${5:24h}",
            "otherwise": "deny",
        }),
    ],
    "SCENARIO": [
        _snippet("denied", "What must not happen.", {
            "instruction": "$1", "call": {"${2:tool}": {}}, "expect": {"deny": "${3:rule}"},
        }),
        _snippet("asked", "What somebody must approve.", {
            "instruction": "$1", "call": {"${2:tool}": {}}, "expect": {"approval": "${3:gate}"},
        }),
    ],
}  # fmt: skip
