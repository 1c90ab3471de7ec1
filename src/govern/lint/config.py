"""What a run of `lint` goes by: the configuration file, the baseline, and the suppressions that count.

All of it may be taken from a git revision instead of the working tree, so that a change cannot excuse itself.
Leaves out what the files say (`settings`, `baseline`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from govern.charter.source import decode
from govern.errors import AuthorError, EnvironmentFailed, EvidenceError
from govern.findings import Finding
from govern.lint.engine import loading_ids, rule_ids
from govern.lint.settings import Settings, parse_settings

if TYPE_CHECKING:  # a run without them does not wait for JSON and processes
    from govern.charter.deployment import Deployment
    from govern.charter.model import Charter
    from govern.lint.baseline import Baseline
    from govern.lint.revision import Revision
    from govern.lint.suppress import Accepted
    from govern.policy.model import Policy

FILE = "govern.toml"
_MOST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a run goes by.

    Args:
        baseline: findings that are known; None hides none.
        revision: where suppressions must stand to count; None: where they are.
        deployment: where the charters are to run; None where that is not said.
        lowered: the policy that a charter means, where the solver is asked about it; None asks none.
    """

    settings: Settings = field(default_factory=Settings)
    baseline: Baseline | None = None
    revision: Revision | None = None
    deployment: Deployment | None = None
    lowered: Callable[[Charter], Policy] | None = None

    def accepted(self, file: str) -> Accepted | None:
        """The suppressions that count in a file; None if all do."""
        if self.revision is None:
            return None
        from govern.lint.suppress import Accepted

        data = self.revision.read(file) if file != "-" else None
        source = decode(data, file)[0] if data is not None else None
        return Accepted(self.revision.name, source.text if source else None)

    def weighed(self, findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], int]:
        """Findings with the severity that the settings give their rules, and how many are turned off.

        Args:
            findings: of rules; errors of loading never come here.
        """
        if not self.settings.severity:
            return findings, 0
        from dataclasses import replace

        severity = self.settings.severity
        kept = [
            replace(finding, severity=severity.get(finding.rule) or finding.severity)
            for finding in findings
            if severity.get(finding.rule, finding.severity) is not None
        ]
        return tuple(kept), len(findings) - len(kept)


def configure(
    config: str | None,
    baseline: str | None,
    config_from: str | None,
    *,
    known: bool = True,
    deployment: str | None = None,
) -> Configuration:
    """Reads what a run goes by.

    Args:
        config: a configuration file; None looks for `govern.toml` in this folder and above it, as far as the
            folder that holds `.git`.
        baseline: a baseline file, in place of the configuration's.
        config_from: a git revision to read both from, and the suppressions that count.
        known: whether to leave known findings out; if not, no baseline is read.
        deployment: a deployment file, in place of the configuration's.

    Raises:
        AuthorError: a file is wrong.
        EvidenceError: a file that is named does not exist.
        UsageError: there is no such revision.
        EnvironmentFailed: a file or git cannot be used.
    """
    at = None
    if config_from is not None:
        from govern.lint.revision import revision

        at = revision(config_from, Path.cwd())
    file = Path(config) if config is not None else _above(Path.cwd(), at)
    settings = Settings()
    if file is not None:
        name = config or str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
        settings = parse_settings(_bytes(file, "configuration", name, at), _named(name, at), rule_ids(), loading_ids())
    deployed = _deployment(deployment or _beside(file, settings.deployment))
    if not known:
        return Configuration(settings, None, at, deployed)
    baseline = baseline or _beside(file, settings.baseline)
    if baseline is None:
        return Configuration(settings, None, at, deployed)
    from govern.lint.baseline import parse_baseline

    data = _bytes(Path(baseline), "baseline", baseline, at)
    folder = str(Path(baseline).absolute().parent)
    return Configuration(settings, parse_baseline(data, _named(baseline, at), folder), at, deployed)


def _beside(file: Path | None, name: str | None) -> str | None:
    """A file that the configuration names, from its folder."""
    if name is None or file is None:
        return None
    return str(file.parent / name) if str(file.parent) != "." else name


def _deployment(name: str | None) -> Deployment | None:
    if name is None:
        return None
    from govern.charter.deployment import deployment_or_raise

    return deployment_or_raise(name)


def _above(folder: Path, at: Revision | None) -> Path | None:
    for place in (folder, *folder.parents):
        file = place / FILE
        if at.read(file) is not None if at else file.is_file():
            return file
        if (place / ".git").exists():
            break
    return None


def _named(name: str, at: Revision | None) -> str:
    return f"{at.name}:{name}" if at else name


def _bytes(file: Path, what: str, name: str, at: Revision | None) -> bytes:
    if at is not None:
        data = at.read(file)
        if data is None:
            raise EvidenceError(f"there is no {what} `{name}` in `{at.name}`", hint="it counts once it is merged there")
        return data
    try:
        with open(file, "rb") as stream:
            data = stream.read(_MOST + 1)
    except FileNotFoundError:
        hint = "write one: `govern lint … --write-baseline FILE`" if what == "baseline" else ""
        raise EvidenceError(f"there is no {what} `{name}`", hint=hint) from None
    except IsADirectoryError:
        raise EvidenceError(f"the {what} `{name}` is a folder") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise EnvironmentFailed(f"the {what} cannot be read: {reason}", where=name) from None
    if len(data) > _MOST:
        raise AuthorError(f"the {what} is larger than {_MOST:,} bytes", where=name)
    return data
