"""Every export has a module, a page and tests; a page's example runs; what cannot be expressed is refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from govern.charter.load import load_text
from govern.compile.backends import BACKENDS, backend, cedar, page, rego
from govern.compile.backends.contract import Gap, settle
from govern.compile.lower import lower
from govern.conditions import parse_condition
from govern.errors import AuthorError

from .comparing import rules_of
from .rego_engines import REGORUS

ROOT = Path(__file__).parents[3]
MODULES = ROOT / "src" / "govern" / "compile" / "backends"
POLICY = rules_of([parse_condition("args.a.matches('^\\\\bx')"), parse_condition("args.a.matches('[^a]x')")])


@pytest.mark.parametrize("name", BACKENDS)
def test_has_all_its_parts(name: str) -> None:
    """A backend has a module of its name, a page with what it cannot express, and tests."""
    file = name.replace("-", "_")
    assert name == backend(name).name
    assert page(name).startswith(f"# `{name}`\n")
    assert "annot express" in page(name)
    assert (ROOT / "tests" / "compile" / "backends" / f"test_{file}.py").is_file()


def test_no_module_is_left_out() -> None:
    """Whatever has a page is registered."""
    assert sorted(BACKENDS) == sorted(path.stem.replace("_", "-") for path in MODULES.glob("*.md"))


@pytest.mark.parametrize("name", ["cedar", "rego"])
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python of a page runs as it stands, and its JSON is JSON."""
    pytest.importorskip({"cedar": "cedarpy", "rego": "regorus"}[name], reason="the engine is in the extra `dev`")
    monkeypatch.chdir(ROOT)
    scripts = re.findall(r"```python\n(.*?)```", page(name), re.S)
    assert scripts
    for script in scripts:
        exec(compile(script, f"{name}.md", "exec"), {})
    for text in re.findall(r"```json\n(.*?)```", page(name), re.S):
        assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("name", ["cedar", "rego"])
def test_gaps_are_refused_by_name(name: str) -> None:
    """Without `tighter` the error names every part with its tool and rule; with it each is in the output as well."""
    with pytest.raises(AuthorError) as refused:
        backend(name).export(POLICY, tighter=False)
    made = backend(name).export(POLICY, tighter=True)
    assert made.gaps
    text = next(iter(made.files.values()))
    for gap in made.gaps:
        assert gap.where in ("t: r0", "t: r1")
        assert gap.tighter
        assert gap.where in refused.value.message
        assert gap.why in refused.value.message
        assert f"Stricter than the charter: {gap.where}" in text


RESULTS = """
govern: 1
agent: desk
version: 1
purpose: Looks up orders.
owner: lead
roles: [lead]
facts: {customer: {from: session, fields: {id: string}}}
tools:
  get_order:
    tier: read_only
    input: {type: object, properties: {}}
    show_only_if: "result.customer_id == customer.id"
    hide: [result.card]
  list_orders: {tier: read_only, input: {type: object, properties: {}}}
records:
  orders: {read_by: [list_orders], only_if: "record.customer_id == customer.id", max: 20, because: Own orders.}
"""


def test_what_is_asked_of_results_is_handed_on() -> None:
    """Conditions on results are data for the host; the Rego module judges them, and unknown is not shown."""
    loaded = load_text(RESULTS)
    assert loaded.charter is not None, loaded.findings
    policy = lower(loaded.charter)
    expected = {
        "get_order": {"show_only_if": "result.customer_id == customer.id", "hide": ["result.card"]},
        "list_orders": {"records": {"orders": {"only_if": "record.customer_id == customer.id", "max": 20}}},
    }
    assert expected == json.loads(cedar.export(policy, tighter=False).files["calls.json"])["results"]
    (module,) = rego.export(policy, tighter=False).files.values()
    package = f"data.{rego.package(policy)}"
    for tool, key, rule, wrap in (
        ("get_order", "result", "shown", lambda truth: truth),
        ("list_orders", "record", "records_shown", lambda truth: {"orders": truth}),
    ):
        given = [{key: {"customer_id": "C1"}}, {key: {"customer_id": "C2"}}, {key: {}}, {}]
        documents = [REGORUS.input_of(tool, {}, {"customer": {"id": "C1"}, **each}) for each in given]
        found = REGORUS.answers(module, f"{package}.{rule}", documents)
        assert [wrap(truth) for truth in (True, False, None, None)] == found
        (verdict,) = REGORUS.answers(module, f"{package}.verdict", documents[:1])
        assert ("allow", expected[tool]) == (verdict["effect"], verdict["result"])
    assert [True, None] == REGORUS.answers(
        module, f"{package}.shown", [REGORUS.input_of("list_orders", {}), REGORUS.input_of("nothing", {})]
    )


@pytest.mark.parametrize("name", ["cedar", "rego"])
def test_the_same_policy_gives_the_same_files(name: str) -> None:
    """An export is deterministic."""
    assert backend(name).export(POLICY, tighter=True) == backend(name).export(POLICY, tighter=True)


def test_what_has_no_stricter_form_is_always_refused() -> None:
    """A gap without a stricter form is an error also where a stricter export was asked for; a gap counts once."""
    loose, hard = Gap("x", "t: r", "why", "unknown"), Gap("y", "t: s", "no way", "")
    assert (loose,) == settle("z", [loose, loose], tighter=True)
    with pytest.raises(AuthorError, match="cannot express 1 part of the charter:\n  t: s: `y`: no way"):
        settle("z", [loose, hard], tighter=True)
    with pytest.raises(AuthorError, match="cannot express 2 parts"):
        settle("z", [loose, hard], tighter=False)
