"""`govern audit`: the tamper-evident store of what agents did. One file a command, as everywhere."""

from __future__ import annotations

from importlib import import_module

import typer

audit = typer.Typer(
    name="audit",
    help="The audit store: write it, seal it, prove that nothing was changed or left out, hand out evidence.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
# In the order of a store's life: module and function of each.
COMMANDS = {
    "init": ("audit_init", "init"),
    "append": ("audit_append", "append"),
    "seal": ("audit_seal", "seal"),
    "checkpoint": ("audit_checkpoint", "checkpoint"),
    "verify": ("audit_verify", "verify"),
    "proof": ("audit_proof", "proof"),
    "export": ("audit_export", "export"),
    "reconcile": ("audit_reconcile", "reconcile"),
    "redact": ("audit_redact", "redact"),
    "hold": ("audit_hold", "hold"),
    "retain": ("audit_retain", "retain"),
    "compact": ("audit_compact", "compact"),
    "key": ("audit_key", "key"),
    "stats": ("audit_stats", "stats"),
}
# With GOVERN_AUDIT (and GOVERN_AUDIT_KEY) set, these need no argument.
_ALONE = ("seal", "checkpoint", "verify", "compact", "stats")
for _name, (_module, _function) in COMMANDS.items():
    _command = getattr(import_module(f"govern.cli.{_module}"), _function)
    if isinstance(_command, typer.Typer):
        audit.add_typer(_command, name=_name)
    else:
        audit.command(_name, no_args_is_help=_name not in _ALONE)(_command)
