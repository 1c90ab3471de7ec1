"""The charters of the corpus's agents, held against the tool lists they were written from.

Leaves out what the loader and lint judge (unknown keys, undefined gates and roles, conditions): here stand
the promises that only the tool lists and the logs can show: nothing unmapped, no tier below its tool, no
argument misspelt, no honest call refused for its shape.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml
import zstandard
from tests.samples.scenarios import comes_out
from tests.shipped import shipped

from govern.charter.load import load
from govern.compile.lower import lower
from govern.lint.run import lint_paths
from govern.policy.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS", ROOT / "../shared/corpus"))
CHARTERS = shipped("charters/agentdojo/*.yaml", "charters/taubench/*.yaml")
TIER_OF_CLASS = {"read_only": "read_only", "state_changing": "reversible", "irreversible": "irreversible"}
STRICTNESS = ["read_only", "reversible", "irreversible"]

# (agent, tool): why the charter's tier is not the one of the tool list's class. All of them are stricter.
DEVIATIONS = {
    ("slack", "remove_user_from_slack"): "a new invitation does not bring the channel memberships back",
    ("travel", "reserve_car_rental"): "a booking that no tool of the suite gives back",
    ("travel", "reserve_hotel"): "a booking that no tool of the suite gives back",
    ("travel", "reserve_restaurant"): "a booking that no tool of the suite gives back",
    ("workspace", "get_unread_emails"): "marks as read what it returns",
}

# (agent, tool): calls of the logs that the tool carried out and the charter's schema refuses, and why.
REFUSED_THOUGH_ANSWERED = {
    ("airline", "update_reservation_flights"): 1,  # `origin` and `destination` in each flight: not its fields
    ("banking", "send_money"): 8,  # amount 0: what moves no money is only a message
    ("workspace", "send_email"): 1,  # an attachment that is a bare number, not the object the tool declares
}

# agent: rule and how often a comment in the charter answers it.
ANSWERED = {
    "banking": {"guard-loosens": 1},  # an update without an amount leaves it as it was
    "travel": {"untrusted-reach": 1},  # an event without participants reaches nobody
    "workspace": {"untrusted-reach": 2},  # the same; and an event that is moved is moved back the same way
}

needs_corpus = pytest.mark.skipif(not (CORPUS / "tools").is_dir(), reason=f"no tool lists under {CORPUS}")
each_charter = pytest.mark.parametrize("path", CHARTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
each_agentdojo = pytest.mark.parametrize(
    "path", [path for path in CHARTERS if path.parent.name == "agentdojo"], ids=lambda path: path.stem
)


def read_charter(path: Path) -> dict[str, Any]:
    """The charter as plain values."""
    charter = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(charter, dict)
    return charter


def read_tool_list(path: Path) -> dict[str, dict[str, Any]]:
    """The published tools of the charter's agent, by name."""
    file, key = {
        "agentdojo": ("agentdojo_tools.json", "suites"),
        "taubench": ("taubench_tools.json", "domains"),
    }[path.parent.name]
    document = json.loads((CORPUS / "tools" / file).read_text(encoding="utf-8"))
    return {tool["name"]: tool for tool in document[key][path.stem]["tools"]}


def kinds(schema: dict[str, Any], root: dict[str, Any]) -> set[str]:
    """The JSON types a schema admits at its top, through `anyOf`, `enum` and a local `$ref`."""
    match schema:
        case {"$ref": str(ref)}:
            return kinds(root["$defs"][ref.removeprefix("#/$defs/")], root)
        case {"anyOf": list(choices)}:
            return set().union(*(kinds(choice, root) for choice in choices))
        case {"type": str(kind)}:
            return {kind}
        case {"type": list(several)}:
            return set(several)
        case {"enum": list(values)}:
            assert all(isinstance(value, str) for value in values)
            return {"string"}
    raise AssertionError(f"no type in {schema}")


