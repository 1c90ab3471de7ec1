"""A client of the language server: the real process, raw messages over its standard input and output."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "govern.cli.app", "lsp"]
_WAIT_S = 20.0
Message = dict[str, Any]


class Client:
    """Speaks with one server process; every wait has an end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.incoming: queue.Queue[Message | None] = queue.Queue()
        self.seen: list[Message] = []
        self.number = 0
        self.errors = b""
        self.answered: Message = {}
        threading.Thread(target=self._read, daemon=True).start()
        self.on_error = threading.Thread(target=self._read_errors, daemon=True)
        self.on_error.start()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            length = 0
            while (line := stream.readline()).strip():
                name, _, value = line.decode("ascii").partition(":")
                length = int(value) if name.lower() == "content-length" else length
            if not line:
                self.incoming.put(None)
                return
            self.incoming.put(json.loads(stream.read(length)))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()

    def send(self, message: Message | bytes) -> None:
        body = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Message:
        """The whole response to a request: `result` or `error`."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.next()
            if message.get("id") == self.number and "method" not in message:
                return message

    def result(self, method: str, **params: Any) -> Any:
        response = self.ask(method, **params)
        assert "error" not in response, response
        return response["result"]

    def next(self) -> Message:
        message = self.incoming.get(timeout=_WAIT_S)
        assert message is not None, "the server is gone"
        self.seen.append(message)
        return message

    def notified(self, method: str) -> Any:
        """The parameters of the next notification of a kind, of those that were not looked at yet."""
        while True:
            for index, message in enumerate(self.seen):
                if message.get("method") == method:
                    del self.seen[index]
                    return message["params"]
            self.next()

    # What tests say

    def open(self, path: Path, text: str | None = None) -> None:
        text = path.read_text("utf-8") if text is None else text
        self.notify(
            "textDocument/didOpen",
            textDocument={"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text},
        )

    def change(self, path: Path, text: str, version: int) -> None:
        self.notify(
            "textDocument/didChange",
            textDocument={"uri": path.as_uri(), "version": version},
            contentChanges=[{"text": text}],
        )

    def diagnostics(self, path: Path) -> list[Message]:
        while True:
            found = self.notified("textDocument/publishDiagnostics")
            if found["uri"] == path.as_uri():
                diagnostics: list[Message] = found["diagnostics"]
                return diagnostics

    def at(self, method: str, path: Path, line: int, character: int) -> Any:
        return self.result(
            f"textDocument/{method}",
            textDocument={"uri": path.as_uri()},
            position={"line": line, "character": character},
        )


@contextmanager
def serving(
    root: Path, encodings: list[str] | None = None, quiet: bool = True, command: list[str] | None = None
) -> Iterator[Client]:
    """A server for a folder, initialized; it ends with exit code 0 and, if `quiet`, with nothing on standard error."""
    process = subprocess.Popen(
        command or COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        env={**os.environ},
    )
    client = Client(process)
    try:
        wants: Message = {
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True}},
                "publishDiagnostics": {"relatedInformation": True, "codeDescriptionSupport": True},
            }
        }
        if encodings is not None:
            wants = {**wants, "general": {"positionEncodings": encodings}}
        answer = client.result("initialize", processId=None, rootUri=root.as_uri(), capabilities=wants)
        client.answered = answer
        client.notify("initialized")
        yield client
        client.result("shutdown")
        client.notify("exit")
        assert 0 == process.wait(timeout=_WAIT_S)
        client.on_error.join(timeout=_WAIT_S)
        if quiet:
            assert b"" == client.errors
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
