"""The same events in engines that others would pick: Cedar and Rego, the policies written by hand.

Each in the form that is fastest for it: the policy parsed once, then one event at a time (Cedar also in batches; Rego
in Rust by a rule for each tool). The hard set is in Rego only: Cedar has no patterns, and nothing over the items of a
list.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

from . import easy, hard_rego, sets
from .table import Line, Size, agree, per_second, side_by_side

_AMOUNTS, _INSIDE = easy.RULED[::2], easy.RULED[1::2]
_BATCH = 1000

# A denial and a question are both `forbid`; which of them it is says the name of the policy that fired.
CEDAR = f"""
permit(principal, action in [{", ".join(f'Action::"{name}"' for name in easy.TOOLS)}], resource);
@id("approval")
forbid(principal, action in [{", ".join(f'Action::"{name}"' for name in _AMOUNTS)}], resource)
when {{ context.amount > 500 }};
@id("deny")
forbid(principal, action in [{", ".join(f'Action::"{name}"' for name in _INSIDE)}], resource)
unless {{ context.to like "*@corp.com" }};
"""
_FIRED = {"policy1": "approval", "policy2": "deny", "approval": "approval", "deny": "deny"}

REGO = f"""
package easy
import rego.v1

default verdict := "allow"
verdict := "deny" if {{ input.tool in {{{", ".join(json.dumps(name) for name in _INSIDE)}}}
  not endswith(input.args.to, "@corp.com") }}
verdict := "approval" if {{ input.tool in {{{", ".join(json.dumps(name) for name in _AMOUNTS)}}}
  input.args.amount > 500 }}
