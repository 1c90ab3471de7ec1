"""Policies read as terms of a solver, for calls of one tool: their conditions, schemas, defaults, verdicts.

Read when asked, and kept: a question is asked more than once.
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.conditions import bound
from govern.conditions.inputs import path_text
from govern.conditions.smt.given import Given, Inputs, Pair
from govern.conditions.smt.needs import ITEM, Pattern, needs
from govern.conditions.smt.terms import Bool
from govern.conditions.smt.truths import Reader
from govern.conditions.smt.values import Choice, Fixed, Value
from govern.conditions.times import INT64_MAX, INT64_MIN
from govern.conditions.tree import Node
from govern.policy.model import FactField, Policy, ToolPolicy
from govern.policy.schema_tree import read
from govern.proof.defaults import Filled, fills, keys
from govern.proof.joined import Joined
from govern.proof.schema import Validity, places


class Reading:
    """What policies say of calls of a tool.

    Args:
        conditions: that are asked beside the policies' own, each with the index of the policy whose defaults it sees.
    """

    def __init__(
        self, tool: str, policies: Sequence[Policy], conditions: Sequence[tuple[Node, int]], zone: str | None
    ) -> None:
        self.tool = tool
        self.policies = policies
        self._fills = [
            fills(mapped.schema) if (mapped := self._tool(of)) and mapped.schema else () for of in range(len(policies))
        ]
        self._own = [self._trees(of) for of in range(len(policies))]
        known = {(self._view(of), tree) for of, trees in enumerate(self._own) for tree in trees}
        known |= {(self._view(of), tree) for tree, of in conditions}
        self._known = known
        found = [place for of in range(len(policies)) for place in self._places(of)]
        lists = [at for what, at in found if what == "list"]
        named = [at for what, at in found if what == "key"]
        self.inputs = Inputs(needs([tree for _, tree in sorted(known, key=repr)], lists, named))
        self.terms = self.inputs.terms
        self._readers = [Reader(Given(self.inputs, self._args(of)), zone) for of in range(len(policies))]
        self._pairs: dict[tuple[int, Node], Pair] = {}
        self._valid: dict[tuple[int, str], Bool] = {}
        self._verdicts: dict[int, Joined] = {}
        self._declared: dict[tuple[str, str, int], Bool] = {}

    def _tool(self, of: int) -> ToolPolicy | None:
        return self.policies[of].tools.get(self.tool)

    def _trees(self, of: int) -> list[Node]:
        mapped, agent = self._tool(of), self.policies[of].agent
        return [bound(each, tool=self.tool, agent=agent) for each in mapped.conditions] if mapped else []

    def _places(self, of: int) -> list[tuple[str, Pattern]]:
        mapped = self._tool(of)
        if mapped is None or mapped.schema is None:
            return []
        schema = read(mapped.schema)
        return [*places(schema, ("args",), schema), *(("key", at) for at in keys(self._fills[of], ("args",)))]

    def _view(self, of: int) -> int:
        """Policies whose conditions see the same arguments have the same."""
        return next(index for index in range(of + 1) if self._fills[index] == self._fills[of])

    def _args(self, of: int) -> Value:
        raw, fill = self.inputs.args, self._fills[of]
        if not fill:
            return raw
        filled = Filled(raw, fill)
        return Choice(filled.twins(), raw, filled)

    def knows(self, tree: Node, of: int) -> bool:
        """Whether a condition was counted on."""
        return (self._view(of), tree) in self._known

    def pair(self, tree: Node, of: int) -> Pair:
        """Whether a condition is true, and whether it is false."""
        key = self._view(of), tree
        if key not in self._pairs:
            self._pairs[key] = self._readers[of].read(tree)
        return self._pairs[key]

    def valid(self, of: int) -> Bool:
        """Whether the arguments are valid input."""
        mapped = self._tool(of)
        if mapped is None or mapped.schema is None:
            return True
        key = self._view(of), mapped.schema
        if key not in self._valid:
            args = self._readers[of].given.args
            held = Validity(self.inputs, read(mapped.schema)).of(args)
            twins = Filled(self.inputs.args, self._fills[of]).twins() if self._fills[of] else False
            self._valid[key] = self.terms.both(self.terms.no(twins), held)
        return self._valid[key]

    def verdict(self, of: int) -> Joined:
        if of not in self._verdicts:
            truths = [self.pair(tree, of) for tree in self._own[of]]
            self._verdicts[of] = Joined(self.terms, self.policies[of], self.tool, truths, self.valid(of))
        return self._verdicts[of]

    def declared(self) -> list[Bool]:
        """What the policies declare of the facts that were asked for."""
        for name, cell in self.inputs.facts():
            for of, policy in enumerate(self.policies):
                if name not in policy.facts or (name, "", of) in self._declared:
                    continue
                self._declared[name, "", of] = self.terms.no(
                    cell.others({each.name for each in policy.facts[name].fields})
                )
                for each in policy.facts[name].fields:
                    if each.name in cell.fields:
                        self._declared[name, each.name, of] = self._fits(cell.fields[each.name], each)
        return list(self._declared.values())

    def _fits(self, value: Value, declared: FactField) -> Bool:
        terms = self.terms
        match declared.kind:
            case "string":
                held = value.is_text
            case "timestamp":
                held = terms.both(value.is_text, self.inputs.clocks.moment(value.text)[0])
            case "integer":
                number = value.number
                held = terms.every((value.is_number, terms.is_whole(number), number >= INT64_MIN, number <= INT64_MAX))
            case "number":
                held = value.is_number
            case "boolean":
                held = value.boolean
            case "list":
                held = value.is_list
            case "object":
                held = value.is_object
            case _:
                held = True
        if declared.values:
            reader = self._readers[0]
            held = terms.both(
                held, terms.some(reader.equal(value, Fixed(terms, word)).true for word in declared.values)
            )
        return terms.some((value.absent, value.null, held))

    def bounds(self) -> tuple[str, ...]:
        """What answers are limited to, in words."""
        return tuple(
            f"`{_shown(at[:-1])}` with up to {most} keys that no rule names"
            if at[-1] == "keys"
            else f"`{_shown(at)}` with up to {most} different items"
            for at, most in sorted(self.inputs.cells.bounded.items())
        )


def _shown(at: Pattern) -> str:
    return path_text(tuple(0 if step == ITEM else step for step in at)).replace("[0]", "[*]")
