"""Reads `approvals`: gates, who answers them, what silence means."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.model import End, Escalate, Gate, Verdict, Word
from govern.charter.reader import Reader
from govern.charter.yaml_tree import Node, Scalar, Seq

_ENDS = tuple(verdict.value for verdict in Verdict)


def read_gates(reader: Reader, node: Node) -> dict[str, Gate | None]:
    """Gates by name; None where one is named but cannot be used, so that it is not called undefined too."""
    gates: dict[str, Gate | None] = {}
    for key, value in reader.mapping(node, "`approvals`"):
        name = reader.name(key, "a gate's name")
        gate = _gate(reader, key, value, name)
        if name is not None:
            gates[name.name] = gate
    return gates


def _gate(reader: Reader, key: Scalar, node: Node, name: Word | None) -> Gate | None:
    fields = reader.fields(node, _NO_ANSWER_APART, key)
    if fields is None:
        return None
    if "if_no_answer" not in fields:
        message = f"the gate `{key.value}` does not say what silence means"
        reader.error("no-answer-undefined", key, message, "add `if_no_answer: [{after: 24h, then: deny}]`")
    roles = reader.names(fields["roles"], "`roles` of a gate", "a role", "role") if "roles" in fields else ()
    quorum = reader.integer(fields["quorum"], "`quorum`", 1) if "quorum" in fields else 1
    answer = _no_answer(reader, fields["if_no_answer"]) if "if_no_answer" in fields else None
    if name is None or not roles or quorum is None or answer is None:
        return None
    steps, end = answer
    return Gate(name.name, roles, quorum, steps, end, name.at)


# `if_no_answer` is required, but its absence has a rule of its own.
_NO_ANSWER_APART = vocabulary.Level(
    vocabulary.GATE.what, ("roles",), ("if_no_answer", *vocabulary.GATE.optional), vocabulary.GATE.planned
)


def _no_answer(reader: Reader, node: Node) -> tuple[tuple[Escalate, ...], End] | None:
    if isinstance(node, Seq) and not node.items:
        reader.error("no-answer-undefined", node, "`if_no_answer` is empty", "write `[{after: 24h, then: deny}]`")
        return None
    read = [(item, _step(reader, item)) for item in reader.items(node, "`if_no_answer`")]
    steps = [step for _, step in read if step is not None]
    if not read or len(steps) != len(read):
        return None
    before = 0
    for item, step in read:
        if step is not None and step.after_s <= before:
            hint = "times count from the request, each later than the one before"
            reader.error("no-answer-order", item, "`after` does not come later than the step before it", hint)
            return None
        before = step.after_s if step else before
    ends = [step for step in steps if isinstance(step, End)]
    if len(ends) != 1 or not isinstance(steps[-1], End):
        hint = "the last step, and only the last, says `then: deny` (or `then: allow`)"
        reader.error("no-answer-order", node, "`if_no_answer` does not end in a verdict", hint)
        return None
    return tuple(step for step in steps if isinstance(step, Escalate)), steps[-1]


def _step(reader: Reader, node: Node) -> Escalate | End | None:
    fields = reader.fields(node, vocabulary.STEP)
    if fields is None:
        return None
    after = reader.duration(fields["after"], "`after`") if "after" in fields else None
    if ("ask" in fields) == ("then" in fields):
        both = "ask" in fields
        message = (
            f"a step of `if_no_answer` has {'both' if both else 'neither'} `ask` {'and' if both else 'nor'} `then`"
        )
        if both or not node_has_other_keys(node):
            rule = "conflicting-keys" if both else "missing-key"
            reader.error(rule, node, message, "ask another gate, or end with a verdict")
        return None
    if "ask" in fields:
        gate = reader.name(fields["ask"], "a gate", "gate")
        return Escalate(after, gate) if after is not None and gate is not None else None
    verdict = reader.choice(fields["then"], "a verdict for silence", _ENDS, "unknown-effect")
    if after is None or verdict is None:
        return None
    return End(after, Verdict(verdict), reader.at(fields["then"]))


def node_has_other_keys(node: Node) -> bool:
    """Whether a step has a key that is neither known nor silent: `than: deny` is one error, not two."""
    entries = getattr(node, "entries", ())
    return any(key.value not in vocabulary.STEP.known for key, _ in entries)
