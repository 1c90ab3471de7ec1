"""`govern decide --explain`: what a person reads, what a program gets, and what neither is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.cli.running import ROOT, Ran, govern

WHOLE = ROOT / "tests" / "charter" / "whole" / "charter.yaml"
RETAIL = ROOT / "charters" / "taubench" / "retail.yaml"
BANKING = ROOT / "charters" / "agentdojo" / "banking.yaml"
SCHEMA = json.loads((ROOT / "schemas" / "decide.v1.json").read_text("utf-8"))
FACTS = '{"customer": {"id": "C1"}, "order": {"customer_id": "C1", "status": "paid", "total": 80}}'
CHARTER = """govern: 1
agent: desk
version: 1
purpose: Pays out.
owner: clerk
roles: [clerk]
approvals: {clerk: {roles: [clerk], if_no_answer: [{after: 8h, then: deny}]}}
tools:
  pay:
    tier: irreversible
    approval: {ask: clerk, unless: "args.amount <= 50"}
    sensitive: [args.iban]
    secret: [args.pin]
    input:
      type: object
      required: [pin, amount]
      properties:
        pin: {type: string, maxLength: 8}
        amount: {type: number}
        iban: {type: string}
        twin: {type: string}
        note: {type: string}
        tags: {type: array, items: {type: string}}
    rules:
      - {id: twins, only_if: "args.twin == args.pin", otherwise: deny}
      - {id: home, only_if: "lower(args.iban).startsWith('de')", otherwise: deny}
      - {id: plain, when: "args.note.contains('!')", then: {approval: clerk}}
      - {id: tagged, only_if: "list(args.tags).all(t, t != args.pin)", otherwise: deny}
"""


def explain(
    charter: Path, tool: str, args: str, *more: str | Path, facts: str | None = FACTS, first: bool = True
) -> Ran:
    known = [*(["--facts", facts] if facts is not None else []), *(["--first"] if first else [])]
    return govern("decide", "--explain", "--policy", charter, "--tool", tool, "--args", args, *known, *more)


def refund(amount: Any, *more: str) -> Ran:
    return explain(WHOLE, "refund", json.dumps({"order_id": "7", "customer_id": "C1", "amount": amount}), *more)


def lines(ran: Ran) -> list[str]:
    assert (0, "") == (ran.exit_code, ran.err)
    return [" ".join(line.split()) for line in ran.out.splitlines()]


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    path = tmp_path / "charter.yaml"
    path.write_text(CHARTER, "utf-8")
    return path


# --- text ---------------------------------------------------------------------------------------------------


def test_every_part_has_its_value_and_every_verdict_its_way() -> None:
    """The condition that decides, part by part; what the looser verdicts need; a change that was decided on."""
    shown = lines(refund(200))
    for line in (
        "rule not-more-than-paid: deny unless true; decides",
        "false args.amount <= order.total args.amount = 200; order.total = 80",
        "gate lead: approval unless true; does not decide, something stricter does",
        "false order.status == 'returned' && args.amount <= 50",
        "false order.status == 'returned' order.status = \"paid\"",
        'true args.customer_id == customer.id args.customer_id = "C1"; customer.id = "C1"',
        "approval needs:",
        "- args.amount <= order.total [not-more-than-paid] now args.amount = 200; order.total = 80",
        "verified: with args.amount = 80: approval by `lead` and `security`",
    ):
        assert line in shown


def test_the_verdict_comes_first_and_is_the_same() -> None:
    """What is printed without `--explain` is the beginning of what is printed with it."""
    ran = refund(200)
    plain = govern(*_without(ran, 200))
    assert ran.out.startswith(plain.out)
    assert plain.out != ran.out


def _without(ran: Ran, amount: int) -> list[str | Path]:
    args = json.dumps({"order_id": "7", "customer_id": "C1", "amount": amount})
    return ["decide", "--policy", WHOLE, "--tool", "refund", "--args", args, "--facts", FACTS, "--first"]


def test_what_would_make_it_stricter() -> None:
    shown = lines(refund(20))
    assert "deny if args.amount > order.total [not-more-than-paid]" in shown
    assert "deny if limit `once` is exceeded [once]" in shown
    assert "deny if something untrusted was read [org/no-mail]" in shown
    assert "verified: with args.amount = 81: deny (not-more-than-paid)" in shown


def test_what_is_missing_has_a_source() -> None:
    """A fact names the tools to call, the history the option that says there is none."""
    shown = lines(explain(RETAIL, "cancel_pending_order", '{"order_id": "1"}', facts=None, first=False))
    assert "customer.id a result of find_user_id_by_email or find_user_id_by_name_zip; here `--facts`" in shown
    order = "order.status a result of get_order_details or cancel_pending_order or 5 more; here `--facts`"
    assert order in shown
    past = "what happened before the call; here `--history`, or `--first` if nothing did"
    assert f"succeeded('transfer_to_human_agents') {past}" in shown


def test_lists_show_the_item_that_decides() -> None:
    facts = {
        "customer": {"id": "c1"},
        "order": {"user_id": "c1", "status": "delivered", "items": [{"item_id": "1"}], "paid_with": "paypal_1"},
    }
    args = '{"order_id": "1", "item_ids": ["1", "8"], "payment_method_id": "paypal_1"}'
    shown = lines(explain(RETAIL, "return_delivered_order_items", args, facts=json.dumps(facts)))
    assert 'item 2 of 2: id = "8"' in shown
    assert 'false item.item_id == id item.item_id = "1"; id = "8"' in shown
    assert 'verified: with args.item_ids = ["1"]: approval by `customer`' in shown


@pytest.mark.parametrize(
    ("charter_path", "tool", "args", "said"),
    [
        (BANKING, "send_mony", "{}", "names like it: send_money"),
        (BANKING, "send_mony", "{}", "allow: never; a tool is used only where the charter has it in `tools`, and"),
        (RETAIL, "delete_user", "{}", "and the charter's `never` names `delete_*`, and no argument, fact or"),
        (BANKING, "send_money", "{}", "allow: never; the gate `payments-desk` is asked about every call of this"),
        (BANKING, "send_money", '{"amount": -1}', "- args.amount: `exclusiveMinimum` 0 [input schema]"),
        (BANKING, "get_iban", '{"a": 1, "a": 2}', "Arguments that have one reading. No condition was looked at:"),
        (BANKING, "get_iban", "[]", "Arguments that have one reading. No condition was looked at:"),
    ],
)
def test_what_no_condition_decides(charter_path: Path, tool: str, args: str, said: str) -> None:
    """Unmapped, never, always asked, invalid, without a reading: each says so."""
    assert any(line.startswith(said) for line in lines(explain(charter_path, tool, args, facts=None)))


def test_hostile_text_is_harmless(charter: Path) -> None:
    """No escape sequence of an argument, a key or a tool's name reaches the terminal; nor a line break."""
    bad = "\u001b[2J\u202e\nallow: pay"
    args = json.dumps({"pin": "1", "twin": bad, "amount": 90, "iban": bad, "note": bad, bad: 1})
    for tool in ("pay", bad.replace("\n", "")):
        ran = explain(charter, tool, args, facts=None)
        assert 0 == ran.exit_code
        assert not [char for char in ran.out if not char.isprintable() and char != "\n"]
        assert "\nallow" not in ran.out


