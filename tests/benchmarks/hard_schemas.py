"""Input schemas of the hard set, one a family: closed objects with kinds, patterns and bounds.

Odd arguments do not satisfy them. Where the generator's own values do, so does everything else that is not odd.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "maxLength": 400}
WHOLE = {"type": "integer", "minimum": 0}
MAIL = {"type": "string", "pattern": "^[^@]+@[a-z.]+$"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": sorted(properties), "properties": properties, "additionalProperties": False}


def _list(items: Any, most: int = 20) -> dict[str, Any]:
    return {"type": "array", "maxItems": most, "items": items}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def _input(optional: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    made = _object(ref={"type": "string", "pattern": "^r[0-9]{8}$"}, **properties)
    made["properties"] |= optional or {}
    return made


SCHEMAS = {
    "mail": _input(
        attachments=_list(_object(name=TEXT, size=WHOLE)), body=TEXT, cc=_list(MAIL), subject=TEXT, to=MAIL,
    ),
    "pay": _input(
        amount={"type": "number", "exclusiveMinimum": 0, "maximum": 100000}, currency=_one_of("EUR", "USD", "CHF"),
        iban={"type": "string", "minLength": 10}, memo=TEXT,
        lines=_list(_object(price=WHOLE, qty=WHOLE, sku={"type": "string", "pattern": "^[A-Z][0-9]+$"})),
    ),
    "file": _input(
        content=TEXT, mode=_one_of("append", "create", "replace"), path={"type": "string", "pattern": "^/"},
        options=_object(backup={"type": "boolean"}, encoding=TEXT, retries=WHOLE),
    ),
    "db": _input(database=_one_of("sales", "staff", "logs"), limit=WHOLE, params=_list(TEXT), query=TEXT, reason=TEXT),
    "shell": _input(
        argv={**_list(TEXT), "minItems": 1}, cwd=TEXT, env={"type": "object", "additionalProperties": TEXT},
        explain=TEXT, timeout={"type": "integer", "minimum": 1, "maximum": 3600},
    ),
    "web": _input(
        body=_object(items=WHOLE, text=TEXT), headers=_list(_object(name=TEXT, value=TEXT)),
        method=_one_of("GET", "POST", "DELETE"), url={"type": "string", "pattern": "^https?://"},
    ),
    "meet": _input(
        attendees=_list(_object(email=MAIL, role=_one_of("chair", "guest"))), minutes=WHOLE,
        room=_object(floor=WHOLE, name=TEXT), title=TEXT,
    ),
    "ticket": _input(
        assignee=TEXT, body=TEXT, labels=_list(TEXT), priority={"type": "integer", "minimum": 1, "maximum": 5},
        links=_list(_object(kind=_one_of("blocks", "copies"), to=WHOLE)), state=_one_of("open", "closed", "held"),
    ),
    "deploy": _input(
        image=TEXT, limits=_object(cpu=WHOLE, memory=WHOLE), regions=_list(TEXT), replicas=WHOLE, service=TEXT,
        steps=_list(_object(name=TEXT, wait=WHOLE)),
    ),
    "crm": _input(
        {"delete": {"type": "boolean"}}, contact=_object(email=MAIL, name=TEXT, phone=TEXT),
        fields=_object(segment=TEXT, turnover=WHOLE), note=TEXT, score={"type": "integer", "minimum": 0},
    ),
}  # fmt: skip
