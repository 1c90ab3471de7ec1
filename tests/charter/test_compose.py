"""Composition takes the stricter of everything, says where files contradict, and never loosens a verdict."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.charter.files import within
from govern.charter.load import Loaded, load_text
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.policy.engine import Engine

from .anatomy import TEXTS
from .fragments import whole


def base(name: str, fragment: str = "", *, roles: str = "lead, finance") -> str:
    return whole(f"base: {name}\nroles: [{roles}]\n{fragment}")


def joined(charter: str, **files: str) -> Loaded:
    """A charter's fragment loaded with bases and libraries by name."""
    named = {f"{name}.yaml": text for name, text in files.items()}
    return load_text(whole(charter), files=within(named))


def composed(charter: str, **files: str) -> Charter:
    loaded = joined(charter, **files)
    assert () == loaded.findings
    assert loaded.charter is not None
    return loaded.charter


def gate(*, roles: str = "lead", more: str = "", answer: str = "[{after: 8h, then: deny}]") -> str:
    return f"approvals:\n  lead: {{roles: [{roles}], {more}if_no_answer: {answer}}}\n"


def test_a_gate_in_two_files_is_the_stricter_of_both() -> None:
    """The larger quorum, the shorter times, the roles in common, a denial before an allowance."""
    mine = gate(
        roles="finance, lead, boss",
        more="quorum: 2, shared: true, use_within: 20m, fatigue: {max_pending: 5, cool_down: 1h}, ",
        answer="[{after: 4h, ask: boss}, {after: 8h, then: deny}]",
    )
    theirs = gate(
        roles="lead, finance, guest",
        more="needs_session_user: true, use_within: 5m, fatigue: {max_pending: 3, per_hour: 9, cool_down: 2h}, ",
        answer="[{after: 2h, ask: boss}, {after: 12h, then: deny}]",
    )
    boss = "  boss: {roles: [boss], if_no_answer: [{after: 1h, then: deny}]}\n"
    charter = composed(
        f"roles: [lead, finance, boss]\nextends: [org.yaml]\n{mine}{boss}",
        org=base("org", theirs + boss, roles="lead, finance, guest, boss"),
    )
    lead = charter.gates["lead"]
    assert (
        {"finance", "lead"}, 2, [(7200, "boss")], 28800, False, True, 300, (3, 9, 7200),
    ) == (
        {role.name for role in lead.roles}, lead.quorum, [(step.after_s, step.gate.name) for step in lead.steps],
        lead.end.after_s, lead.shared, lead.needs_session_user, lead.use_within_s,
        (lead.fatigue.max_pending, lead.fatigue.per_hour, lead.fatigue.cool_down_s) if lead.fatigue else None,
    )  # fmt: skip


def test_silence_that_allows_in_one_file_denies_where_another_says_so() -> None:
    """The stricter verdict of silence wins, on whichever side it stands."""
    allows, denies = gate(answer="[{after: 1h, then: allow}]"), gate(answer="[{after: 2h, then: deny}]")
    tools = "tools:\n  note: {tier: reversible, approval: {ask: lead}}\n"
    for mine, theirs in ((allows, denies), (denies, allows)):
        end = composed(f"extends: [org.yaml]\n{mine}{tools}", org=base("org", theirs)).gates["lead"].end
        assert ("deny", 3600) == (end.verdict.label, end.after_s)


def test_the_earlier_of_two_times_is_taken_step_by_step() -> None:
    """Each step asks at the earlier time of both files, and the end stays behind the last of them."""
    boss = "  boss: {roles: [lead], if_no_answer: [{after: 1h, then: deny}]}\n"
    mine = gate(answer="[{after: 4h, ask: boss}, {after: 5h, then: deny}]") + boss
    theirs = gate(answer="[{after: 1h, ask: boss}, {after: 9h, then: deny}]") + boss
    lead = composed(f"extends: [org.yaml]\n{mine}", org=base("org", theirs)).gates["lead"]
    assert ([3600], 18000) == ([step.after_s for step in lead.steps], lead.end.after_s)


