"""A fragment of a file in the middle of a minimal one: what the fragment leaves out is taken from there.

A page's block is a fragment of a charter, or of several files, each behind a line with its name alone: `# org.yaml`.
Works on text, so that a fragment may be as broken as a test needs it.
"""

from __future__ import annotations

import re

from govern.charter.deployment import read_deployment
from govern.charter.files import within
from govern.charter.load import load_text
from govern.charter.suite import read_suite
from govern.findings import Finding

MINIMAL = {
    "govern": "govern: 1\n",
    "agent": "agent: desk\n",
    "version": "version: 1\n",
    "purpose": "purpose: Answers questions about orders.\n",
    "owner": "owner: lead\n",
    "roles": "roles: [lead, finance]\n",
    "approvals": "approvals:\n  lead: {roles: [lead], if_no_answer: [{after: 8h, then: deny}]}\n",
    "tools": "tools:\n  get_order: {tier: read_only}\n  refund: {tier: irreversible, approval: {ask: lead}}\n",
}


def _of_minimal(*keys: str) -> dict[str, str]:
    return {key: MINIMAL[key] for key in keys}


# What other kinds of file need, by the key that names the kind.
MINIMA = {
    "base": _of_minimal("govern", "version", "purpose", "owner", "roles"),
    "library": _of_minimal("govern", "version", "purpose") | {"tools": "tools: {a: {tier: read_only}}\n"},
    "tests": {"govern": MINIMAL["govern"], "charter": "charter: charter.yaml\n"},
    "deployment": {
        "govern": MINIMAL["govern"],
        "roles": "roles: {lead: {people: ['oidc:ann']}}\n",
        "mode": "mode: enforce\n",
        "time_zone": "time_zone: Europe/Berlin\n",
    },
}
_FILE = re.compile(r"^# ([a-z./]+\.yaml)$", re.MULTILINE)


def whole(fragment: str, *, without: tuple[str, ...] = ()) -> str:
    """The fragment, then every section of the minimal file of its kind that the fragment does not have itself.

    Args:
        without: sections that are left out too.
    """
    written = set(re.findall(r"^([a-z_]+):", fragment, re.MULTILINE)) | set(without)
    minimal = next((sections for key, sections in MINIMA.items() if key in written), MINIMAL)
    rest = "".join(text for key, text in minimal.items() if key not in written)
    return f"{fragment.rstrip()}\n{rest}"


def files_of(block: str) -> dict[str, str]:
    """The whole files of a page's block by name, the one that the page is about first."""
    first, *rest = _FILE.split(block)
    files = {"charter.yaml": first} if first.strip() else {}
    files.update(zip(rest[::2], rest[1::2], strict=True))
    return {name: whole(text.lstrip("\n")) for name, text in files.items()}


def findings_of(block: str) -> tuple[Finding, ...]:
    """What loading the first file of a page's block finds."""
    files = files_of(block)
    name = next(iter(files))
    if name == "deployment.yaml":
        return read_deployment(files[name].encode(), name)[1]
    if re.search("^tests:", files[name], re.MULTILINE):
        text = files.pop(name)
        return read_suite(text.encode(), "desk.test.yaml", files=within({"charter.yaml": whole(""), **files})).findings
    return load_text(files[name], name, within(files)).findings
