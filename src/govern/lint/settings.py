"""`govern.toml`: how `lint` weighs findings, and where its baseline is. Every slip in it is an error at its line.

    [lint]
    severity = {gate-unused = "note", tool-without-schema = "error", role-unused = "off"}
    fail-on = "warning"
    min-severity = "note"
    min-confidence = "low"
    baseline = "lint-baseline.json"     # seen from the folder of govern.toml
    prove = true                        # ask the solver where the form of conditions settles nothing

An error that keeps a charter from loading has no severity to change. Leaves out finding the file (`config`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from govern.errors import AuthorError
from govern.findings import Confidence, Severity, did_you_mean

OFF = "off"
_SEVERITIES = (*(each.value for each in Severity), OFF)
_KEYS = ("severity", "fail-on", "min-severity", "min-confidence", "baseline", "deployment", "prove")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a configuration says; None and empty where it says nothing.

    Args:
        name: the file, as messages show it; empty if there is none.
        severity: of a rule, in place of its own; None turns it off.
        baseline, deployment: files, as written.
        prove: whether the solver is asked.
    """

    name: str = ""
    severity: Mapping[str, Severity | None] = field(default_factory=dict)
    fail_on: Severity | None = None
    min_severity: Severity | None = None
    min_confidence: Confidence | None = None
    baseline: str | None = None
    deployment: str | None = None
    prove: bool = False


def parse_settings(data: bytes, name: str, rules: Collection[str], errors: Collection[str]) -> Settings:
    """The settings in a file's bytes.

    Args:
        name: the file, as messages show it.
        rules: the ids whose severity can be set.
        errors: the ids of errors of loading, which cannot.

    Raises:
        AuthorError: the file is no TOML, or has a key, rule or value that is not known; all of them are listed.
    """
    import tomllib  # 5 ms that a run without configuration does not wait for

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AuthorError(f"not UTF-8 at byte {error.start}", where=name) from None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise AuthorError(f"not TOML: {_first_lower(str(error))}", where=name + _toml_place(str(error))) from None
    return _Reading(text, name, rules, errors).settings(document)


class _Reading:
    """Collects what is wrong with one file."""

    def __init__(self, text: str, name: str, rules: Collection[str], errors: Collection[str]) -> None:
        self.text = text
        self.name = name
        self.rules = rules
        self.errors = errors
        self.wrong: list[tuple[int, str, str]] = []

    def settings(self, document: dict[str, Any]) -> Settings:
        for key in document:
            if key != "lint":
                self.say((key,), f"`{key}` is no table of this file", did_you_mean(key, ["lint"]))
        table = document.get("lint", {})
        if not isinstance(table, dict):
            self.say(("lint",), "`lint` is a table", "begin with `[lint]`")
            table = {}
        for key in table:
            if key not in _KEYS:
                self.say(("lint", key), f"`{key}` is not a key of `[lint]`", did_you_mean(key, _KEYS))
        severity = self.severities(table.get("severity", {}))
        fail_on = self.word(table, "fail-on", [each.value for each in Severity])
        min_severity = self.word(table, "min-severity", [each.value for each in Severity])
        min_confidence = self.word(table, "min-confidence", [each.value for each in Confidence])
        baseline, deployment = (self.file(table, key) for key in ("baseline", "deployment"))
        prove = table.get("prove", False)
        if not isinstance(prove, bool):
            self.say(
                ("lint", "prove"), f"`{_shown(prove)}` is no value of `prove`", "`true` or `false`, without quotes"
            )
        if self.wrong:
            raise self.error()
        return Settings(
            self.name,
            severity,
            Severity(fail_on) if fail_on else None,
            Severity(min_severity) if min_severity else None,
            Confidence(min_confidence) if min_confidence else None,
            baseline,
            deployment,
            prove,
        )

    def file(self, table: dict[str, Any], key: str) -> str | None:
        value = table.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.say(("lint", key), f"`{key}` is the name of a file, as text", "")
        return None

    def severities(self, table: Any) -> dict[str, Severity | None]:
        found: dict[str, Severity | None] = {}
        if not isinstance(table, dict):
            self.say(("lint", "severity"), "`severity` is a table of rules", 'as in `{gate-unused = "note"}`')
            return found
        for rule, value in table.items():
            path = ("lint", "severity", rule)
            if rule in self.errors:
                hint = "what keeps a charter from loading can be neither lowered nor turned off"
                self.say(path, f"`{rule}` is an error of loading", hint)
            elif rule not in self.rules:
                self.say(path, f"`{rule}` is no rule", _near(rule, self.rules))
            elif not isinstance(value, str) or value not in _SEVERITIES:
                hint = did_you_mean(value if isinstance(value, str) else "", _SEVERITIES)
                self.say(path, f"`{_shown(value)}` is no severity of `{rule}`", hint)
            else:
                found[rule] = None if value == OFF else Severity(value)
        return found

    def word(self, table: dict[str, Any], key: str, known: list[str]) -> str | None:
        value = table.get(key)
        if value is None or (isinstance(value, str) and value in known):
            return value
        hint = did_you_mean(value if isinstance(value, str) else "", known)
        self.say(("lint", key), f"`{_shown(value)}` is no value of `{key}`", hint)
        return None

    def say(self, path: tuple[str, ...], message: str, hint: str) -> None:
        self.wrong.append((line_of(self.text, path), message, hint))

    def error(self) -> AuthorError:
        wrong = sorted(self.wrong)
        if len(wrong) == 1:
            line, message, hint = wrong[0]
            return AuthorError(message, where=f"{self.name}:{line}", hint=hint)
        rows = [f"  {self.name}:{line}: {message}{f'; {hint}' if hint else ''}" for line, message, hint in wrong]
        return AuthorError(f"{len(wrong)} errors in the configuration\n" + "\n".join(rows))