def test_rules_of_a_base_come_with_its_name() -> None:
    """Ids of rules, limits and after reading are behind the base's name, and escalations follow them."""
    org = base(
        "org",
        "rules: [{id: a, external: true, when: args.x, then: deny}]\n"
        "limits: [{id: b, external: true, max: 1, within: 1h, otherwise: deny}]\n"
        "untrusted: {after_reading: [{id: c, external: true, then: deny}]}\n"
        "escalation: [{event: a, to: lead}, {event: b, to: lead}, {event: c, to: lead}, {event: error, to: lead}]\n",
    )
    charter = composed("extends: [org.yaml]\nrules: [{id: a, tools: [refund], when: args.y, then: deny}]", org=org)
    assert ["a", "org/a"] == [rule.id.name for rule in charter.rules]
    assert ["org/b"] == [limit.id.name for limit in charter.limits]
    assert charter.untrusted is not None
    assert ["org/c"] == [each.id.name for each in charter.untrusted.after_reading if each.id]
    assert ["org/a", "org/b", "org/c", "error"] == [each.event.name for each in charter.escalation]


def test_a_diamond_counts_once() -> None:
    """A base that two bases extend is there once, behind its own name, with all of its rules."""
    org = base("org", 'never: [{tools: ["x_*"]}]\nrules: [{id: a, external: true, when: args.x, then: deny}]\n')
    left, right = base("left", "extends: [org.yaml]\n"), base("right", "extends: [org.yaml]\n")
    charter = composed("extends: [left.yaml, right.yaml]", org=org, left=left, right=right)
    assert ["org/a"] == [rule.id.name for rule in charter.rules]
    assert 1 == len(charter.never)
    assert {"org", "left", "right"} == {part.name for part in charter.parts}


def test_what_the_outermost_base_defines_is_known_everywhere() -> None:
    """A charter may ask a gate, name a role and a fact that the base of its base defines."""
    org = base(
        "org",
        "approvals: {boss: {roles: [boss], if_no_answer: [{after: 1h, then: deny}]}}\n"
        "facts: {customer: {from: session, fields: {id: string}}}\n",
        roles="lead, boss",
    )
    charter = composed(
        "extends: [mid.yaml]\nescalation: [{event: unmapped, to: boss}]\n"
        "rules: [{id: a, tools: [refund], when: customer.id == 'x', then: {approval: boss}}]",
        org=org, mid=base("mid", "extends: [org.yaml]\n"),
    )  # fmt: skip
    assert "boss" in charter.gates
    assert ["customer"] == list(charter.facts)


def test_the_same_fact_may_stand_in_two_files() -> None:
    """A fact that two files declare alike is one fact; what it says is compared, not how it is written."""
    mine = "facts:\n  customer: {from: session, fields: {id: string, kind: {enum: [a, b]}}}\n"
    theirs = (
        "facts:\n  customer:\n    from: session\n    fields: {kind: {type: string, enum: [a, b]}, id: {type: string}}\n"
    )
    assert ["customer"] == list(composed(f"extends: [org.yaml]\n{mine}", org=base("org", theirs)).facts)


def test_reading_is_trusted_by_the_charter_alone_and_handled_by_the_strictest() -> None:
    """`on_instructions` is the strictest of all files; a charter that says nothing trusts nobody."""
    org = base("org", "untrusted: {on_instructions: strip}\n")
    mine = "untrusted: {trusted: [get_order], on_instructions: %s}\n"
    for word, meant in (("flag", "strip"), ("strip", "strip"), ("withhold", "withhold")):
        found = composed("extends: [org.yaml]\n" + mine % word, org=org).untrusted
        assert found is not None
        assert (["get_order"], meant) == ([tool.name for tool in found.trusted], found.on_instructions)
    alone = composed("extends: [org.yaml]", org=org).untrusted
    assert alone is not None
    assert ((), "strip") == (alone.trusted, alone.on_instructions)


def test_the_longer_shadow_holds() -> None:
    """More days, more calls, from whichever file they come."""
    org = base("org", "shadow: {business_days: 10, reviewer: lead, least_calls: 5}\n")
    shadow = composed(
        "extends: [org.yaml]\nshadow: {business_days: 3, reviewer: lead, least_calls: 50}", org=org
    ).shadow
    assert shadow is not None
    assert (10, 50) == (shadow.business_days, shadow.least_calls)


