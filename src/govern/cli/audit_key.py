"""`govern audit key`: the keys that sign a store's log and its writers' statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import store_named
from govern.errors import UsageError

if TYPE_CHECKING:
    from govern.audit.store_log import StoreLog

key = typer.Typer(
    name="key",
    help="The keys of a store: replace the one that signs its log, admit and retire those of writers, list them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Audit = Annotated[str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")]
_Sign = Annotated[
    str,
    typer.Option("--sign", metavar="KEY", envvar="GOVERN_AUDIT_KEY", help="The private key that signs the log now."),
]
_Public = Annotated[
    str, typer.Argument(metavar="PUB", help="The writer's key in PEM; of a private one, its public half.")
]


@key.command("rotate", no_args_is_help=True)
def rotate(
    new: Annotated[str, typer.Argument(metavar="NEW", help="The private key that signs from now on.")],
    sign: _Sign,
    audit: _Audit = None,
) -> None:
    """Put a new key in the place of the one that signs the store's log.

    Both keys sign a statement about it, which becomes a record; the next checkpoint is signed by the new one. Who
    trusts the old key can follow it to the new one, and back. The old key signs nothing of this store any more: destroy
    it once the new checkpoint is held elsewhere (`govern audit checkpoint`). After a key was stolen, a rotation tells
    nothing of what was signed before it: there a checkpoint held elsewhere is what tells.

    \b
    Example:
      govern key new log2
      govern audit key rotate log2.key --audit audit --sign log.key

    \b
    Exit codes:
      0  the new key signs
      2  the command line is wrong, --sign is not the log's key, or NEW signed this log before; nothing is changed
      3  the log cannot be read
      4  a key cannot be read, the store cannot be written, or somebody else appended meanwhile
    """
    import time

    from govern.audit import log_keys, store_log
    from govern.signing.key_files import read_private

    folder = _folder(audit)
    old, fresh = read_private(sign), read_private(new)
    log = store_log.read(folder)
    store = log.store
    if log.keys is None or old.public != log.keys.log:
        raise UsageError("is not the key that signs this log", where=sign, hint=_now(log.keys))
    if fresh.public in log.keys.ever:
        raise UsageError("signs this log, or did before: a key is never taken back", where=new)
    _all_recorded(folder, log, sign)
    records = log_keys.rotation(store.id, log.size, old, fresh, time.time_ns())
    store_log.append(folder, log, records, fresh)
    typer.echo(f"{fresh.public.keyid} signs the log now; {old.public.keyid} is retired")


@key.command("add", no_args_is_help=True)
def add(public: _Public, sign: _Sign, audit: _Audit = None) -> None:
    """Admit a key that may sign for writers: whoever has it can write the store, and cannot sign its log.

    \b
    Example:
      govern key new desk-agent
      govern audit key add desk-agent.pub --audit audit --sign log.key

    \b
    Exit codes:
      0  it is admitted
      2  the command line is wrong, --sign is not the log's key, or the key is admitted already; nothing is changed
      3  the log cannot be read
      4  a key cannot be read, the store cannot be written, or somebody else appended meanwhile
    """
    _writers_key(public, sign, audit, "add")


@key.command("retire", no_args_is_help=True)
def retire(public: _Public, sign: _Sign, audit: _Audit = None) -> None:
    """Retire a writer's key: nothing that begins after this may be signed by it. What it signed before stays good.

    \b
    Example:
      govern audit key retire desk-agent.pub --audit audit --sign log.key

    \b
    Exit codes:
      0  it is retired
      2  the command line is wrong, --sign is not the log's key, or the key is not admitted; nothing is changed
      3  the log cannot be read
      4  a key cannot be read, the store cannot be written, or somebody else appended meanwhile
    """
    _writers_key(public, sign, audit, "retire")


@key.command("list")
def list_(audit: _Audit = None) -> None:
    """List all keys that a store ever had, in the order of its log: whose they are, since when, until when.

    \b
    Example:
      govern audit key list --audit audit

    \b
    Exit codes:
      0  they are listed
      2  no store is named
      3  the store has no log, or it cannot be read
      4  it may not be read
    """
    from govern.audit import log_keys, store_log
    from govern.audit.records import Key, Store
    from govern.report.chain_json import at

    log = store_log.read(_folder(audit))
    first = log.store
    lines: dict[tuple[str, str], list[str]] = {}
    for entry in log.entries:
        match entry.record:
            case Store(key=said):
                lines[("log", said)] = [f"since {at(first.at_ns)}"]
            case Key(role=role, action="add", key=said, at_ns=at_ns):
                lines.setdefault((role, said), []).append(f"since {at(at_ns)}")
            case Key(role=role, key=said, at_ns=at_ns):
                lines.setdefault((role, said), []).append(f"retired {at(at_ns)}")
            case _:
                pass
    for (role, said), times in lines.items():
        typer.echo(f"{role:<7} {log_keys.of_text(said).keyid}  {', '.join(times)}")


def _writers_key(public: str, sign: str, audit: str | None, action: str) -> None:
    import time

    from govern.audit import log_keys, store_log
    from govern.audit.records import Key
    from govern.signing.key_files import read_any, read_private

    folder = _folder(audit)
    _, writer = read_any(public)
    signer = read_private(sign)
    log = store_log.read(folder)
    log.store  # noqa: B018 - says what is wrong where there is no log
    if log.keys is None or signer.public != log.keys.log:
        raise UsageError("is not the key that signs this log", where=sign, hint=_now(log.keys))
    if action == "add" and writer in log.keys.admitted:
        raise UsageError("is admitted already", where=public)
    if action == "retire" and writer not in log.keys.writers:
        hint = "the log's own key is replaced by `govern audit key rotate`" if writer == log.keys.log else ""
        raise UsageError("is not admitted for writers", where=public, hint=hint)
    if action == "retire":
        _all_recorded(folder, log, sign)
    text = log_keys.text(writer)
    record = Key(role="writer", action=action, key=text, envelope=None, at_ns=time.time_ns())
    store_log.append(folder, log, [record], signer)
    typer.echo(f"{writer.keyid} {'may sign for writers' if action == 'add' else 'is retired'}")


def _all_recorded(folder: str, log: StoreLog, sign: str) -> None:
    """A start that an older key signed is good where the log had it before the key went: later nobody can tell when it
    was signed."""
    from govern.audit import writers
    from govern.audit.records import Writer

    known = {entry.record.writer for entry in log.entries if isinstance(entry.record, Writer)}
    if new := [name for name in writers.registered(folder) if name not in known]:
        count = f"{len(new)} writer{'s' if len(new) > 1 else ''}"
        message = f"{count} began since the last seal, such as `{new[0]}`: the log must have them before a key goes"
        raise UsageError(message, where=folder, hint=f"govern audit seal --audit {folder} --sign {sign}, then again")


def _folder(audit: str | None) -> str:
    audit = store_named(audit)
    return audit


def _now(keys: object) -> str:
    from govern.audit.log_keys import Keys

    return f"the log is signed by {keys.log.keyid}" if isinstance(keys, Keys) else ""
