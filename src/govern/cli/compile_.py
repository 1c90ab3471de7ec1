"""`govern compile`: a charter to a bundle, to SQL, or to another tool's own policy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import DeploymentFile
from govern.errors import UsageError

if TYPE_CHECKING:
    from govern.compile.backends import Export
    from govern.policy.model import Policy


class Target(StrEnum):
    """What a charter is compiled to."""

    BUNDLE = "bundle"
    SQL = "sql"
    CEDAR = "cedar"
    REGO = "rego"
    CLAUDE_CODE = "claude-code"


def compile_(
    charter: Annotated[str, typer.Argument(metavar="CHARTER", help="A charter file, or - for standard input.")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="PATH", help="The file that is written, or the folder of several; `-` prints one."
        ),
    ],
    target: Annotated[Target, typer.Option("--target", help="What it is compiled to.")] = Target.BUNDLE,
    tighter: Annotated[
        bool,
        typer.Option("--tighter", help="Export what the target cannot express more strictly, and say where."),
    ] = False,
    deployment: DeploymentFile = None,
    valid_from: Annotated[
        str | None,
        typer.Option("--valid-from", metavar="TIME", help="When it begins to be valid, as 2026-11-23T14:00:00Z."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", metavar="TIME", help="When it expires; without one, never.")
    ] = None,
    valid_for: Annotated[
        str | None,
        typer.Option("--valid-for", metavar="SPAN", help="How long it is valid, as 90d: from --valid-from, or now."),
    ] = None,
    sign: Annotated[
        list[str] | None,
        typer.Option("--sign", metavar="KEY", help="Sign it with a private key (`govern key new`); repeatable."),
    ] = None,
) -> None:
    """Compile a charter to a bundle, one deterministic file that decides without the charter; or export it.

    The same charter gives the same bytes, signed or not. The bundle holds the policy, the charter as written with
    every file that it extends and uses, the decision SQL, when it is valid, and digests of all of them; a changed
    byte is refused where it is read, and so is a bundle outside its time. With --deployment the bases that the
    deployment asks of every charter are composed too. With --sign the file is a DSSE envelope: who enforces it
    tells with `govern bundle verify` who signed it.

    --target exports the charter for another tool to decide by: `sql` is one query for DuckDB that gives each row of
    a table of calls the truth values of its conditions, `cedar` and `rego` are policies of those languages,
    `claude-code` is a folder with permission settings, the bundle, and the hook that joins them. What a target cannot
    express is an error that names every such part and where it is; with --tighter each is exported more strictly than
    the charter says, and listed on standard error. An export is never looser. What a target lacks stands on its page.

    \b
    Example:
      govern compile charters/agentdojo/banking.yaml -o banking.bundle
      govern compile charters/desk.yaml -o desk.bundle --valid-for 90d --sign release.key
      govern compile samples/support/charter.yaml --target claude-code --tighter -o .claude

    \b
    Exit codes:
      0  it is written; with --tighter, more strictly where standard error says so
      2  the command line is wrong
      3  the charter has errors, or the target cannot express all of it; nothing is written
      4  a key cannot be read, or a file cannot be written
    """
    only_bundles = {"--sign": sign, "--valid-from": valid_from, "--valid-until": valid_until, "--valid-for": valid_for}
    if target is not Target.BUNDLE and (given := [name for name, value in only_bundles.items() if value]):
        raise UsageError(
            f"`{given[0]}` is for bundles", hint=f"compile the bundle for itself, without `--target {target.value}`"
        )
    if tighter and target in (Target.BUNDLE, Target.SQL):
        raise UsageError("`--tighter` is for exports", hint="it goes with `--target cedar`, `rego` and `claude-code`")
    import time

    from govern.charter.deployment import deployment_or_raise, minimums
    from govern.charter.load import charter_or_raise, load
    from govern.compile.bundle import as_written, build, signed
    from govern.compile.lower import lower
    from govern.compile.validity import window
    from govern.compile.writing import not_over, write
    from govern.events.canonical import digest
    from govern.report import bundle_text
    from govern.report.console import safe
    from govern.signing.key_files import read_private

    not_over(output, [(charter, "the charter"), *((key, "the key") for key in sign or ())])
    now = time.time_ns()
    valid = window(valid_from, valid_until, valid_for, now)
    keys = tuple(read_private(key) for key in sign or ())
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    least = minimums(charter, deployed)
    read = charter_or_raise(load(charter, least), charter)
    policy = lower(read)
    zone = deployed.time_zone if deployed else None
    if target is Target.SQL:
        from govern.policy.sql import decision_sql

        _write({f"{policy.agent}.sql": decision_sql(policy, zone=zone) + "\n"}, output, charter)
        return
    made = signed(build(policy, as_written(read, least, deployed.digest if deployed else None), valid), keys)
    if target is not Target.BUNDLE:
        export = _export(policy, target, zone, tighter=tighter)
        files = dict(export.files)
        if target is Target.CLAUDE_CODE:
            from govern.compile.backends.claude_code import BUNDLE

            _not_over_others(output)
            files[BUNDLE] = made.file_text
        _write(files, output, charter)
        _say_gaps(export, target)
        return
    if output == "-":
        typer.echo(made.file_text, nl=False)
        return
    raw = write(made, output)
    typer.echo(bundle_text.compiled(made, keys, now))
    typer.echo(f"{safe(output)}  {len(raw):,} B  {digest(raw)}")


def _export(policy: Policy, target: Target, zone: str | None, *, tighter: bool) -> Export:
    from govern.compile.backends import backend

    return backend(target.value).export(policy, tighter=tighter, zone=zone)


def _write(files: Mapping[str, str], output: str, charter: str) -> None:
    """The one file under the name that was given, several in a folder of that name; `-` prints one."""
    from pathlib import Path

    from govern.compile.writing import not_over, write_whole
    from govern.errors import EnvironmentFailed
    from govern.report.console import safe

    if output == "-":
        if len(files) > 1:
            raise UsageError(f"this target writes {len(files)} files: {', '.join(files)}", hint="name a folder with -o")
        typer.echo(next(iter(files.values())), nl=False)
        return
    folder = Path(output)
    alone = len(files) == 1 and not folder.is_dir()
    if not alone:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise EnvironmentFailed(f"no folder to write to: {said}", where=output) from None
    places = {name: output if alone else str(folder / name) for name in files}
    for place in places.values():
        not_over(place, [(charter, "the charter")])
    for name, text in files.items():
        raw = text.encode()
        write_whole(raw, places[name])
        typer.echo(f"{safe(places[name])}  {len(raw):,} B")


def _not_over_others(output: str) -> None:
    """Refuses to replace settings that somebody wrote."""
    from pathlib import Path

    from govern.compile.backends.claude_code import SETTINGS

    place = Path(output) / SETTINGS
    if place.is_file() and b"govern hook claude-code" not in place.read_bytes():
        hint = "write to another folder, and take over what belongs into yours"
        raise UsageError(f"`{place}` has settings of yours", hint=hint)


def _say_gaps(export: Export, target: Target) -> None:
    """What is stricter than the charter, one line each, to standard error."""
    from govern.report.console import safe

    if export.gaps:
        many = "1 part" if len(export.gaps) == 1 else f"{len(export.gaps)} parts"
        typer.echo(f"stricter than the charter in {many}, which `{target.value}` cannot express:", err=True)
    for gap in export.gaps:
        typer.echo(safe(f"  {gap}: {gap.tighter}"), err=True)
