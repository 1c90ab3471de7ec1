"""Reads what concerns accounts and people: `identity`, `records`, `escalation`, `shadow`."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.model import Elevated, Escalation, Identity, Records, Shadow, Word
from govern.charter.reader import Reader
from govern.charter.yaml_tree import Map, Node, Scalar


def read_identity(reader: Reader, node: Node, key: Scalar) -> Identity | None:
    fields = reader.fields(node, vocabulary.IDENTITY, key)
    if fields is None:
        return None
    scope = vocabulary.SCOPE_NAME
    account = None
    if "service_account" in fields:
        account = reader.word(fields["service_account"], "`service_account`", scope.pattern, scope.words)
    standing = reader.words(fields["standing"], "`standing`", scope) if "standing" in fields else ()
    elevated: list[Elevated] = []
    entries = reader.mapping(fields["elevated"], "`elevated`") if "elevated" in fields else ()
    for name, value in entries:
        word = reader.word(name, "a scope", scope.pattern, scope.words)
        inner = reader.fields(value, vocabulary.ELEVATED, name)
        ttl = reader.duration(inner["ttl"], "`ttl`") if inner is not None and "ttl" in inner else None
        if word is not None and ttl is not None:
            elevated.append(Elevated(word, ttl))
    always = {word.name for word in standing}
    for each in elevated:
        if each.scope.name in always:
            message = f"`{each.scope.name}` is standing and elevated"
            reader.told("conflicting-keys", each.scope.at, message, "a scope that is always held is never issued")
    scopes = fields.get("elevated")
    if fields.may_be("elevated") or (isinstance(scopes, Map) and scopes.lost):  # its scopes are not all known
        return None
    if account is None or len(elevated) < len(entries) or ("standing" in fields and not standing):
        return None
    return Identity(account, standing, tuple(elevated), reader.at(key))


def read_records(reader: Reader, node: Node) -> dict[str, Records | None]:
    found: dict[str, Records | None] = {}
    for key, value in reader.mapping(node, "`records`"):
        name = reader.name(key, "a name of records")
        records = _records(reader, key, value, name)
        if name is not None:
            found[name.name] = records
    return found


def _records(reader: Reader, key: Scalar, node: Node, name: Word | None) -> Records | None:
    fields = reader.fields(node, vocabulary.RECORDS, key)
    if fields is None:
        return None
    tools = reader.words(fields["read_by"], "`read_by`", vocabulary.ONE_TOOL, "tool") if "read_by" in fields else ()
    clause = reader.clause(fields["only_if"], "only_if", frozenset({"record"})) if "only_if" in fields else None
    most = reader.integer(fields["max"], "`max`", 1) if "max" in fields else None
    because = reader.text(fields["because"], "`because`") if "because" in fields else ""
    if name is None or not tools or clause is None or because is None or ("max" in fields and most is None):
        return None
    return Records(name.name, tools, clause, most, because, name.at)


def read_escalation(reader: Reader, node: Node) -> tuple[Escalation, ...]:
    found = (_escalation(reader, item) for item in reader.items(node, "`escalation`"))
    return tuple(each for each in found if each is not None)


def _escalation(reader: Reader, node: Node) -> Escalation | None:
    fields = reader.fields(node, vocabulary.ESCALATION)
    if fields is None:
        return None
    event = _event(reader, fields["event"]) if "event" in fields else None
    times = reader.integer(fields["times"], "`times`", 1) if "times" in fields else 1
    within = reader.duration(fields["within"], "`within`") if "within" in fields else None
    to = reader.name(fields["to"], "`to`", "role") if "to" in fields else None
    then: str | None = "notify"
    if "then" in fields:
        then = reader.choice(fields["then"], "an action", vocabulary.ACTIONS, "unknown-word")
    bad = False
    for one, other in (("times", "within"), ("within", "times")):
        if one in fields and other not in fields and not fields.may_be(other):
            reader.error("missing-key", fields.key(one), f"`{one}` needs `{other}` beside it")
            bad = True
    repeated = event is not None and event.name == "repeated_failure"
    if repeated and not bad and "times" not in fields and not fields.may_be("times"):
        reader.error("missing-key", fields.key("event"), "`repeated_failure` needs `times` and `within`")
    bad |= repeated and "times" not in fields
    if event is None or times is None or to is None or then is None or bad or ("within" in fields and within is None):
        return None
    return Escalation(event, times, within, to, then, event.at)


def _event(reader: Reader, node: Node) -> Word | None:
    if isinstance(node, Scalar) and node.value in vocabulary.EVENTS:
        return Word(str(node.value), reader.at(node))
    text = reader.text(node, "`event`")
    if text is None:
        return None
    word = Word(text, reader.at(node))
    reader.named["rule_id"].append(word)
    return word


def read_shadow(reader: Reader, node: Node, key: Scalar) -> Shadow | None:
    fields = reader.fields(node, vocabulary.SHADOW, key)
    if fields is None:
        return None
    days = reader.integer(fields["business_days"], "`business_days`", 1) if "business_days" in fields else None
    reviewer = reader.name(fields["reviewer"], "`reviewer`", "role") if "reviewer" in fields else None
    least = reader.integer(fields["least_calls"], "`least_calls`", 1) if "least_calls" in fields else 0
    if days is None or reviewer is None or least is None:
        return None
    return Shadow(days, reviewer, least, reader.at(key))
