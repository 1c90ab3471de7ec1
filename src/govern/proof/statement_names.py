"""What a statement names: tools by name, glob, tier; gates, rules, limits. Each must be there.

Leaves out the forms of statements (`statement_text`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from govern.findings import did_you_mean
from govern.policy.glob import is_glob, matches
from govern.policy.model import Policy, Tier
from govern.proof.statement import Choice
from govern.proof.statement_words import Word, Words, fail

MOST_TOOLS: Final = 200
_TIERS: Final = tuple(dict.fromkeys(name for tier in Tier for name in (tier.value, tier.value.replace("_", "-"))))


class Names(Words):
    """Words that name what a policy has.

    Attributes:
        named: tools that parts of the statement name, each with its place.
    """

    def __init__(self, text: str, policy: Policy) -> None:
        super().__init__(text)
        self.policy = policy
        self.named: list[tuple[tuple[Choice, ...], Word]] = []
        self.after_tools = -1  # where `and` follows a list of tools

    def name(self, what: str, known: Iterable[str], none: str) -> str:
        word = self.next()
        if not word.text or word.text == ",":
            fail(word.start, word.end, f"expected {what}, got {'`,`' if word.text else 'the end'}")
        names = list(known)
        if word.text not in names:
            of = f"`{self.policy.agent}`"
            fail(
                word.start,
                word.end,
                f"`{word.text[:80]}` is no {none} of {of}",
                did_you_mean(word.text, names) or f"{of} has none",
            )
        return word.text

    def gate(self) -> str | None:
        if self.phrase("a", "gate"):
            return None
        return self.name("a gate", self.policy.gates, "gate")

    def rule(self) -> str:
        known = {rule.id for tool in self.policy.tools.values() for rule in tool.rules}
        return self.name("a rule's id", known, "rule")

    def with_rule(self, rule: str) -> tuple[Choice, ...]:
        tools = self.policy.tools.values()
        return tuple(Choice(tool.name) for tool in tools if any(each.id == rule for each in tool.rules))

    def tools(self) -> tuple[Choice, ...]:
        found = [self.choice()]
        while self.take(","):
            found.append(self.choice())
            if len(found) > MOST_TOOLS:
                fail(self.word.start, self.word.end, f"more than {MOST_TOOLS} tools", "choose them by glob or tier")
        if self.word.says("and", "or"):
            self.after_tools = self.at
        return tuple(found)

    def choice(self) -> Choice:
        if self.ends() or self.word.says(","):
            fail(
                self.word.start,
                self.word.end,
                f"expected tools, got {self.got()}",
                "a name, a glob such as `delete_*`, `tier irreversible`, `external tools`",
            )
        if self.take("tier"):
            return Choice(tier=self.tier())
        if self.word.says("any", "every", "all"):
            self.next()
            return self.kind("tool", "tools")
        last = self.at
        if self.word.says("external", *_TIERS):
            choice = self.kind_or_none("tool", "tools")
            if choice is not None:
                return choice
            self.at = last
        word = self.next()
        known = self.policy.tools
        if not is_glob(word.text) and not any(matches(word.text, name) for name in known):
            hint = did_you_mean(word.text, known)
            fail(
                word.start,
                word.end,
                f"`{word.text[:80]}` is no tool of `{self.policy.agent}`",
                hint if hint.startswith("did") else "what no line maps is always denied",
            )
        return Choice(word.text)

    def kind(self, *ends: str) -> Choice:
        """`external irreversible tools`"""
        found = self.kind_or_none(*ends)
        if found is None:
            known = ("external", *_TIERS, *ends)
            fail(
                self.word.start,
                self.word.end,
                f"expected a tier, `external` or `tools`, got {self.got()}",
                did_you_mean(self.word.text, known),
            )
        return found

    def kind_or_none(self, *ends: str) -> Choice | None:
        external, tier = False, None
        while self.word.says("external", *_TIERS):
            if self.take("external"):
                external = True
            else:
                tier = Tier(self.next().text.replace("-", "_"))
        return Choice(tier=tier, external=external) if self.take(*ends) else None

    def tier(self) -> Tier:
        word = self.next()
        if not word.says(*_TIERS):
            fail(
                word.start,
                word.end,
                f"`{word.text[:60]}` is no tier" if word.text else "expected a tier",
                did_you_mean(word.text, [tier.value for tier in Tier]),
            )
        return Tier(word.text.replace("-", "_"))

    def named_once(self) -> None:
        for _, word in self.named:
            fail(
                word.start,
                word.end,
                "tools are named here a second time",
                "a statement is about one call: leave the tools out behind `when`",
            )
