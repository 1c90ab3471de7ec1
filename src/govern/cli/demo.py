"""`govern demo`: the whole loop on a sample, in a temporary folder, narrated."""

from __future__ import annotations

from pathlib import Path

import typer

from govern.errors import EnvironmentFailed, Exit

# One run of the sample in which a gateway restarted while somebody was being asked.
RESTARTED = "b4363abeab7bb812659467d3e9b43c6f"
STEPS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    (
        (
            "An agent reviews pull requests. Its charter says what it may do alone, what needs whose approval, and "
            "what it must never do. Is the charter in order?"
        ),
        ("lint", "charter.yaml"),
        Exit.OK,
    ),
    (
        "One call, decided and explained. The agent wants to merge:",
        (
            "decide", "--policy", "charter.yaml", "--tool", "merge_pull_request",
            "--args", '{"repo": "shop/payments", "number": 812, "base": "main", "method": "squash"}',
        ),
        Exit.OK,
    ),
    (
        "Does it say what was meant? Its tests: what somebody might ask for, boundaries, approvals and deadlines.",
        ("test", "charter.yaml"),
        Exit.OK,
    ),
    (
        (
            "The same charter against the agent's own log of a week. What would have been asked and denied, and, "
            "first of all, what did nobody draw a line around?"
        ),
        ("shadow-report", "log.jsonl", "--charter", "charter.yaml"),
        Exit.FOUND,
    ),
    (
        "What is missing, written for you to decide. What a rule holds back is shown, and never loosened.",
        ("suggest", "log.jsonl", "--charter", "charter.yaml"),
        Exit.FOUND,
    ),
    (
        "The audit record of that week goes into a store. A key of its own signs what is sealed in it:",
        ("key", "new", "audit"),
        Exit.OK,
    ),
    (
        "The store begins with the first record of its log.",
        ("audit", "init", "record", "--sign", "audit.key"),
        Exit.OK,
    ),
    (
        "The record as the boundary wrote it, as events in Parquet.",
        ("import", "audit.jsonl", "-o", "record"),
        Exit.OK,
    ),
    (
        "Sealed: from here on nobody changes an event, or takes one away, without being seen.",
        ("audit", "seal", "--audit", "record", "--sign", "audit.key"),
        Exit.OK,
    ),
    (
        "A checkpoint, to be kept where whoever may write the store may not.",
        ("audit", "checkpoint", "--audit", "record", "--to", "file:kept-elsewhere"),
        Exit.OK,
    ),
    (
        "Can every decision be put back together? Each hole has a name and a likely cause.",
        ("gaps", "--audit", "record"),
        Exit.FOUND,
    ),
    (
        "One of them, from the prompt to the output: a merge that was waiting for a maintainer, and did not wait.",
        ("reconstruct", "--trace-id", RESTARTED, "--audit", "record"),
        Exit.FOUND,
    ),
    (
        "Is the record whole? Everything is computed again from the stored bytes, and held to the checkpoint.",
        ("audit", "verify", "--audit", "record", "--key", "audit.pub", "--since", "kept-elsewhere"),
        Exit.OK,
    ),
)  # fmt: skip


def demo() -> None:
    """Show the whole loop on a sample: lint, decide, test, replay a log, suggest, seal, find the gaps, rebuild
    one chain, verify.

    Works in a temporary folder that is removed afterwards; needs no network and no server.

    \b
    Example:
      govern demo

    \b
    Exit codes:
      0  everything was shown
      4  the sample is not installed
    """
    import os
    import shutil
    import tempfile

    sample = _sample()
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="govern-demo-") as folder:
        for name in ("charter.yaml", "charter.test.yaml", "log.jsonl", "audit.jsonl"):
            shutil.copyfile(sample / name, Path(folder) / name)
        os.chdir(folder)  # so that the commands shown are the commands run
        try:
            for number, (words, command, code) in enumerate(STEPS, start=1):
                _step(number, words, command, code)
        finally:
            os.chdir(before)
    typer.echo(
        "\nThat is the loop. Your own agent: write a charter, then `govern shadow-report YOUR-LOGS --charter IT`."
    )


def _sample() -> Path:
    package = Path(__file__).parent.parent
    for folder in (package / "samples" / "code-review", package.parent.parent / "samples" / "code-review"):
        if (folder / "charter.yaml").is_file():
            return folder
    raise EnvironmentFailed("the sample `code-review` is not installed", hint="run it from a checkout: `make demo`")


def _step(number: int, words: str, command: tuple[str, ...], code: int) -> None:
    import shlex
    import textwrap

    from govern.cli.app import application
    from govern.report.console import console, styled

    out = console()
    out.print()
    for line in textwrap.wrap(f"{number}. {words}", 88, subsequent_indent="   "):
        out.print(styled(line, "bold"))
    out.print(styled(f"$ govern {shlex.join(command)}", "cyan"))
    out.print()
    found = application([command[0]])(list(command), standalone_mode=False) or Exit.OK
    if found != code:
        raise RuntimeError(f"`govern {command[0]}` ended with {found}, expected {code}")
