"""`--to https://…`: the signed note, sent to whoever keeps it.

The note is the body of one POST of `text/plain`; any status from 200 to 299 says that it is kept. Redirects are not
followed. What is answered is not kept beyond its status and digest.
"""

from __future__ import annotations

import hashlib

from govern.audit.anchors import http
from govern.audit.anchors.contract import Given, Held
from govern.audit.anchors.file import records
from govern.errors import EnvironmentFailed


def hold(target: str, given: Given) -> Held:
    """See `contract.Sink`; `target` is the whole URL."""
    said = given.signed.checkpoint
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    answer = http.post(target, given.signed.text.encode(), headers, given.timeout_s)
    if not 200 <= answer.status < 300:
        moved = ", and redirects are not followed" if 300 <= answer.status < 400 else ""
        raise EnvironmentFailed(f"answers {answer.status}{moved}", where=target)
    words = f"{target}: taken, {answer.status}, {records(said.size)}"
    return Held(words, {"status": answer.status, "answer": f"sha256:{hashlib.sha256(answer.body).hexdigest()}"})