"""

REGO_BY_TOOL = "\n".join((
    "package easy", "import rego.v1",
    *(f'verdict_{name} := "approval" if input.args.amount > 500\nelse := "allow"' for name in _AMOUNTS),
    *(f'verdict_{name} := "allow" if endswith(input.args.to, "@corp.com")\nelse := "deny"' for name in _INSIDE),
    *(f'verdict_{name} := "allow"' for name in easy.TOOLS[len(easy.RULED):]),
))  # fmt: skip

Texts = list[tuple[str, str]]
Run = Callable[[Texts], Counter[str]]


def lines(size: Size) -> list[Line]:
    """For each set a line a peer, beside our engine for one call; and the fastest of them beside our bulk engine."""
    return [
        *_lines(sets.easy_set(), size, (
            ("Cedar", "cedarpy", "cedarpy", _cedar),
            ("Cedar in batches", "cedarpy", "cedarpy", _cedar_batches),
            ("Rego in Rust", "regorus", "celine-regorus", lambda: _regorus("easy", REGO_BY_TOOL)),
            ("Rego in C++", "regopy", "regopy", _regopy),
        )),
        *_lines(sets.hard_set(), size, (
            ("Rego in Rust", "regorus", "celine-regorus", lambda: _regorus("hard", hard_rego.policy())),
        )),
    ]  # fmt: skip


def _lines(one: sets.Set, size: Size, peers: Sequence[tuple[str, str, str, Callable[[], Run]]]) -> list[Line]:
    con = sets.connection()
    one.fill(con, size.rows, False)
    length = sets.bytes_of(con)
    texts = con.execute(f"SELECT tool, args FROM calls WHERE event_id < {size.calls}").fetchall()
    expected = Counter(one.by_hand(tool, json.loads(text)) for tool, text in texts)
    some = f"(SELECT * FROM calls WHERE event_id < {size.calls})"
    agree(f"peers, {one.name} set", {"by hand": expected, "ours": sets.in_sql(con, one.policy, some)})
    (bulk,) = side_by_side(size.rounds, lambda: sets.in_sql(con, one.policy))
    con.close()
    ours = _govern(one)
    agree(f"peers, {one.name} set", {"by hand": expected, "ours, one call at a time": ours(texts)})
    made, best = [], 0.0
    for name, module, package, how in peers:
        if importlib.util.find_spec(module) is None:
            what = f"{one.name} set beside {name}: NOT MEASURED, no `{package}` here (extra `bench`)"
            made.append(Line(what, length))
            continue
        theirs = how()
        start = time.perf_counter()
        agree(f"peers, {one.name} set", {"by hand": expected, name: theirs(texts)})
        # Of a slow one a second's worth of calls says enough.
        some_texts = texts[: max(100, int(len(texts) / max(time.perf_counter() - start, 1)))]
        mine, taken = side_by_side(size.rounds, partial(ours, some_texts), partial(theirs, some_texts))
        best = max(best, len(some_texts) / taken)
        what = f"{one.name} set, one call at a time as JSON text, beside {name} ({package} {version(package)})"
        made.append(Line(what, length, per_second(len(some_texts), mine), per_second(len(some_texts), taken),
                         mine / taken, "< 1 ×", mine < taken))  # fmt: skip
    if best:
        share = best * bulk / size.rows
        made.append(Line(f"{one.name} set, ours in bulk, beside the fastest of them", length,
                         per_second(size.rows, bulk), per_second(1, 1 / best), share, "< 1 ×", share < 1))  # fmt: skip
    return made


def _govern(one: sets.Set) -> Run:
    from govern.policy.engine import Engine

    decide = Engine(one.policy).decide_text
    return lambda texts: Counter(decide(tool, text).effect.label for tool, text in texts)


def _cedar() -> Run:
    import cedarpy

    policies, nobody = cedarpy.PolicySet.from_str(CEDAR), cedarpy.Entities.from_json_str("[]")
    return lambda texts: Counter(
        _cedar_verdict(cedarpy.is_authorized(_cedar_request(tool, text), policies, nobody)) for tool, text in texts
    )


def _cedar_batches() -> Run:
    import cedarpy

    policies, nobody = cedarpy.PolicySet.from_str(CEDAR), cedarpy.Entities.from_json_str("[]")

    def run(texts: Texts) -> Counter[str]:
        found: Counter[str] = Counter()
        for at in range(0, len(texts), _BATCH):
            requests = [_cedar_request(tool, text) for tool, text in texts[at : at + _BATCH]]
            found.update(map(_cedar_verdict, cedarpy.is_authorized_batch(requests, policies, nobody)))
        return found

    return run


def _cedar_request(tool: str, text: str) -> dict[str, object]:
    return {
        "principal": {"type": "Agent", "id": "easy"},
        "action": {"type": "Action", "id": tool},
        "resource": {"type": "Tool", "id": tool},
        "context": json.loads(text),
    }


def _cedar_verdict(result: object) -> str:
    if result.diagnostics.errors:  # type: ignore[attr-defined]
        raise RuntimeError(str(result.diagnostics.errors))  # type: ignore[attr-defined]
    if result.allowed:  # type: ignore[attr-defined]
        return "allow"
    fired = {_FIRED[reason] for reason in result.diagnostics.reasons}  # type: ignore[attr-defined]
    return "deny" if "deny" in fired else "approval"


def _regorus(package: str, module: str) -> Run:
    import regorus

    engine = regorus.Engine()
    engine.add_policy(f"{package}.rego", module)

    def run(texts: Texts) -> Counter[str]:
        found: Counter[str] = Counter()
        for tool, text in texts:
            engine.set_input_json(f'{{"args":{text}}}')
            found[engine.eval_rule(f"data.{package}.verdict_{tool}")] += 1
        return found

    return run


def _regopy() -> Run:
    import regopy

    engine = regopy.Interpreter()
    engine.add_module("easy", REGO)
    bundle = engine.build("data.easy.verdict", [])

    def run(texts: Texts) -> Counter[str]:
        found: Counter[str] = Counter()
        for tool, text in texts:
            engine.set_input_term(f'{{"tool":"{tool}","args":{text}}}')
            found[json.loads(str(engine.query_bundle(bundle)))["expressions"][0]] += 1
        return found

    return run
