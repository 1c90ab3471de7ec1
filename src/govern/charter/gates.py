"""Reads `approvals`: gates, who answers them, what silence means."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.model import USE_WITHIN_S, End, Escalate, Fatigue, Gate, Verdict, Word
from govern.charter.reader import Fields, Reader
from govern.charter.yaml_tree import Node, Scalar, Seq

_ENDS = ("deny", "allow")


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
    fields = reader.fields(node, vocabulary.GATE, key)
    if fields is None:
        return None
    if "if_no_answer" not in fields and not fields.may_be("if_no_answer"):
        message = f"the gate `{key.value}` does not say what silence means"
        reader.error("no-answer-undefined", key, message, "add `if_no_answer: [{after: 24h, then: deny}]`")
    roles = reader.names(fields["roles"], "`roles` of a gate", "a role", "role") if "roles" in fields else ()
    confirm = _confirm(reader, fields, key)
    quorum = reader.integer(fields["quorum"], "`quorum`", 1) if "quorum" in fields else 1
    shared = reader.boolean(fields["shared"], "`shared`") if "shared" in fields else False
    user = (
        reader.boolean(fields["needs_session_user"], "`needs_session_user`")
        if "needs_session_user" in fields
        else False
    )
    use = reader.duration(fields["use_within"], "`use_within`") if "use_within" in fields else USE_WITHIN_S
    fatigue = _fatigue(reader, fields["fatigue"], fields.key("fatigue")) if "fatigue" in fields else None
    answer = _no_answer(reader, fields["if_no_answer"]) if "if_no_answer" in fields else None
    if name is None or quorum is None or answer is None or confirm is None or shared is None or user is None:
        return None
    if (not roles and not confirm) or use is None or ("fatigue" in fields and fatigue is None):
        return None
    steps, end = answer
    return Gate(name.name, roles, quorum, steps, end, name.at, confirm, shared, user, use, fatigue)


def _confirm(reader: Reader, fields: Fields, key: Scalar) -> bool | None:
    """Whether the person served answers; None where it is not said who does."""
    if "confirm" in fields:
        for other in ("roles", "quorum"):
            if other in fields:
                message = f"`confirm` asks one person, who holds no role: `{other}` does not go with it"
                reader.error("conflicting-keys", fields.key(other), message, "write a second gate, and ask both")
                return None
        return reader.choice(fields["confirm"], "who confirms", ("session.person",), "unknown-word") is not None or None
    if "roles" not in fields:
        if not fields.may_be("roles", "confirm"):
            reader.error("missing-key", key, "a gate needs `roles`", "or `confirm: session.person`")
        return None
    return False


def _fatigue(reader: Reader, node: Node, key: Scalar) -> Fatigue | None:
    fields = reader.fields(node, vocabulary.FATIGUE, key)
    if fields is None:
        return None
    if not fields:
        if not fields.misspelt:  # its only key is misspelt
            reader.error("empty-collection", node, "`fatigue` is empty", "leave the key out, or fill it")
        return None
    pending = reader.integer(fields["max_pending"], "`max_pending`", 1) if "max_pending" in fields else None
    hourly = reader.integer(fields["per_hour"], "`per_hour`", 1) if "per_hour" in fields else None
    cool = reader.duration(fields["cool_down"], "`cool_down`") if "cool_down" in fields else None
    read = {"max_pending": pending, "per_hour": hourly, "cool_down": cool}
    return None if any(read[name] is None for name in fields) else Fatigue(pending, hourly, cool)


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
        if both or not fields.may_be("ask", "then"):
            rule = "conflicting-keys" if both else "missing-key"
            reader.error(rule, node, message, "ask another gate, or end with a verdict")
        return None
    if "ask" in fields:
        gate = reader.name(fields["ask"], "a gate", "gate")
        return Escalate(after, gate) if after is not None and gate is not None else None
    verdict = reader.choice(fields["then"], "a verdict for silence", _ENDS, "unknown-effect")
    if after is None or verdict is None:
        return None
    return End(after, Verdict.ALLOW if verdict == "allow" else Verdict.DENY, reader.at(fields["then"]))
