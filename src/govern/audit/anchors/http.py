"""One HTTP request to a sink: no redirects, no proxies, a time limit, a limit on the answer, https or this machine."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from govern.errors import EnvironmentFailed, UsageError

MAX_ANSWER: Final = 1024 * 1024
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, of whatever status."""

    status: int
    kind: str
    body: bytes


def check(url: str) -> str:
    """The URL, where something may be sent to it.

    Raises:
        UsageError: it is none, is not https to another machine, or has a password in it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("http", "https") or not (url.isascii() and url.isprintable()) or " " in url:
        raise UsageError("is no URL of http or https", where=url[:200])
    if parts.scheme == "http" and host not in _LOCAL:
        raise UsageError("is not https, and only this machine is spoken to without it", where=url[:200])
    if parts.username is not None or parts.password is not None:
        raise UsageError("has a name or password in it, which a receipt would keep", where=url.split("@")[-1][:200])
    return url


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
    """Sends a body.

    Args:
        timeout_s: for all of it, in seconds.

    Raises:
        UsageError: as `check`.
        EnvironmentFailed: nobody answered, or too late, or too much.
    """
    parts = urlsplit(check(url))
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    until = time.monotonic() + timeout_s
    try:
        connection.request("POST", path, body, {"User-Agent": "govern-audit", "Connection": "close", **headers})
        answer = connection.getresponse()
        read = bytearray()
        while chunk := answer.read1(65_536):
            read += chunk
            if len(read) > MAX_ANSWER:
                raise EnvironmentFailed(f"answers with more than {MAX_ANSWER:,} bytes", where=url)
            if time.monotonic() > until:
                raise TimeoutError("timed out")
        return Answer(answer.status, answer.headers.get_content_type(), bytes(read))
    except (OSError, http.client.HTTPException, UnicodeError) as error:  # UnicodeError: a host that no name can be
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise EnvironmentFailed(f"did not take it: {reason.lower()[:200]}", where=url) from None
    finally:
        connection.close()