def choices(schema: dict[str, Any], root: dict[str, Any]) -> list[Any] | None:
    """The values an argument is held to, or None."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema.get("enum")


def test_all_six_are_here() -> None:
    """Every AgentDojo suite and tau-bench domain has a charter: the tests below are not run over nothing."""
    expected = {
        *(("agentdojo", suite) for suite in ("banking", "slack", "travel", "workspace")),
        *(("taubench", domain) for domain in ("airline", "retail")),
    }
    assert expected == {(path.parent.name, path.stem) for path in CHARTERS}


@each_charter
def test_agent_is_the_file_name(path: Path) -> None:
    """An event finds its charter by the agent's name, so file and agent never differ."""
    assert path.stem == read_charter(path)["agent"]


def test_agent_names_are_unique() -> None:
    """No two charters claim the same agent."""
    agents = [read_charter(path)["agent"] for path in CHARTERS]
    assert sorted(set(agents)) == sorted(agents)


@each_charter
def test_schemas_are_schemas(path: Path) -> None:
    """Every tool has an input schema, and it is valid JSON Schema 2020-12 for an object."""
    for name, tool in read_charter(path)["tools"].items():
        jsonschema.Draft202012Validator.check_schema(tool["input"])
        assert tool["input"]["type"] == "object", name


@each_charter
def test_reasons_are_sentences(path: Path) -> None:
    """Every rule, limit and `never` says why, in a sentence that an approver can read."""
    charter = read_charter(path)
    rules = [
        *charter.get("rules", []),
        *(rule for tool in charter["tools"].values() for rule in tool.get("rules", [])),
        *charter.get("limits", []),
    ]
    for stanza in [*rules, *charter["never"]]:
        assert stanza["because"][0].isupper(), stanza
        assert stanza["because"].endswith("."), stanza


@each_charter
def test_irreversible_asks(path: Path) -> None:
    """Nothing irreversible runs without a person, and no condition on the model's own words waives that."""
    for name, tool in read_charter(path)["tools"].items():
        if tool["tier"] == "irreversible":
            assert {"ask"} == set(tool["approval"]) - {"recheck"}, name
            assert "autonomous" not in tool, name


@each_agentdojo
def test_agentdojo_lints_clean(path: Path) -> None:
    """No finding, notes included; what a comment keeps quiet is listed in ANSWERED, and nothing else is."""
    (file,) = lint_paths([str(path)]).files
    assert file.loads
    assert () == file.findings
    assert ANSWERED.get(path.stem, {}) == dict(Counter(each.finding.rule for each in file.suppressed))


@each_agentdojo
def test_agentdojo_scenarios_come_out_as_written(path: Path) -> None:
    charter = load(path).charter
    assert charter is not None
    assert len(charter.scenarios) >= 15
    engine = Engine(lower(charter))
    assert [] == [scenario.instruction for scenario in charter.scenarios if not comes_out(engine, scenario)]


@pytest.mark.corpus
@needs_corpus
@each_charter
def test_every_tool_is_mapped(path: Path) -> None:
    """The charter maps the tools of the agent's list: none is forgotten, none is invented."""
    assert set(read_tool_list(path)) == set(read_charter(path)["tools"])


@pytest.mark.corpus
@needs_corpus
@each_charter
def test_tiers_agree(path: Path) -> None:
    """A tier is the one of the tool's class; where it is not, it is stricter, and DEVIATIONS says why."""
    charter = read_charter(path)
    for name, tool in read_tool_list(path).items():
        expected, found = TIER_OF_CLASS[tool["class"]], charter["tools"][name]["tier"]
        if (charter["agent"], name) in DEVIATIONS:
            assert STRICTNESS.index(expected) < STRICTNESS.index(found), name
        else:
            assert expected == found, name


@pytest.mark.corpus
@needs_corpus
def test_deviations_name_tools() -> None:
    """A deviation of a tool that is gone is removed, not carried along."""
    tools = {(read_charter(path)["agent"], name) for path in CHARTERS for name in read_charter(path)["tools"]}
    assert set() == set(DEVIATIONS) - tools


