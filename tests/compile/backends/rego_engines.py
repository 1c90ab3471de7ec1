"""The engines of Rego that the export is run in: regorus (celine-regorus), rego-cpp (regopy), and OPA where it is.

OPA as a library is in opa-golib-python-bindings, which is for Python 3.14; its tests are skipped without it. rego-cpp
has a process of its own: version 1.5 frees memory twice when an interpreter goes, which would end the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pytest

from govern.compile.backends import rego


@dataclass(frozen=True)
class Engine:
    """One engine.

    Args:
        escapes: whether it reads JSON's escapes.
        re2: whether its patterns are those of RE2.
        answers: what a rule of a module is for each of several input documents, as JSON data.
    """

    name: str
    escapes: bool
    re2: bool
    answers: Callable[[str, str, Sequence[str]], list[Any]]

    def input_of(self, tool: str, args: Any, given: Mapping[str, Any] | None = None) -> str:
        return rego.input_of(tool, args, given, escapes=self.escapes)


def _regorus(module: str, rule: str, documents: Sequence[str]) -> list[Any]:
    regorus = pytest.importorskip("regorus", reason="the engine is in the extra `dev`")
    engine = regorus.Engine()
    engine.add_policy("policy.rego", module)
    found = []
    for document in documents:
        engine.set_input_json(document)
        found.append(json.loads(engine.eval_rule_as_json(rule)))
    return found


def _regopy(module: str, rule: str, documents: Sequence[str]) -> list[Any]:
    if find_spec("regopy") is None:
        pytest.skip("the engine is in the extra `dev`")
    job = json.dumps({"module": module, "rule": rule, "documents": list(documents)})
    done = subprocess.run(
        [sys.executable, __file__], input=job, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line)["expressions"][0] for line in done.stdout.splitlines()]


def _opa(module: str, rule: str, documents: Sequence[str]) -> list[Any]:
    opa = pytest.importorskip("opa_bindings", reason="needs opa-golib-python-bindings")
    with opa.OpaEngine() as engine:
        engine.add_policy("policy.rego", module)
        return [engine.eval_document(rule.removeprefix("data."), json.loads(document)) for document in documents]


def _serve() -> None:
    import regopy

    job = json.load(sys.stdin)
    engine = regopy.Interpreter()
    engine.add_module("policy", job["module"])
    bundle = engine.build(job["rule"], [])
    for document in job["documents"]:
        engine.set_input_term(document)
        print(str(engine.query_bundle(bundle)))
    sys.stdout.flush()
    os._exit(0)  # before anything is freed


REGORUS = Engine("regorus", True, True, _regorus)
REGOPY = Engine("regopy", False, False, _regopy)
OPA = Engine("opa", True, True, _opa)
ENGINES = (REGORUS, REGOPY, OPA)

if __name__ == "__main__":
    _serve()