def test_minimums_bind_a_charter_that_extends_nothing() -> None:
    """What a deployment demands is composed whether the charter names it or not."""
    org = {"org.yaml": base("org", "never: [{tools: [refund]}]\n")}
    for text in (whole(""), whole("extends: [org.yaml]")):
        charter = load_text(text, files=within(org), minimums=("org.yaml",)).charter
        assert charter is not None
        assert [["refund"]] == [[word.name for word in never.tools] for never in charter.never]
    loaded = load_text(whole(""), files=within({}), minimums=("org.yaml",))
    assert (None, ["file-unreadable"]) == (loaded.charter, [finding.rule for finding in loaded.findings])


def test_a_library_describes_and_the_charter_adds() -> None:
    """Tier, external, schemas and masks come from the library; a rule of it is about the tool by the charter's name."""
    charter = load_text(TEXTS["charter.yaml"], files=within(TEXTS)).charter
    assert charter is not None
    mail, box = charter.tools["mail/send_email"], charter.tools["mailbox"]
    assert ("irreversible", True, ["args.to"]) == (mail.tier, mail.external, [word.name for word in mail.sensitive])
    assert {"send_email", "mailbox"} == set(load_text(TEXTS["mail.yaml"]).charter.tools)  # type: ignore[union-attr]
    assert ["mail/moves", "mail/purges"] == [rule.id.name for rule in box.rules]
    assert {"mailbox"} == {word.name for rule in box.rules for word in rule.tools}
    assert mail.described is not None
    assert ("mail", "mail.yaml") == (mail.described.library, mail.described.at.file)


def test_a_rule_of_a_library_is_about_the_tool_by_its_servers_name_too() -> None:
    """`server/name` in the charter: the library's rule raises the tier of that tool."""
    library = whole(
        "library: shop\nserver: shop\ntools:\n  pay:\n    tier: reversible\n"
        "    rules: [{id: big, when: args.amount > 9, then: {tier: irreversible}}]\n"
    )
    charter = composed("uses: [shop.yaml]\ntools:\n  shop/pay: {approval: {ask: lead}}\n", shop=library)
    (rule,) = charter.tools["shop/pay"].rules
    assert ("shop/big", ["shop/pay"]) == (rule.id.name, [word.name for word in rule.tools])
    assert "irreversible" == Engine(lower(charter)).decide("shop/pay", {"amount": 10}).tier


def test_schemas_of_charter_and_library_both_hold() -> None:
    """A call must satisfy the charter's schema and the library's: neither loosens the other."""
    library = whole(
        "library: shop\ntools:\n  pay:\n    tier: read_only\n"
        "    input: {type: object, properties: {amount: {type: number, maximum: 100}, note: {type: string}}}\n"
    )
    charter = composed(
        "uses: [shop.yaml]\ntools:\n  pay: {input: {type: object, properties: {amount: {type: number, minimum: 1}}}}\n",
        shop=library,
    )
    engine = Engine(lower(charter))
    verdicts = {str(args): engine.decide("pay", args).effect.label for args in (
        {"amount": 5}, {"amount": 0}, {"amount": 101}, {"amount": 5, "note": "x"},
    )}  # fmt: skip
    assert ["allow", "deny", "deny", "deny"] == list(verdicts.values())


def test_files_are_pinned_where_they_are_named() -> None:
    """Every part is recorded with its kind, its path, its digest and the place that names it."""
    charter = load_text(TEXTS["charter.yaml"], files=within(TEXTS)).charter
    assert charter is not None
    found = {part.path: (part.kind.value, part.name, part.at.file, part.at.line) for part in charter.parts}
    assert {
        "org.yaml": ("base", "org", "shop.yaml", 6),
        "shop.yaml": ("base", "shop", "charter.yaml", 6),
        "mail.yaml": ("library", "mail", "charter.yaml", 7),
    } == found
    assert all(part.digest.startswith("sha256:") for part in charter.parts)


def test_paths_are_read_from_the_file_that_names_them() -> None:
    """A base in a folder names its own base from there, `..` included."""
    files = {
        "teams/shop.yaml": base("shop", "extends: [../org/base.yaml]\n"),
        "org/base.yaml": base("org", "extends: [more/all.yaml]\n"),
        "org/more/all.yaml": base("all", "never: [{tools: [refund]}]\n"),
    }
    loaded = load_text(whole("extends: [teams/shop.yaml]"), files=within(files))
    assert () == loaded.findings
    assert loaded.charter is not None
    assert set(files) == {part.path for part in loaded.charter.parts}