def _near(word: str, known: Collection[str]) -> str:
    """A suggestion, but no list of all rules."""
    hint = did_you_mean(word, known)
    return hint if hint.startswith("did") else "`govern lint` shows a finding's rule in brackets"


def _shown(value: Any) -> str:
    return str(value)[:40].lower() if isinstance(value, bool) else str(value)[:40]


def _first_lower(text: str) -> str:
    text = re.sub(r" \(at .*\)$", "", text)
    return text[:1].lower() + text[1:]


def _toml_place(text: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)", text)
    return f":{place[1]}:{place[2]}" if place else ""


# Compiled where they are needed: most runs have no configuration.
_HEADER = r"\s*\[(?P<path>[^\[\]]+)\]\s*(?:#.*)?"
_PART = r"[\w-]+|\"[^\"]*\"|'[^']*'"
_KEY = rf"(?:^|[{{,\s])(?P<key>(?:{_PART})(?:\s*\.\s*(?:{_PART}))*)\s*="


def line_of(text: str, path: tuple[str, ...]) -> int:
    """The line, from 1, on which a key of a TOML text stands; that of the nearest table above it, or 1.

    Args:
        text: TOML that can be read: the standard parser gives no places, so the keys are looked for again.
        path: the key and the tables it is in, outermost first.
    """
    best, best_line = 0, 1
    table: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.fullmatch(_HEADER, line)
        if header:
            table, inline = _parts(header["path"]), ()
            best, best_line = _better(table, path, number, best, best_line)
            continue
        for match in re.finditer(_KEY, line.split(" #", 1)[0]):
            whole = (*table, *_parts(match["key"]))
            best, best_line = _better(whole, path, number, best, best_line)
            # `severity = {` opens an inline table: what follows may be a key of it.
            if inline:
                best, best_line = _better((*inline, *_parts(match["key"])), path, number, best, best_line)
            if line[match.end() :].lstrip().startswith("{"):
                inline = whole
    return best_line


def _better(found: tuple[str, ...], path: tuple[str, ...], number: int, best: int, line: int) -> tuple[int, int]:
    return (len(found), number) if found == path[: len(found)] and len(found) > best else (best, line)


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))
