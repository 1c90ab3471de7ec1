"""Pages and cases show only what matters; here the rest of a charter is put behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from govern.charter.deployment import Deployment, read_deployment
from govern.charter.lock import text
from govern.charter.model import Charter, PinnedTool, Pins

SECTIONS = {
    "govern": "govern: 1",
    "agent": "agent: desk",
    "version": "version: 1",
    "purpose": "purpose: Answers questions.",
    "owner": "owner: head",
    "roles": "roles: [head]",
    "approvals": "approvals:\n  lead: {roles: [head], if_no_answer: [{after: 4h, then: deny}]}",
    "tools": "tools:\n  get_note: {tier: read_only, input: {type: object, properties: {id: {type: string}}}}",
}

# The files that a page or a case may name in `uses` and `extends`.
NEARBY = {
    "library/mail.yaml": """\
govern: 1
library: mail
version: 1
purpose: Mail of the house.
server: mail
tools:
  send_email:
    tier: irreversible
    external: true
    input:
      type: object
      required: [to, body]
      properties: {to: {type: string}, body: {type: string}}
""",
    "org/base.yaml": """\
govern: 1
base: org
version: 1
purpose: Rules of the house.
owner: chief
roles: [chief]
approvals: {chief: {roles: [chief], if_no_answer: [{after: 24h, then: deny}]}}
never: [{tools: ["wire_*"], because: Money is sent by people.}]
""",
}

DEPLOYMENT = {
    "govern": "govern: 1",
    "deployment": "deployment: prod",
    "mode": "mode: enforce",
    "time_zone": "time_zone: UTC",
    "notifications": "notifications: {desk: {mail: desk@example.com}}",
}


def deployed(fragment: str) -> Deployment:
    """A deployment: the fragment, then every section that it does not have."""
    deployment, findings = read_deployment(_completed(fragment, DEPLOYMENT).encode(), "deployment.yaml")
    assert deployment is not None, findings
    return deployment


def pinned(charter: Charter, hints: Mapping[str, Mapping[str, bool]]) -> bytes:
    """The lock of a charter named `charter.yaml`: what it is composed of, and what servers said of its tools.

    Args:
        hints: `read_only` and `destructive` by tool.
    """
    tools = {
        name: PinnedTool(f"sha256:{'0' * 64}", said.get("read_only"), said.get("destructive"))
        for name, said in hints.items()
    }
    return text({"charter.yaml": Pins({part.path: part.digest for part in charter.parts}, tools)}).encode()


def whole(fragment: str) -> str:
    """A charter's text: the fragment, then every section that it does not have. Its lines keep their numbers."""
    return _completed(fragment, SECTIONS)


def _completed(fragment: str, sections: dict[str, str]) -> str:
    written = set(re.findall(r"^(\w+):", fragment, re.MULTILINE))
    return "\n".join([fragment.strip("\n"), *(text for key, text in sections.items() if key not in written)]) + "\n"
