"""Charters a line apart and logs of their agent, for `govern diff`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

OLD = """govern: 1
agent: desk
version: 1
purpose: Answers mail.
owner: lead
roles: [lead, finance]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 1h, then: deny}]}
  finance: {roles: [finance], if_no_answer: [{after: 1h, then: deny}]}
tools:
  look: {tier: read_only}
  pay:
    tier: irreversible
    approval: {ask: lead, unless: "args.amount <= 50"}
    rules:
      - {id: too-much, when: "args.amount > 1000", then: deny, because: Nobody owes that.}
  post: {tier: reversible}
"""
WIDER = OLD.replace("version: 1", "version: 2").replace("args.amount <= 50", "args.amount <= 80")
NARROWER = OLD.replace("version: 1", "version: 2").replace("args.amount <= 50", "args.amount <= 20")
BOTH = WIDER.replace("args.amount > 1000", "args.amount > 500")
OTHERS = OLD.replace("version: 1", "version: 2").replace("ask: lead, unless", "ask: finance, unless")


def call(number: int, tool: str, args: Any = None, agent: str = "desk", **more: Any) -> dict[str, Any]:
    """One proposed call, a minute after the one before; `args` None is a log that has none."""
    made = {
        "event_id": f"e{number}", "trace_id": f"t{number // 2}", "type": "tool_call",
        "writer_id": "w", "wseq": number, "span_id": f"s{number}", "ts": f"2026-11-16T12:{number:02d}:00Z",
        "agent": agent, "actor_kind": "agent", "tool": tool, **more,
    }  # fmt: skip
    return made if args is None else made | {"args": args}


PAID = [call(at, "pay", {"amount": amount}) for at, amount in enumerate([10, 30, 60, 70, 200, 600, 2000])]
LOOKED = [call(20 + at, "look", {}) for at in range(3)]


def log(folder: Path, *events: Any, name: str = "log.jsonl") -> str:
    """A log in the canonical format; events are mappings, or lines as they are."""
    file = folder / name
    lines = (event if isinstance(event, str) else json.dumps(event) for event in events)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return str(file)


def charter(folder: Path, text: str, name: str = "desk.yaml") -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return str(file)


def git(folder: Path, *arguments: str) -> None:
    """Runs git with nobody's configuration."""
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    named = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **nobody, **named}, check=True, capture_output=True
    )


def committed(folder: Path, message: str = "as it is") -> None:
    """All of a folder as one commit of `main`; makes the repository where there is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
