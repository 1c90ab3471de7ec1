"""Reads `steps`: what is said, called, answered and waited for, each with what is expected of it.

A call or an answer that expects nothing is an error: `expect: any` says that a step only prepares others.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from govern.charter import vocabulary
from govern.charter.cases import AnswerStep, CallStep, Person, SayStep, Step, WaitStep
from govern.charter.reader import Fields, Reader
from govern.charter.suite_expect import request, verdict
from govern.charter.suite_given import Known, call, mapped
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.findings import did_you_mean

SERVED = "session.person"
_KINDS = tuple(vocabulary.BESIDE)


def steps(known: Known, node: Node) -> tuple[Step, ...]:
    """The steps of a sequence; what is wrong with them is reported."""
    reading, before = _Steps(known), len(known.reader.findings)
    found = [reading.step(item) for item in known.reader.items(node, "`steps`")]
    made = tuple(step for step in found if step is not None)
    told = len(known.reader.findings) > before  # of a step that could not be read nobody knows what it expects
    if made and not told and not any(_expects(step) for step in made):
        hint = "say `expect` of the call, or `then` of the answer, that is tested"
        known.reader.error("missing-key", node, "the steps expect nothing", hint)
    return made


def _expects(step: Step) -> bool:
    match step:
        case SayStep():
            return False
        case CallStep() | AnswerStep() | WaitStep():
            return step.expect is not None


def _is_any(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value == vocabulary.ANYTHING


class _Steps:
    """Reads the steps of one case: names of calls and people are of that case."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.reader: Reader = known.reader
        self.calls: list[str] = []
        self.lost = False  # whether a call's name may not have been read
        self.people: Counter[str] = Counter()

    def step(self, node: Node) -> Step | None:
        fields = self.reader.fields(node, vocabulary.TEST_STEP)
        if fields is None:
            return None
        self.lost |= fields.may_be("as")
        kinds = [kind for kind in _KINDS if kind in fields]
        if len(kinds) != 1:
            if kinds:
                message = f"a step is `{kinds[0]}` or `{kinds[1]}`, not both"
                self.reader.error("conflicting-keys", fields.key(kinds[1]), message, "write two steps")
            elif not fields.may_be(*_KINDS):
                hint = f"one of {', '.join(f'`{kind}`' for kind in _KINDS)}"
                self.reader.error("missing-key", node, "a step does nothing", hint)
            self.lost |= "as" in fields
            return None
        (kind,) = kinds
        for key in fields:
            if key != kind and key not in vocabulary.BESIDE[kind]:
                hint = f"beside `{kind}`: {', '.join(f'`{each}`' for each in vocabulary.BESIDE[kind])}"
                self.reader.error("conflicting-keys", fields.key(key), f"`{key}` does not go with `{kind}`", hint)
        after = self.reader.duration(fields["after"], "`after`") if "after" in fields else 0
        match kind:
            case "user" | "operator":
                text = self.reader.text(fields[kind], f"`{kind}`")
                at = self.reader.at(fields.key(kind))
                return SayStep(text, kind, after or 0, at) if text is not None else None
            case "call":
                return self.call(fields, after or 0)
            case "wait":
                wait = self.reader.duration(fields["wait"], "`wait`")
                expect = None
                if "then" in fields and not _is_any(fields["then"]):
                    expect = request(self.known, fields["then"], fields.key("then"))
                return WaitStep(wait or 0, self.of(fields), expect, self.reader.at(fields.key("wait")))
            case _:
                return self.answer(fields, kind, after or 0)

    def call(self, fields: Fields, after_s: int) -> CallStep | None:
        found = call(self.known, fields["call"])
        name = self.reader.name(fields["as"], "a call's name") if "as" in fields else None
        self.lost |= "as" in fields and name is None
        if name is not None and name.name in self.calls:
            self.reader.error("duplicate-item", fields["as"], f"`{name}` names two calls", "give each its own name")
        if "result" in fields and "error" in fields:
            message = "a call gives a result or fails, not both"
            self.reader.error("conflicting-keys", fields.key("error"), message, "keep one of them")
        error = self.reader.text(fields["error"], "`error`") if "error" in fields else None
        released = self.reader.boolean(fields["released"], "`released`") if "released" in fields else None
        used = self.reader.duration(fields["used_after"], "`used_after`") if "used_after" in fields else 0
        result: Any = self.reader.data(fields["result"]) if "result" in fields else None
        if name is not None:
            self.calls.append(name.name)
        expect = None
        if self.expects(fields, "call", "expect"):
            expect = verdict(self.known, fields["expect"], fields.key("expect"))
        if found is None:
            return None
        tool, args, key = found
        mapped(self.known, tool, key, expect)
        return CallStep(
            tool, args, expect, self.reader.at(key), after_s=after_s, name=name.name if name else "", result=result,
            error=error, released=released, used_after_s=used or 0,
        )  # fmt: skip

    def answer(self, fields: Fields, kind: str, after_s: int) -> AnswerStep | None:
        people = self.everyone(fields[kind], f"`{kind}`")
        of = self.of(fields)
        expect = None
        if self.expects(fields, kind, "then"):
            expect = request(self.known, fields["then"], fields.key("then"))
        return AnswerStep(people, kind == "approve", of, expect, after_s, self.reader.at(fields.key(kind)))

    def expects(self, fields: Fields, kind: str, key: str) -> bool:
        """Whether a step says what is expected; one that says nothing is reported.

        Args:
            key: that says it.
        """
        if key not in fields:
            if not fields.may_be(key):
                what = "the verdict that is meant" if key == "expect" else "what comes of the request"
                hint = f"`{key}:` {what}, or `{key}: any` where it only prepares the next steps"
                self.reader.error("missing-key", fields.key(kind), f"`{kind}` expects nothing", hint)
            return False
        return not _is_any(fields[key])

    def of(self, fields: Fields) -> str:
        if "of" not in fields:
            return ""
        word = self.reader.name(fields["of"], "a call")
        if word is not None and word.name not in self.calls and not self.lost:
            hint = did_you_mean(word.name, self.calls) or "name it there: `as: NAME`"
            self.reader.error("undefined-call", fields["of"], f"no call before this step is called `{word}`", hint)
        return word.name if word is not None else ""

    def everyone(self, node: Node, what: str) -> tuple[Person, ...]:
        nodes = self.reader.items(node, what) if isinstance(node, Seq) else (node,)
        found = (self.person(each) for each in nodes)
        return tuple(person for person in found if person is not None)

    def person(self, node: Node) -> Person | None:
        """A person with roles; a role alone is another person each time it is written."""
        if not isinstance(node, Map):
            if isinstance(node, Scalar) and node.value == SERVED:
                return Person(SERVED, ())
            role = self.role(node)
            if role is None:
                return None
            self.people[role] += 1
            return Person(f"{role}-{self.people[role]}", (role,))
        fields = self.reader.fields(node, vocabulary.PERSON)
        if fields is None or "person" not in fields:
            return None
        kind = vocabulary.IDENTITY_NAME
        name = self.reader.word(fields["person"], "`person`", kind.pattern, kind.words)
        if name is None:
            return None
        if "roles" in fields:
            said = tuple(self.role(each) for each in self.reader.items(fields["roles"], "`roles`"))
            return Person(name.name, tuple(role for role in said if role is not None))
        deployment = self.known.deployment
        if deployment is None:
            message = f"nobody says which roles `{name}` holds"
            self.reader.error("missing-key", fields.key("person"), message, "`roles: […]`, or a `deployment`")
            return None
        return Person(
            name.name, tuple(r for r, held in deployment.roles.items() if name.name in [str(p) for p in held.people])
        )

    def role(self, node: Node) -> str | None:
        word = self.reader.name(node, "a role")
        if word is None:
            return None
        roles = [role.name for role in self.known.charter.roles] if self.known.charter else [word.name]
        if word.name not in roles:
            hint = did_you_mean(word.name, roles)
            self.reader.error("undefined-role", node, f"`{word}` is not among the charter's `roles`", hint)
        return word.name
