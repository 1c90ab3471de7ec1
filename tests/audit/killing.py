"""Writers that are killed: eight processes append to one store, each says what was acknowledged to it, and each is
killed at some moment and started again, until there were enough kills.

    python killing.py STORE KEY KILLS SEED [sealing]

prints one JSON document: `acknowledged` ids of events, `kills`, `writers` that were started. With `sealing`, another
process seals what it finds all the while, and is killed too. The processes are forked from one that has loaded
everything, so that a kill hits anything from the first step of opening the log to the middle of a write.
"""

from __future__ import annotations

import json
import os
import random
import selectors
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from govern.audit.audit_log import AuditLog
from govern.audit.masking import Sensitive
from govern.audit.sealing import seal
from govern.errors import EnvironmentFailed
from govern.signing.key_files import read_private
from govern.signing.keys import PrivateKey

WRITERS = 8
LONGEST_S = 0.08


def write(store: Path, name: str, key: PrivateKey, said: int, seed: int) -> None:
    """One life of a writer: threads that append as fast as they can, and say each event that was acknowledged."""
    places = {"mail": Sensitive(("args.to",))}
    log = AuditLog(store, name, key, segment_events=41, sensitive=places, commit_key=b"\x07" * 32)

    def append(chance: random.Random) -> None:
        while True:
            size = chance.choice((20, 300, 9_000))
            event: dict[str, Any] = {
                "type": "prompt",
                "trace_id": f"{name}-{chance.randrange(50)}",
                "content": "x" * size,
            }
            if chance.random() < 0.1:
                event |= {"type": "tool_call", "tool": "mail", "args": {"to": f"{chance.random()}@example.org"}}
            if chance.random() < 0.2:  # with what comes after it, or never
                log.append("session_start", trace_id="unflushed", durable=False)
            made = log.append_all([event] * chance.choice((1, 1, 3)))
            os.write(said, "".join(f"{each.event_id}\n" for each in made).encode())

    threads = [threading.Thread(target=append, args=(random.Random(seed + at),)) for at in range(3)]
    for thread in threads:
        thread.start()


def seal_on(store: Path, key: PrivateKey) -> None:
    """Seals whatever there is, over and over."""
    while True:
        try:
            seal(store, key, now_ns=time.time_ns(), everything=True)
        except EnvironmentFailed as failed:  # the one that was killed has its lease still
            print(f"sealing: {failed.message}", file=sys.stderr)
        time.sleep(0.01)


def main(store: Path, key: PrivateKey, kills: int, seed: int, sealing: bool) -> None:
    """Starts, kills and starts again; prints what was acknowledged."""
    chance = random.Random(seed)
    acknowledged = b""
    done = started = 0
    lives: dict[int, tuple[str, int, float]] = {}  # by pid: name, pipe, when it is killed
    selector = selectors.DefaultSelector()
    names = [f"writer-{number}" for number in range(WRITERS)] + (["sealer"] if sealing else [])
    while done < kills or lives:
        for name in names if done < kills else ():
            if any(name == each for each, _, _ in lives.values()):
                continue
            reads, writes = os.pipe()
            pid = os.fork()
            if not pid:
                try:
                    if name == "sealer":
                        seal_on(store, key)
                    else:
                        write(store, name, key, writes, chance.randrange(2**30) + done)
                        signal.pause()
                finally:
                    os._exit(1)
            os.close(writes)
            started += name != "sealer"
            longest = LONGEST_S * (10 if name == "sealer" else 1)
            lives[pid] = (name, reads, time.monotonic() + longest * chance.random() ** 2)
            selector.register(reads, selectors.EVENT_READ)
        for ready, _ in selector.select(0.002):
            acknowledged += os.read(ready.fd, 1 << 16)
        for pid, (name, reads, until) in list(lives.items()):
            if time.monotonic() < until:
                continue
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
                raise RuntimeError("a writer ended by itself")
            while rest := os.read(reads, 1 << 16):
                acknowledged += rest
            selector.unregister(reads)
            os.close(reads)
            del lives[pid]
            done += 1
            if name == "sealer":  # nobody waits here until its lease ends
                (store / "log" / "lease.json").unlink(missing_ok=True)
    # The last line of a pipe is whole: what is written to one at once, up to PIPE_BUF, is there or is not.
    print(json.dumps({"acknowledged": acknowledged.decode().split(), "kills": done, "writers": started}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), read_private(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), "sealing" in sys.argv[5:])
