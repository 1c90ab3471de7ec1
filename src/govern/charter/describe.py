"""A tool of a charter that takes a library's entry: what each says, joined by the stricter.

A charter may say more than the library, never less: a lower tier, or `external: false` against the library's
`true`, is an error that names both places. Schemas are joined: a call must satisfy both.
"""

from __future__ import annotations

from dataclasses import replace

from govern.charter.input_schema import agree
from govern.charter.model import Input, Rule, Tier, Tool, Word
from govern.charter.reader import Fields, Reader

_ORDER = list(Tier)


def describe(reader: Reader, tool: Tool, entry: Tool, fields: Fields) -> Tool:
    """The tool with what its library's entry adds.

    Args:
        tool: as the charter says it.
        entry: as the library says it; `described` is set.
        fields: the charter's own keys, where errors are reported.
    """
    library = entry.described.library if entry.described else ""
    there = f"the library `{library}` says so: {entry.tier_at}"
    if "tier" in fields and _ORDER.index(tool.tier) < _ORDER.index(entry.tier):
        message = f"`{tool.tier}` is looser than the `{entry.tier}` of the library `{library}`"
        reader.error("loosens-library", fields["tier"], message, f"leave `tier` out; {there}")
    if "external" in fields and not tool.external and entry.external:
        message = f"`{tool.name}` is external by the library `{library}`"
        reader.error("loosens-library", fields["external"], message, f"leave `external` out; {there}")
    if tool.input is not None and entry.input is not None:
        agree(reader, tool.input, entry.input)
    return replace(
        tool,
        tier=max(tool.tier, entry.tier, key=_ORDER.index),
        external=tool.external or entry.external,
        input=_both(tool.input, entry.input),
        output=_both(tool.output, entry.output),
        sensitive=_union(tool.sensitive, entry.sensitive),
        secret=_union(tool.secret, entry.secret),
        rules=(*tool.rules, *(_named(rule, library, tool) for rule in entry.rules)),
        described=entry.described,
    )


def _both(own: Input | None, library: Input | None) -> Input | None:
    if own is None or library is None:
        return own or library
    return replace(own, also=library)


def _named(rule: Rule, library: str, tool: Tool) -> Rule:
    """A library's rule as the charter has it: about the tool by the charter's name, its id behind the library's."""
    word = Word(tool.name, rule.tools[0].at)
    return replace(rule, id=Word(f"{library}/{rule.id.name}", rule.id.at), tools=(word,))


def _union(own: tuple[Word, ...], library: tuple[Word, ...]) -> tuple[Word, ...]:
    names = {word.name for word in own}
    return (*own, *(word for word in library if word.name not in names))
