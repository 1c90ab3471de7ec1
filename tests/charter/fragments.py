"""A fragment of a charter in the middle of a minimal one: what the fragment leaves out is taken from there.

Works on text, so that a fragment may be as broken as a test needs it.
"""

from __future__ import annotations

import re

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


def whole(fragment: str, *, without: tuple[str, ...] = ()) -> str:
    """The fragment, then every section of the minimal charter that the fragment does not have itself.

    Args:
        without: sections that are left out too.
    """
    written = set(re.findall(r"^([a-z]+):", fragment, re.MULTILINE)) | set(without)
    rest = "".join(text for key, text in MINIMAL.items() if key not in written)
    return f"{fragment.rstrip()}\n{rest}"
