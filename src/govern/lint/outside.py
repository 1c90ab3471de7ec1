"""What a tool's name and arguments tell of the content it brings in, and of how much harm it can do.

Guesses from general English words, for findings only. Leaves out what a tool does to the world: its tier says
that, and `policy.verbs` guesses it.
"""

from __future__ import annotations

from collections.abc import Iterable

from govern.charter.model import Charter, Tier, Tool
from govern.policy.verbs import words


def word_set(text: str) -> frozenset[str]:
    """Words of a text, as vocabularies here are written."""
    return frozenset(text.split())


# Written by anybody, whoever reads it; of the web that is so whatever of it is read.
_WEB = word_set("browser feed homepage internet rss url web webpage website")
_ANYBODYS = _WEB | word_set("attachment comment discussion gist issue post review thread tweet")
_MAIL = word_set("email emails inbox mail mailbox mails sms voicemail")
_READS = word_set("browse check fetch find get list open query read receive retrieve search show view")
# What may stand between the verb and the mail: `get_unread_emails`, but not `get_user_email`, which is an address.
_WHICH = word_set("all archived incoming last latest my new received recent the unread")
_UNTIL = word_set("about at by for from in of on to via with")
# The record itself, not something of it.
_SAME = word_set("data detail details entries entry full info information list record records")
# Words that mean one thing together.
_TWO = {("pull", "request"), ("merge", "request")}
_ALONE = word_set("browse crawl scrape")
_ADDRESS = frozenset({"url", "urls", "uri", "link", "href"})


def own_name(tool: str) -> str:
    """A tool's name without its server's."""
    return tool.rpartition("/")[2]


def thing_read(tool: str) -> str:
    """What a reading tool's name says it reads, in the singular.

    `get_order_details`, `list_orders_by_day` and `order_read` read `order`, `get_pull_request` reads `pull request`.
    """
    said = words(own_name(tool))
    if len(said) > 1 and said[-1] in _READS and said[0] not in _READS:
        said = [said[-1], *said[:-1]]
    upto = next((at for at, word in enumerate(said) if word in _UNTIL and at > 1), len(said))
    nouns = [word for word in said[1:upto] if word not in _SAME]
    if len(nouns) > 1 and (nouns[-2], singular(nouns[-1])) in _TWO:
        return f"{nouns[-2]} {singular(nouns[-1])}"
    return singular(nouns[-1]) if nouns else ""


def singular(word: str) -> str:
    """An English noun without its plural's ending."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word if word.endswith("ss") else word.removesuffix("s")


def brings_outside(tool: Tool) -> str | None:
    """Why the output of a tool is probably written by people outside, in a few words; None if nothing says so."""
    said = words(own_name(tool.name))
    verb, rest = (said[0], said[1:]) if said else ("", [])
    if tool.tier is Tier.READ_ONLY and tool.external:
        return "it reads outside the organisation"
    if verb in _ALONE or (verb == "fetch" and not rest):
        return f"its name says `{verb}`"
    if said and (verb in _READS or said[-1] in _READS):
        thing = thing_read(tool.name)
        first = next((word for word in rest if word not in _WHICH), "")
        if thing in _ANYBODYS or " " in thing:
            return f"its name says `{thing}`"
        if first in _MAIL or singular(first) in _WEB:
            return f"its name says `{first}`"
    if tool.tier is Tier.READ_ONLY and (address := _address(tool)):
        return f"it takes `{address}`"
    return None


def _address(tool: Tool) -> str | None:
    properties = tool.input.schema.get("properties", {}) if tool.input is not None else {}
    return next((name for name in properties if name.lower() in _ADDRESS), None)


def riskiest(charter: Charter, most: int = 3) -> tuple[Tool, ...]:
    """The tools that can do most harm: what cannot be undone and leaves the organisation first, reading never.

    Of the same kind, those come first that may run without anybody's approval, then the file's order.
    """
    acting = [tool for tool in charter.tools.values() if tool.tier is not Tier.READ_ONLY]
    return tuple(sorted(acting, key=_risk)[:most])


def _risk(tool: Tool) -> tuple[bool, bool, bool]:
    asked = tool.approval is not None and tool.approval.unless is None
    return (tool.tier is not Tier.IRREVERSIBLE, not tool.external, asked)


def readers_of_outside(charter: Charter) -> Iterable[tuple[Tool, str]]:
    """The tools that bring in what people outside wrote, with the reason."""
    for tool in charter.tools.values():
        if (why := brings_outside(tool)) is not None:
            yield tool, why