# --- properties

_CONDITIONS = ["args.x > 5", "args.y == 'a'", "!has(args.x)", "args.x < 3 || args.y == 'b'", "size(args.y) > 1"]
_TOOLS = ("get_a", "put_b", "del_c")
_EFFECTS = [
    "deny",
    "{approval: lead}",
    "{approval: boss}",
    "{tier: irreversible, approval: boss}",
    "{tier: irreversible}",
]
_SELECTS = ['tools: ["*"]', 'tools: ["put_*"]', "tools: [del_c, get_a]", "tiers: [irreversible]", "external: true",
            "tiers: [reversible, irreversible], external: false"]  # fmt: skip
_RULES = st.lists(
    st.tuples(
        st.sampled_from(_SELECTS), st.sampled_from(_CONDITIONS), st.sampled_from(_EFFECTS), st.booleans()
    ),
    max_size=4,
)  # fmt: skip
_NEVERS = st.lists(st.sampled_from(["del_*", "put_b", "nothing"]), max_size=1)
_ROLES = st.lists(st.sampled_from(["lead", "boss", "finance"]), min_size=2, unique=True).map(", ".join)
_GATE = st.tuples(_ROLES, st.integers(1, 3), st.sampled_from(["1h", "2h", "9h"]))
_ARGS = st.fixed_dictionaries(
    {}, optional={"x": st.integers(0, 9) | st.none() | st.just("5"), "y": st.sampled_from(["a", "b", "", "abc"])}
)


def _rules(rules: list[tuple[str, str, str, bool]]) -> str:
    made = [
        f'  - {{id: r{number}, {select}, {"only_if" if negated else "when"}: "{condition}", '
        f"{'otherwise' if negated else 'then'}: {effect}}}\n"
        for number, (select, condition, effect, negated) in enumerate(rules)
    ]
    return "rules:\n" + "".join(made) if made else ""


def _gates(**gates: tuple[str, int, str]) -> str:
    return "approvals:\n" + "".join(
        f"  {name}: {{roles: [{roles}], quorum: {quorum}, if_no_answer: [{{after: {after}, then: deny}}]}}\n"
        for name, (roles, quorum, after) in gates.items()
    )


@st.composite
def _base(draw: st.DrawFn, name: str) -> str:
    nevers = draw(_NEVERS)
    never = f"never: [{{tools: {nevers}}}]\n" if nevers else ""
    gates = _gates(lead=draw(_GATE), boss=draw(_GATE))
    return base(name, gates + never + _rules(draw(_RULES)), roles="lead, boss, finance")


@st.composite
def _charter(draw: st.DrawFn) -> str:
    """A charter without `extends`; its tools are all mapped, some of them ask."""
    asks = draw(st.sampled_from(["lead", "boss"]))
    unless = draw(st.sampled_from(["", *(f', unless: "{condition}"' for condition in _CONDITIONS)]))
    tools = (
        f"tools:\n  get_a: {{tier: read_only, approval: {{ask: lead}}}}\n"
        f"  put_b: {{tier: reversible, autonomous: {{because: Undone at once.}}}}\n"
        f"  del_c: {{tier: irreversible, external: true, approval: {{ask: {asks}{unless}}}}}\n"
    )
    gates = _gates(lead=draw(_GATE), boss=draw(_GATE))
    return whole(f"roles: [lead, boss, finance]\n{gates}{tools}{_rules(draw(_RULES))}")


def _extending(charter: str, names: tuple[str, ...]) -> str:
    return f"extends: [{', '.join(f'{name}.yaml' for name in names)}]\n{charter}"