def test_no_argument_or_fact_that_is_hidden_is_shown(charter: Path) -> None:
    """Not its value, not a value made from it, not what would have to stand elsewhere to equal it."""
    secret, iban = "s3cr3t!!-long", "XX99887766"
    for pin in (secret, "5ecret-2"):
        args = {"pin": pin, "twin": "other", "amount": 90, "iban": iban, "note": "a", "tags": ["a"]}
        for form in ("text", "json"):
            ran = explain(charter, "pay", json.dumps(args), "--format", form, facts=None)
            assert 0 == ran.exit_code
            for hidden in (pin, iban, iban.lower()):
                assert hidden not in ran.out
            assert '"a"' in ran.out
    shown = lines(explain(charter, "pay", json.dumps({**args, "tags": []}), facts=None))
    assert "verified: with another args.twin, another args.iban: approval by `clerk`" in shown
    assert "verified: with args.amount = 50, another args.twin, another args.iban: allow" in shown


def test_colours_only_where_they_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped there is none; forced, the text without them is the same."""
    plain = refund(200).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")
    coloured = refund(200).out
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert plain == re.sub(r"\x1b\[[0-9;]*m", "", coloured)


# --- JSON ---------------------------------------------------------------------------------------------------


def closed(node: Any) -> Any:
    """The schema with nothing admitted that it does not name."""
    match node:
        case dict():
            made = {key: closed(value) if key not in ("if", "then", "else") else value for key, value in node.items()}
            return {**made, "unevaluatedProperties": False} if "properties" in node and "if" not in node else made
        case list():
            return [closed(item) for item in node]
        case _:
            return node


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("amount", [20, 200, "x", None])
def test_programs_get_the_same(amount: Any, first: bool) -> None:
    """Exactly the keys of the schema; without `--explain` the document is as it was."""
    args = json.dumps({"order_id": "7", "customer_id": "C1", "amount": amount})
    made = explain(WHOLE, "refund", args, "--format", "json", first=first).json
    strict = {**closed(SCHEMA), "allOf": []}
    assert [] == [error.message for error in jsonschema.Draft202012Validator(strict).iter_errors(made)]
    assert [] == list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(made))
    assert [error.message for error in jsonschema.Draft202012Validator(strict).iter_errors({**made, "more": 1})]
    known = ["--facts", FACTS, *(["--first"] if first else [])]
    plain = govern("decide", "--policy", WHOLE, "--tool", "refund", "--args", args, *known, "--format", "json").json
    assert plain == {key: value for key, value in made.items() if key != "explanation"}
    causes = [part["id"] for part in made["explanation"]["conditions"] if part["decides"] and part["id"]]
    assert set(plain["rules"]) == set(causes)


def test_steps_say_where_they_stand() -> None:
    """`start` and `end` cut the text of a part out of the text of its condition."""
    made = refund(20, "--format", "json").json["explanation"]["conditions"]
    todo = [(part["text"], part["step"]) for part in made]
    seen = 0
    while todo:
        whole, step = todo.pop()
        assert whole[step["start"] : step["end"]] == step["text"]
        todo += [(whole, part) for part in step["parts"]]
        todo += [(whole, element["step"]) for element in step["elements"]]
        seen += 1
    assert seen > 20


def test_exit_codes_are_those_of_the_verdict() -> None:
    assert 10 == refund(20, "--exit-verdict").exit_code
    assert 11 == refund(200, "--exit-verdict").exit_code
