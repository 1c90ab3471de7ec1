"""Loads a charter: bytes to text, text to tree, tree to model, all errors of the file in one run.

A file with any error gives no charter: nothing is ever judged with a part of what somebody meant. Leaves out
advice (`lint`), which needs a charter that loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from govern.charter import references, vocabulary
from govern.charter.gates import read_gates
from govern.charter.model import LANGUAGE_VERSION, Charter, Gate, Tool, Word
from govern.charter.reader import Fields, Reader
from govern.charter.references import Parts
from govern.charter.rules import read_never, read_rules
from govern.charter.source import MAX_BYTES, Source, decode, read
from govern.charter.tools import read_tools
from govern.charter.yaml_tree import Map, Node, Scalar, parse
from govern.errors import AuthorError
from govern.findings import Finding, Location, Severity

# What keeps a file from being read at all: nobody can say whether it is right.
UNREAD = frozenset({"file-unreadable", "file-too-large", "file-encoding", "file-empty", "control-character"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file gave.

    Args:
        charter: None if there is any finding; loading finds errors only.
        findings: in the order of the file.
        source: the text, None if it could not be read.
    """

    charter: Charter | None
    findings: tuple[Finding, ...]
    source: Source | None

    @property
    def read(self) -> bool:
        """Whether the file could be read as text at all."""
        return not any(finding.rule in UNREAD for finding in self.findings)


def load(path: str | Path) -> Loaded:
    """Loads a charter file.

    Args:
        path: a file; `-` is standard input.
    """
    data = read(path)
    if isinstance(data, Finding):
        return Loaded(None, (data,), None)
    name = "standard input" if str(path) == "-" else str(path)
    return load_bytes(data, name)


def load_text(text: str, file: str = "charter.yaml") -> Loaded:
    """Loads a charter from its text.

    Args:
        file: the name that findings show.
    """
    return load_bytes(text.encode("utf-8", "surrogatepass"), file)


def load_bytes(data: bytes, file: str) -> Loaded:
    """Loads a charter from its bytes; more than MAX_BYTES are refused."""
    source, findings = decode(data[: MAX_BYTES + 1], file)
    if source is None:
        return Loaded(None, findings, None)
    if any(finding.rule == "control-character" for finding in findings):
        return Loaded(None, _ordered(findings), source)  # the YAML parser would stop there anyway
    node, refused = parse(source)
    findings += refused
    if node is None:
        if not findings:
            message = "the file has comments only"
            findings = (Finding("file-empty", Severity.ERROR, message, Location(file)),)
        return Loaded(None, _ordered(findings), source)
    reader = Reader(source)
    charter = _charter(reader, node)
    findings = _ordered((*findings, *reader.findings))
    return Loaded(None if findings else charter, findings, source)


def load_or_raise(path: str | Path) -> Charter:
    """Loads a charter for judging with it.

    Raises:
        AuthorError: the file is no charter; the message lists everything wrong with it.
    """
    return charter_or_raise(load(path), str(path))


def charter_or_raise(loaded: Loaded, name: str) -> Charter:
    """The charter of what was loaded.

    Raises:
        AuthorError: there is none; the message lists everything wrong.
    """
    if loaded.charter is not None:
        return loaded.charter
    count = len(loaded.findings)
    lines = [
        f"  {finding.location}: {finding.message} [{finding.rule}]" + (f"; {finding.hint}" if finding.hint else "")
        for finding in loaded.findings
    ]
    message = f"nothing is judged with it: {count} error{'s' * (count != 1)}\n" + "\n".join(lines)
    raise AuthorError(message, where=name, hint="`govern lint` shows each at its line")


def _ordered(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda finding: finding.sort_key))


def _charter(reader: Reader, node: Node) -> Charter | None:
    if not isinstance(node, Map):
        reader.wrong(node, "a charter", "a mapping that begins with `govern: 1`")
        return None
    if _other_language(reader, node):
        return None
    fields = reader.fields(node, vocabulary.CHARTER)
    if fields is None:
        return None
    agent = _agent(reader, fields)
    version = reader.integer(fields["version"], "`version`", 1) if "version" in fields else None
    purpose = reader.text(fields["purpose"], "`purpose`") if "purpose" in fields else None
    owner = reader.name(fields["owner"], "`owner`", "role") if "owner" in fields else None
    roles = reader.names(fields["roles"], "`roles`", "a role") if "roles" in fields else ()
    gates: dict[str, Gate | None] = read_gates(reader, fields["approvals"]) if "approvals" in fields else {}
    tools: dict[str, Tool | None] = read_tools(reader, fields["tools"]) if "tools" in fields else {}
    rules = read_rules(reader, fields["rules"]) if "rules" in fields else ()
    never = read_never(reader, fields["never"]) if "never" in fields else ()
    whole = not (isinstance(node, Map) and any(_misspelt_section(key) for key, _ in node.entries))
    reader.findings.extend(
        references.check(
            Parts(reader.named, roles, gates, tools, rules),
            roles_known=bool(roles),
            gates_known=whole and ("approvals" not in fields or isinstance(fields["approvals"], Map)),
            tools_known=bool(tools),
        )
    )
    if agent is None or version is None or purpose is None or owner is None:
        return None
    if any(gate is None for gate in gates.values()) or any(tool is None for tool in tools.values()):
        return None
    return Charter(
        source=reader.source,
        agent=agent.name,
        agent_at=agent.at,
        version=version,
        purpose=purpose,
        owner=owner,
        roles=roles,
        gates={name: gate for name, gate in gates.items() if gate},
        tools={name: tool for name, tool in tools.items() if tool},
        rules=rules,
        never=never,
    )


def _misspelt_section(key: Scalar) -> bool:
    return key.value not in vocabulary.CHARTER.known and key.value not in vocabulary.CHARTER.planned


def _other_language(reader: Reader, node: Map) -> bool:
    """Whether the file says another language version: then no key of it can be judged."""
    for key, value in node.entries:
        if key.value == "govern" and isinstance(value, Scalar) and type(value.value) is int:
            if value.value != LANGUAGE_VERSION:
                message = f"version {value.value} of the language is not known here"
                reader.error("unsupported-language", value, message, f"this program reads `govern: {LANGUAGE_VERSION}`")
                return True
            return False
        if key.value == "govern":
            reader.wrong(value, "`govern`", f"the language version, `{LANGUAGE_VERSION}`")
            return False
    return False


def _agent(reader: Reader, fields: Fields) -> Word | None:
    if "agent" not in fields:
        return None
    node = fields["agent"]
    text = reader.text(node, "`agent`")
    if text is None:
        return None
    if not vocabulary.AGENT.fullmatch(text):
        reader.error("invalid-name", node, f"`agent` is {reader.show(node)}", vocabulary.AGENT_WORDS)
        return None
    return Word(text, reader.at(node))