@pytest.mark.corpus
@needs_corpus
@each_charter
def test_arguments_are_the_tools_own(path: Path) -> None:
    """Names, required names, types and enums of arguments are the tool's; an optional one may be null."""
    charter = read_charter(path)
    for name, tool in read_tool_list(path).items():
        theirs, ours = tool["parameters"], charter["tools"][name]["input"]
        required = set(theirs.get("required") or [])
        assert set(theirs["properties"]) == set(ours["properties"]), name
        assert required == set(ours.get("required", [])), name
        for argument, schema in theirs["properties"].items():
            optional = set() if argument in required else {"null"}
            where = f"{name}.{argument}"
            assert kinds(schema, theirs) | optional == kinds(ours["properties"][argument], ours), where
            assert choices(schema, theirs) == choices(ours["properties"][argument], ours), where


@pytest.mark.corpus
@needs_corpus
@each_charter
def test_items_are_the_tools_own(path: Path) -> None:
    """Objects inside list arguments have the tool's own fields: closing them refuses only strangers."""
    charter = read_charter(path)
    for name, tool in read_tool_list(path).items():
        for argument, schema in tool["parameters"]["properties"].items():
            theirs = schema.get("items", {})
            ours = charter["tools"][name]["input"]["properties"][argument].get("items", {})
            if "properties" in theirs:
                assert set(theirs["properties"]) == set(ours["properties"]), f"{name}.{argument}"
                assert set(theirs["required"]) == set(ours["required"]), f"{name}.{argument}"


def closed(schema: Any) -> Any:
    """The schema as the language means it: an object takes only what it names, unless it says so."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {
        key: {name: closed(item) for name, item in value.items()} if key == "properties" else closed(value)
        for key, value in schema.items()
    }
    return {"additionalProperties": False} | inner if schema.get("type") == "object" else inner


def read_calls(folder: str) -> Iterator[tuple[str, str, Any, bool]]:
    """(agent, tool, arguments, whether the tool carried it out) of every call of a folder's logs.

    Results follow their calls in order, in both formats; ids repeat and are not used.
    """
    for file in sorted((CORPUS / folder).glob("*.zst")):
        if "few_shot" in file.name:  # flat text, without calls
            continue
        text = zstandard.ZstdDecompressor().stream_reader(file.read_bytes()).read().decode("utf-8")
        if folder == "agentdojo":
            runs = [json.loads(line) for line in text.split("\n") if line]
            chats = [(run["metadata"]["suite_name"], run["messages"]) for run in runs if "messages" in run]
        else:
            chats = [(file.name.split("_")[0], run["traj"]) for run in json.loads(text)]
        for agent, messages in chats:
            for at, message in enumerate(messages):
                for offset, call in enumerate(message.get("tool_calls") or [], start=1):
                    result = messages[at + offset] if at + offset < len(messages) else {"role": "none"}
                    failed = result.get("error") or (result.get("content") or "").startswith("Error")
                    args = call["function"]["arguments"]
                    yield (
                        agent,
                        call["function"]["name"],
                        json.loads(args) if isinstance(args, str) else args,
                        result["role"] == "tool" and not failed,
                    )


@pytest.mark.corpus
@needs_corpus
def test_no_honest_call_is_refused_for_its_shape() -> None:
    """What a tool carried out fits the charter's schema; the calls that do not are counted and explained."""
    schemas = {
        (path.stem, name): jsonschema_rs.Draft202012Validator(closed(tool["input"]))
        for path in CHARTERS
        for name, tool in read_charter(path)["tools"].items()
    }
    calls = [call for folder in ("agentdojo", "taubench") for call in read_calls(folder)]
    facts = json.loads((CORPUS / "facts.json").read_text(encoding="utf-8"))["sources"]
    expected = sum(entry.get("tool_calls", 0) for entry in facts.values())
    assert expected == len(calls)
    refused = Counter(
        (agent, tool) for agent, tool, args, done in calls if done and not schemas[agent, tool].is_valid(args)
    )
    expected_refused = Counter(REFUSED_THOUGH_ANSWERED)
    assert expected_refused == refused
