"""The draft as text: a charter, or a library, that loads, with the reason for every guess beside it.

Irreversible tools stand first: they are what a reviewer must read. Within a tier the order is the list's. What a
person must decide is marked `# decide:` where it stands, and listed at the end. Words of the list stand in comments
only, between double quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import wrap

from govern.charter.load import load_text
from govern.charter.source import MAX_BYTES
from govern.draft import stanza, tiers
from govern.draft.formats import name_problem
from govern.draft.listing import LeftOut, Listed, Listing
from govern.draft.prose import one_line, quoted, shown
from govern.draft.schema import CannotKeep, Kept, count, keep
from govern.draft.stanza import Stanza, above, commented
from govern.draft.tiers import Guess
from govern.draft.yaml_text import WIDTH, entry, scalar
from govern.errors import EvidenceError
from govern.policy.terms import Tier

OWNER = "owner"
APPROVER = "approver"
# Input schemas of one draft, so that the whole stays loadable: the loader reads 1 MiB and 100,000 values.
_INPUT_CHARACTERS = 700_000
_INPUT_VALUES = 70_000
_HEADINGS = {
    Tier.IRREVERSIBLE: ("Irreversible", "somebody is asked first"),
    Tier.REVERSIBLE: ("Reversible", "nobody is asked"),
    Tier.READ_ONLY: ("Read-only", "nobody is asked"),
}
_PLAIN = re.compile(r"`?[A-Za-z0-9_./-]+(?: [A-Za-z0-9_./-]+)*`?")
_DIRECTIVE = re.compile(r"^(#\s*)(?=govern\b)", re.IGNORECASE)  # none begins where a line is broken
_MANY = 12  # names listed at the end, of each kind


@dataclass(frozen=True, slots=True)
class Head:
    """What the command line says of the draft.

    Args:
        agent: its name, None for a placeholder.
        owner: a role, None for a placeholder.
        server: the tools become `server/name`; of a library, its `server`.
        library: the library's name; None drafts a charter.
    """

    agent: str | None = None
    owner: str | None = None
    server: str | None = None
    library: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One drafted tool.

    Args:
        name: its key in the draft.
        tool: as listed.
        guess: its tier and why.
        kept: its input schema, None where there is none in the draft.
        no_input: why the list's schema is not in the draft; empty where it is, or the list has none.
    """

    name: str
    tool: Listed
    guess: Guess
    kept: Kept | None
    no_input: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What was made of the lists.

    Args:
        text: the file.
        rows: in its order.
        left_out: tools, and whole files, that are not in it.
    """

    text: str
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def whole(self) -> bool:
        """Whether everything that the lists say is in the draft."""
        return not self.left_out and not any(row.no_input for row in self.rows)

    def of_tier(self, tier: Tier) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.guess.tier is tier)


def draft(listing: Listing, head: Head) -> Draft:
    """The draft of a list of tools; the same list gives the same text.

    Raises:
        EvidenceError: no tool is left, or they are more than one file may hold.
    """
    rows: list[Row] = []
    left_out = list(listing.left_out)
    characters, values = _INPUT_CHARACTERS, _INPUT_VALUES
    for tool in listing.tools:
        name = f"{head.server}/{tool.name}" if head.server and not head.library else tool.name
        if problem := name_problem(name):
            left_out.append(LeftOut(tool.where, shown(name), problem))
            continue
        kept, why = _input(tool)
        if kept:
            characters -= sum(map(len, entry("input", kept.schema, 4)))
            values -= count(kept.schema)
            if characters < 0 or values < 0:
                kept, why = None, "the draft would be larger than a charter may be"
        rows.append(Row(name, tool, tiers.guess(tool), kept, why))
    if not rows:
        first = f": {left_out[0].what}, {left_out[0].reason}" if left_out else ""
        raise EvidenceError(f"no tool can be drafted{first}", where=", ".join(listing.sources[:3]))
    ordered = tuple(row for tier in _HEADINGS for row in rows if row.guess.tier is tier)
    made = Draft("", ordered, tuple(left_out))
    text = "\n".join(_lines(made, listing, head)) + "\n"
    if len(text.encode()) > MAX_BYTES:
        hint = "draft one server at a time"
        raise EvidenceError(f"a draft of {len(text.encode()):,} bytes, at most {MAX_BYTES:,} are loaded", hint=hint)
    if findings := load_text(text, "draft").findings:
        raise RuntimeError(f"the draft does not load: {findings[0].location}: {findings[0].message}")
    return Draft(text, ordered, made.left_out)


def _input(tool: Listed) -> tuple[Kept | None, str]:
    """The schema if the loader takes it and reads it back as the same, else why not."""
    if tool.schema is None:
        return None, tool.no_schema
    if tool.schema == {}:
        return None, ""  # says nothing: as good as none
    try:
        kept = keep(tool.schema, tool.dialect)
        refused = _refused(kept, tool.name)
        if refused:  # a default that its own schema does not allow is no reason to lose the schema
            kept = keep(tool.schema, tool.dialect, defaults=False)
            refused = _refused(kept, tool.name)
    except CannotKeep as error:
        return None, one_line(error.reason, 200)
    return (None, refused) if refused else (kept, "")


def _refused(kept: Kept, name: str) -> str:
    """Why the loader does not take a schema; empty where it does."""
    tried = load_text("\n".join([*_PROBE, *entry("input", kept.schema, 4)]) + "\n", "input")
    if tried.findings:
        return one_line(tried.findings[0].message, 200)
    read = tried.charter.tools["probe"].input if tried.charter else None
    if read is None or read.schema != kept.schema:  # what is written must be what was meant
        raise RuntimeError(f"the schema of {shown(name)} does not read back as it was written")
    return ""


_PROBE = (
    "govern: 1", "agent: draft", "version: 1", "purpose: Holds one input schema.", "owner: nobody", "roles: [nobody]",
    "tools:", "  probe:", "    tier: reversible",
)  # fmt: skip


def _lines(made: Draft, listing: Listing, head: Head) -> list[str]:
    sources = ", ".join(one_line(source, 60) for source in listing.sources[:3])
    more = f" and {len(listing.sources) - 3:,} more" if len(listing.sources) > 3 else ""
    about = (
        f"A draft by `govern init`, of {sources}{more}. Every tier is a guess, its reason behind it. Text in double "
        "quotes is the list's own. What people must decide is marked `decide:`; the end of the file lists it."
    )
    lines = _wrapped(about, "# ", "# ")
    lines += _library_head(head) if head.library else _charter_head(made, head)
    lines += ["", "tools:"]
    for tier, (name, words) in _HEADINGS.items():
        if rows := made.of_tier(tier):
            asked = "" if head.library else f": {words}"
            lines += [f"  # {name}, {len(rows):,} of {len(made.rows):,}{asked}.", ""]
            for row in rows:
                lines += [*_tool(row, library=bool(head.library)), ""]
    if not head.library:
        lines += [*_charter_end(head), ""]
    return [*lines, *_left(made, head)]


def _charter_head(made: Draft, head: Head) -> list[str]:
    owner = scalar(head.owner or OWNER)
    gate = bool(made.of_tier(Tier.IRREVERSIBLE))
    roles = list(dict.fromkeys([owner, APPROVER] if gate else [owner]))
    lines = [
        "govern: 1",
        commented(
            f"agent: {scalar(head.agent or 'new-agent')}", "" if head.agent else "decide: its name, as logs write it"
        ),
        "version: 1",
        *above("purpose: Is drafted and waits for a person to say what it is for.", "decide: what it is for", 0),
        commented(f"owner: {owner}", "" if head.owner else "decide: the role that answers for this agent"),
        commented(f"roles: [{', '.join(roles)}]", "decide: your roles" if gate or not head.owner else ""),
    ]
    if gate:
        lines += [
            "approvals:",
            "  # decide: who may approve, and what silence means after which time.",
            f"  {APPROVER}: {{roles: [{APPROVER}], if_no_answer: [{{after: 4h, then: deny}}]}}",
        ]
    return lines


def _charter_end(head: Head) -> list[str]:
    """What every charter needs and only makes it stricter: who hears of unmapped tools, and days of shadow."""
    owner = scalar(head.owner or OWNER)
    return [
        "escalation:",
        *above(f"- {{event: unmapped, to: {owner}}}", "decide: who hears of a tool that is not here", 2),
        *above(f"shadow: {{business_days: 5, reviewer: {owner}}}", "decide: how long, and who reviews", 0),
    ]


def _library_head(head: Head) -> list[str]:
    lines = ["govern: 1", f"library: {head.library}", "version: 1"]
    lines += above("purpose: Describes the tools of a server.", "decide: which server, and which version of it", 0)
    return [*lines, f"server: {head.server}"] if head.server else lines


def _tool(row: Row, *, library: bool) -> list[str]:
    guess = row.guess
    notes = [quoted(row.tool.description)] if quoted(row.tool.description) else []
    notes += row.tool.notes
    if guess.doubt:
        notes.append(f"decide: its tier; {guess.doubt}")
    if row.no_input:
        notes.append(f"decide: its input; the list's is left out: {row.no_input}")
    elif row.kept is None:
        notes.append(f"decide: its input; {row.tool.silent}")
    if row.kept and row.kept.open_at:
        notes.append(f"decide: which keys {_names(row.kept.open_at, 6)} may have; the list allows any")
    if row.kept and row.kept.ignored:
        notes.append(f"not in the language and demanding nothing: {_names(row.kept.ignored, 6)}")
    asked = guess.tier is Tier.IRREVERSIBLE and not library
    return stanza.lines(
        Stanza(
            row.name, guess.tier, guess.why, guess.external, APPROVER if asked else None,
            secret=row.tool.secret if row.kept else (), input=row.kept.schema if row.kept else None, notes=tuple(notes),
        )
    )  # fmt: skip


def _left(made: Draft, head: Head) -> list[str]:
    """What is left to decide, at the end."""
    doubtful = [row.name for row in made.rows if row.guess.doubt]
    asked = [row.name for row in made.of_tier(Tier.IRREVERSIBLE)]
    without = [row.name for row in made.rows if row.kept is None]
    left: list[str] = []
    if head.library:
        left.append("the purpose: which server this describes, and which version of it.")
    else:
        names = [name for name, given in (("agent", head.agent), ("owner", head.owner)) if not given]
        left.append(f"{_names([*names, 'purpose', 'roles'])}: written here as placeholders.")
        left.append("identity and scenarios: whose account it works with, and what is meant where words are unclear.")
    left.append("every tier: a name cannot say what a call does.")
    if doubtful:
        left.append(f"{_count(doubtful, 'tool')} about which nothing is sure: {_names(doubtful)}.")
    if asked and not head.library:
        left.append(f"{_count(asked, 'tool')} that ask `{APPROVER}`: who that is, and where nobody need be asked.")
    if without:
        left.append(f"{_count(without, 'tool')} without `input`: {_names(without)}.")
    if opened := [row.name for row in made.rows if row.kept and row.kept.open_at]:
        left.append(f"{_count(opened, 'tool')} with an argument that may have any keys: {_names(opened)}.")
    if made.left_out:
        left.append(f"what is not in this file: {_names([_lost(one) for one in made.left_out], 6)}.")
    lines = ["# Left to decide:"]
    for number, text in enumerate(left, 1):
        lines += _wrapped(one_line(text, 1200), f"#   {number}. ", "#      ")
    return lines


def _lost(one: LeftOut) -> str:
    """What is left out, in words that cannot be taken for anything else wherever a line is broken."""
    return f"{one.what if _PLAIN.fullmatch(one.what) else 'a name that is none'} ({one.reason})"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    lines = wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [_DIRECTIVE.sub(r"\1… ", line) for line in lines]


def _names(names: list[str] | tuple[str, ...], most: int = _MANY) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _count(names: list[str], what: str) -> str:
    return f"{len(names):,} {what}{'s' * (len(names) != 1)}"
