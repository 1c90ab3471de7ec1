"""A time stamping authority for tests: `openssl ts` behind a small HTTP server, with its own root and certificates."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OPENSSL = shutil.which("openssl")
CONFIG = """
[ tsa ]
default_tsa = tsa_config
[ tsa_config ]
serial = {folder}/serial
signer_cert = {folder}/tsa.crt
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
"""
EXTENSIONS = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage={use}\n"
Change = Callable[[bytes], tuple[int, str, bytes]]


def openssl(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """The output of an openssl command in a folder."""
    done = subprocess.run([OPENSSL or "openssl", *arguments], cwd=folder, input=given, capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr.decode()
    return done.stdout


def authority(folder: Path, use: str = "critical,timeStamping") -> Path:
    """Makes a root, and a certificate under it for time stamps; the folder holds `root.crt` and what signs."""
    folder.mkdir(parents=True)
    root = ("-subj", "/CN=Test root", "-addext", "keyUsage=critical,keyCertSign", "-days", "2")
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.crt", *root)
    request = ("-subj", "/CN=Test authority", "-keyout", "tsa.key", "-out", "tsa.csr")
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", *request)
    (folder / "ext").write_text(EXTENSIONS.format(use=use))
    ca = ("-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "ext", "-days", "2")
    openssl(folder, "x509", "-req", "-in", "tsa.csr", "-out", "tsa.crt", *ca)
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    return folder


def stamped(folder: Path, query: bytes) -> bytes:
    """The authority's reply to a query."""
    (folder / "query.tsq").write_bytes(query)
    openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
    return (folder / "reply.tsr").read_bytes()


@dataclass
class Server:
    """An HTTP server on this machine that answers every POST as `change` says, and remembers what came."""

    change: Change
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def served(change: Change) -> Iterator[Server]:
    """Runs such a server.

    Args:
        change: from the body of a request to status, content type and body of the answer; a status of 3xx leads back
            to the server itself.
    """
    made = Server(change)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.bodies.append(body)
            made.headers.append(dict(self.headers))
            status, kind, answer = made.change(body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{made.url}/elsewhere")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
