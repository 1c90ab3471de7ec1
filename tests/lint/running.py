"""What the tests of `govern lint` share: one charter of each kind, what a run answered, its JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from .fragments import whole

ROOT = Path(__file__).parents[2]

CLEAN = whole("""tools:
  merge:
    tier: irreversible
    approval: {ask: lead}
    input: {type: object, properties: {}}
""")
ERROR = whole("""tools:
  merge: {tier: irreversible, approval: {ask: lead}, input: {type: object, properties: {}}}
  post_comment:
    teir: reversible
""")
WARNING = whole("""tools:
  merge:
    tier: irreversible
    approval: {ask: lead, unless: args.checks_passed}
    input: {type: object, required: [checks_passed], properties: {checks_passed: {type: boolean}}}
""")
NOTE = whole("""tools:
  send:
    tier: irreversible
    approval: {ask: lead}
    input: {type: object, required: [to], properties: {to: {type: string}}}
    rules:
      - {id: home, only_if: "args.to.matches('^https://corp[.]example')", otherwise: deny}
""")


SEND = "tools: {send: {tier: reversible, approval: {ask: lead}, input: {type: object, properties: {}}}}\n"


def team(fragment: str) -> str:
    """A charter in which lint finds what the fragment brings, and nothing else: its gate is asked."""
    return whole(fragment if "tools:" in fragment else f"{fragment}\n{SEND}")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Govern = Callable[..., Ran]


def report(ran: Ran) -> dict[str, Any]:
    """The JSON document, held against the published schema."""
    document: dict[str, Any] = json.loads(ran.out)
    schema = json.loads((ROOT / "schemas/lint.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    return document