@settings(max_examples=120, deadline=None)
@given(
    _charter(), _base("one"), _base("two"), st.lists(st.tuples(st.sampled_from(_TOOLS), _ARGS), min_size=5, max_size=9)
)
def test_composition_never_loosens(charter: str, one: str, two: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
    """With bases, every call is judged at least as strictly, by the same gates and more, and each gate is stricter."""
    alone = load_text(charter).charter
    files = {"one.yaml": one, "two.yaml": two}
    loaded = load_text(_extending(charter, ("one", "two")), files=within(files))
    if loaded.charter is None:  # gates without a role in common: refused is strict enough
        assert {"conflicting-parts"} == {finding.rule for finding in loaded.findings}
        return
    assert alone is not None
    before, after = lower(alone), lower(loaded.charter)
    for name, old in before.gates.items():
        new = after.gates[name]
        assert set(new.roles) <= set(old.roles)
        assert new.quorum >= old.quorum
        assert new.if_no_answer[-1].after_s <= old.if_no_answer[-1].after_s
    loose, strict = Engine(before), Engine(after)
    for tool, args in calls:
        old_verdict, new_verdict = loose.decide(tool, args), strict.decide(tool, args)
        assert new_verdict.effect >= old_verdict.effect
        if new_verdict.effect == old_verdict.effect:
            assert set(new_verdict.gates) >= set(old_verdict.gates)


def _said(charter: Charter) -> dict[str, Any]:
    """All that a composed charter says, without order and places."""
    return {
        "rules": {(rule.id.name, rule.clause.condition.text) for rule in charter.every_rule},
        "gates": {
            name: (frozenset(role.name for role in gate.roles), gate.quorum, gate.end.after_s, gate.end.verdict,
                   gate.shared, gate.needs_session_user, gate.use_within_s, gate.fatigue)
            for name, gate in charter.gates.items()
        },
        "roles": {role.name for role in charter.roles},
        "limits": {limit.id.name for limit in charter.limits},
        "never": {tuple(word.name for word in never.tools) for never in charter.never},
        "untrusted": charter.untrusted and (
            charter.untrusted.on_instructions,
            {each.id.name for each in charter.untrusted.after_reading if each.id},
        ),
        "escalation": {(each.event.name, each.to.name, each.times, each.within_s) for each in charter.escalation},
        "shadow": charter.shadow and (charter.shadow.business_days, charter.shadow.least_calls),
        "facts": {name: sorted(fact.fields) for name, fact in charter.facts.items()},
        "parts": {(part.path, part.digest) for part in charter.parts},
    }  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    _charter(),
    _base("one"),
    _base("two"),
    _base("three"),
    st.lists(st.tuples(st.sampled_from(_TOOLS), _ARGS), min_size=4, max_size=6),
)
def test_order_means_nothing(
    charter: str, one: str, two: str, three: str, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    """Any order of `extends` gives the same charter, the same verdicts, or the same refusal."""
    files = within({"one.yaml": one, "two.yaml": two, "three.yaml": three})
    found: list[Any] = []
    for order in permutations(("one", "two", "three")):
        loaded = load_text(_extending(charter, order), files=files)
        if loaded.charter is None:
            found.append({finding.rule for finding in loaded.findings})
            continue
        engine = Engine(lower(loaded.charter))
        verdicts = [engine.decide(tool, args) for tool, args in calls]
        found.append(
            (_said(loaded.charter), [(v.effect, set(v.gates), set(v.rules), set(v.reasons)) for v in verdicts])
        )
    assert [found[0]] * 6 == found


@pytest.mark.parametrize("order", [*permutations(("a", "b", "c"))])
def test_order_means_nothing_for_all_sections(order: tuple[str, ...]) -> None:
    """The same for history, facts, escalation and shadow."""
    files = {
        f"{name}.yaml": base(
            name,
            f"facts: {{customer: {{from: session, fields: {{id: string}}}}}}\n"
            f"limits: [{{id: m, external: true, max: {number}, within: 1h, otherwise: deny}}]\n"
            f"untrusted: {{on_instructions: {word}, after_reading: [{{id: r, external: true, then: deny}}]}}\n"
            f"escalation: [{{event: m, to: lead}}]\n"
            f"shadow: {{business_days: {number}, reviewer: lead, least_calls: {9 - number}}}\n"
            + gate(roles="lead, finance", more=f"use_within: {number}m, fatigue: {{per_hour: {number}}}, "),
        )
        for number, (name, word) in enumerate({"a": "flag", "b": "withhold", "c": "strip"}.items(), 1)
    }
    text = whole("extends: [{}]".format(", ".join(f"{name}.yaml" for name in order)))
    charter = load_text(text, files=within(files)).charter
    first = load_text(whole("extends: [a.yaml, b.yaml, c.yaml]"), files=within(files)).charter
    assert charter is not None
    assert first is not None
    assert _said(first) == _said(charter)
