"""The structure holds: imports go down, heavy libraries stay where they belong, starting is quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "govern"

# From fact and intent to judgement, to uses, to words. A package imports itself and what stands lower.
LEVELS = {
    "errors": 0,
    "findings": 1,
    "events": 2,
    "signing": 3,
    "conditions": 3,
    "policy": 4,
    "proof": 5,
    "gate": 5,
    "charter": 5,
    "lint": 6,
    "compile": 6,
    "audit": 6,
    "draft": 6,
    "editor": 7,
    "ingest": 7,
    "replay": 8,
    "reconstruct": 8,
    "evidence": 9,
    "redecide": 9,
    "scenario": 9,
    "diff": 9,
    "suggest": 9,
    "review": 10,
    "report": 11,
    "cli": 12,
}
# What enforces and what replays does not know how the policy was written.
FORBIDDEN = {
    "policy": {"charter", "lint", "compile"},
    "ingest": {"charter", "lint", "compile", "policy", "draft", "editor"},
    "audit": {"charter", "lint", "compile", "policy", "draft", "editor"},
    "proof": {"charter"},
    "gate": {"charter"},
    "replay": {"charter", "lint", "compile"},
    "reconstruct": {"charter", "lint", "compile"},
}
HEAVY = {
    "duckdb": {"audit", "ingest", "replay", "reconstruct"},
    "pyarrow": {"audit", "ingest", "replay", "reconstruct"},
    "rich": {"report", "cli"},
    "typer": {"report", "cli"},
    "yaml": {"charter"},
    "re2": {"conditions", "policy", "charter", "lint"},
    "jsonschema_rs": {"policy", "charter"},
    "orjson": {"events"},
    "zstandard": {"ingest"},
    "cryptography": {"signing", "evidence"},  # the verifier of a package stands alone: it imports nothing of ours
    "rfc3161_client": {"audit"},
    "z3": {"conditions", "proof"},
    "mcp": {"draft"},
    "pyspark": {"replay"},
    "py4j": {"replay"},
    "anyio": {"draft"},
    "pygls": {"editor"},
    "lsprotocol": {"editor"},
}


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py"))


def package(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert 0 == node.level, f"{path}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_every_package_has_a_level() -> None:
    """A new folder says where it stands before anything imports it."""
    found = {package(path) for path in modules()} - {"__init__", "__main__"}
    assert set(LEVELS) == found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    """No module imports its own level (outside its package) or anything above it."""
    own = package(path)
    if own in ("__init__", "__main__"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "govern" or len(parts) < 2 or parts[1] in (own, "__version__"):
            continue
        assert LEVELS[parts[1]] < LEVELS[own], f"{own} imports {parts[1]}"
        assert parts[1] not in FORBIDDEN.get(own, set()), f"{own} imports {parts[1]}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_stay_where_they_belong(path: Path) -> None:
    """A library is imported by the packages that exist for it, and by no other."""
    for name in imports(path):
        library = name.split(".")[0]
        if library in HEAVY:
            assert package(path) in HEAVY[library], f"{path} imports {library}"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["lint", "--help"], 0),
        (["lint", "samples/code-review/charter.yaml"], 0),
        (["decide", "--policy", "samples/code-review/charter.yaml", "--tool", "x", "--args", "{}"], 0),
    ],
)
def test_quick_commands_import_no_database(arguments: list[str], code: int) -> None:
    """What people wait for at every keystroke loads neither DuckDB nor Arrow."""
    program = (
        "import sys\n"
        "from govern.cli import app\n"
        f"sys.argv = ['govern', *{arguments!r}]\n"
        "try:\n    app.main()\nexcept SystemExit as stop:\n"
        "    heavy = [m for m in ('duckdb', 'pyarrow', 'pydantic') if m in sys.modules]\n"
        "    sys.stderr.write(f'{stop.code or 0} {heavy}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT.parent.parent, check=False
    )
    assert f"{code} []" == done.stderr
