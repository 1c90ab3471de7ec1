"""Reads and checks a tool's `input` and `output`: JSON Schema 2020-12 with a closed set of keywords.

JSON Schema ignores a keyword it does not know, so that `requried` demands nothing and says nothing. Here it
is an error, at its place. Keywords that no validator judges (`contentEncoding`) or that reach outside the file
(`$id`, remote `$ref`) are refused too.

Leaves out closing (`schema`), what a `default` may be (`schema_defaults`) and validating calls (`policy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from govern.charter.model import Input
from govern.charter.reader import Reader, meant
from govern.charter.schema import in_place, pointer_target, property_names
from govern.charter.schema_defaults import wrong_defaults, wrong_together
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.errors import AuthorError
from govern.findings import Finding, Location, Severity, closest, did_you_mean
from govern.policy.schema_tree import Schema, below
from govern.policy.schema_tree import pointer as pointer_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SUBSCHEMA = frozenset(
    {"items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not",
     "unevaluatedItems", "unevaluatedProperties"}
)  # fmt: skip
_SUBSCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED_SUBSCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_ASSERTIONS = frozenset(
    {"type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
     "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
     "maxProperties", "minProperties", "required", "dependentRequired", "format", "$ref"}
)  # fmt: skip
_NOTES = frozenset({"$schema", "$comment", "title", "description", "examples", "deprecated", "readOnly", "writeOnly"})
KEYWORDS = _SUBSCHEMA | _SUBSCHEMAS | _NAMED_SUBSCHEMAS | _ASSERTIONS | _NOTES
DEFAULT = "default"  # it judges nothing: it is applied, before anything is judged
_REFUSED = {
    "$id": "references stay inside the schema: use `$defs` and `#/$defs/…`",
    "$anchor": "use `$defs` and `#/$defs/…`",
    "$dynamicRef": "use `$ref` to `#/$defs/…`",
    "$dynamicAnchor": "use `$defs` and `#/$defs/…`",
    "$vocabulary": "the vocabulary is JSON Schema 2020-12's",
    "definitions": "JSON Schema 2020-12 calls it `$defs`",
    "dependencies": "JSON Schema 2020-12 calls it `dependentRequired` or `dependentSchemas`",
    "additionalItems": "JSON Schema 2020-12 says it with `prefixItems` and `items`",
    "nullable": "write `type: [string, \"null\"]`",
    "contentEncoding": "no validator judges it",
    "contentMediaType": "no validator judges it",
    "contentSchema": "no validator judges it",
}  # fmt: skip
FORMATS = frozenset(
    {"date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
     "uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer",
     "regex"}
)  # fmt: skip
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def read_input(reader: Reader, node: Node, key: Scalar) -> Input | None:
    """The schema as plain data with the place of every part; None if anything in it is wrong.

    Args:
        key: `input` or `output`; arguments are an object, a result may be anything.
    """
    if not isinstance(node, Map):
        reader.wrong(node, f"`{key.value}`", "a JSON Schema (a mapping)")
        return None
    before = len(reader.findings)
    if any(finding.location.line for finding in reader.findings if _inside(reader, finding, node)):
        return None  # a part of it could not be read: what is left may mean something else
    check = _Check(reader, str(key.value))
    check.twins(node)
    check.schema(node, "")
    if key.value == "input":
        check.root(node)
    if len(reader.findings) > before or _unread(node):
        return None
    data: dict[str, Any] = reader.data(node)
    check.places = Places(reader, node)
    check.meaning(data)
    if len(reader.findings) > before:
        return None
    return Input(data, reader.at(key), check.places)


def agree(reader: Reader, own: Input, library: Input) -> None:
    """Reports, at the charter's place, defaults that a charter's and its library's `input` do not agree on."""
    for wrong in wrong_together(own.schema, library.schema):
        at = own.places[wrong.at] if wrong.at else own.at
        reader.findings.append(Finding(wrong.rule, Severity.ERROR, wrong.message, at, wrong.hint))


def _inside(reader: Reader, finding: Finding, node: Node) -> bool:
    start, end = reader.source.locate(node.start, node.end), reader.source.position(node.end)
    place = (finding.location.line, finding.location.column)
    return (start.line, start.column) <= place <= end


def _unread(node: Node) -> bool:
    match node:
        case Scalar():
            return node.refused
        case Seq():
            return any(_unread(item) for item in node.items)
        case Map():
            return node.broken or any(_unread(value) for _, value in node.entries)


class Places(Mapping[str, Location]):
    """JSON pointer of every value in a schema to its place; worked out when somebody first asks, which is rarely."""

    def __init__(self, reader: Reader, node: Node) -> None:
        self._reader = reader
        self._node = node
        self._made: dict[str, Location] = {}

    def _places(self) -> dict[str, Location]:
        if not self._made:
            self._place(self._node, "")
        return self._made

    def _place(self, node: Node, pointer: str) -> None:
        self._made[pointer] = self._reader.at(node)
        match node:
            case Seq():
                for index, item in enumerate(node.items):
                    self._place(item, f"{pointer}/{index}")
            case Map():
                for key, item in node.entries:
                    self._place(item, _below(pointer, key.value))
            case Scalar():
                pass

    def __getitem__(self, pointer: str) -> Location:
        return self._places()[pointer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places())

    def __len__(self) -> int:
        return len(self._places())


class _Check:
    def __init__(self, reader: Reader, name: str) -> None:
        self.reader = reader
        self.name = name
        self.places: Mapping[str, Location] = {}

    def schema(self, node: Node, path: str) -> None:
        """Every keyword of a schema and of the schemas below it."""
        if isinstance(node, Scalar):
            if not (isinstance(node.value, bool) or node.refused):
                self.reader.wrong(node, "a schema", "a mapping, `true` or `false`")
            return
        if isinstance(node, Seq):
            self.reader.wrong(node, "a schema", "a mapping, `true` or `false`")
            return
        for key, value in node.entries:
            if self.reader.full:
                return
            word = str(key.value)
            if word == DEFAULT:
                if self.name == "output":
                    hint = "a result is judged as it is; nothing is filled in"
                    self.reader.error("schema-unsupported", key, "`default` is not supported in `output`", hint)
            elif word in _REFUSED:
                self.reader.error(
                    "schema-unsupported", key, f"`{word}` is not supported in `{self.name}`", _REFUSED[word]
                )
            elif word not in KEYWORDS:
                message = f"`{word}` is no keyword of JSON Schema 2020-12: it would demand nothing"
                near = meant(word, KEYWORDS | {DEFAULT}, {str(other.value) for other, _ in node.entries})
                hint = f"did you mean `{near}`?" if near else did_you_mean(word, KEYWORDS)
                self.reader.error("schema-unknown-keyword", key, message, hint)
            elif word in _SUBSCHEMA:
                self.schema(value, f"{path}/{word}")
            elif word in _SUBSCHEMAS and isinstance(value, Seq):
                for item in value.items:
                    self.schema(item, path)
            elif word in _NAMED_SUBSCHEMAS and isinstance(value, Map):
                for name, item in value.entries:
                    self.schema(item, f"{path}/{word}/{name.value}")
                if word == "patternProperties":
                    for name, _ in value.entries:
                        self.pattern(name)
            else:
                self.keyword(word, value)

    def twins(self, node: Node) -> None:
        """Keys that differ only by case: nobody can tell which one a call means, and no canonical form holds both."""
        if isinstance(node, Map):
            seen: dict[str, str] = {}
            for key, value in node.entries:
                word = str(key.value)
                if seen.setdefault(word.casefold(), word) != word:
                    message = f"`{word[:80]}` differs only by case from `{seen[word.casefold()][:80]}`"
                    self.reader.error("schema-invalid", key, message, "give one of them another name")
                self.twins(value)
        elif isinstance(node, Seq):
            for item in node.items:
                self.twins(item)

    def keyword(self, word: str, value: Node) -> None:
        if isinstance(value, Scalar) and value.refused:
            return
        text = value.value if isinstance(value, Scalar) and isinstance(value.value, str) else None
        match word:
            case "pattern" if isinstance(value, Scalar):
                self.pattern(value)
            case "format" if text is not None and text not in FORMATS:
                message = f"`{text}` is no format that is judged: it would demand nothing"
                self.reader.error("schema-unknown-format", value, message, did_you_mean(text, FORMATS))
            case "$ref" if text is not None and not text.startswith("#"):
                hint = "nothing is fetched: copy it under `$defs` and refer to `#/$defs/…`"
                self.reader.error("schema-remote-ref", value, f"`{text[:80]}` lies outside the file", hint)
            case "$ref" if text is not None and "%" in text:
                hint = "write the name as it stands under `$defs`"
                self.reader.error(
                    "schema-invalid", value, f"`{text[:80]}` is written in another way than its name", hint
                )
            case "$schema" if text is not None and text.rstrip("#") != DIALECT:
                self.reader.error("schema-unsupported", value, f"`{text[:80]}` is another dialect", f"`{DIALECT}`")
            case "type":
                for item in value.items if isinstance(value, Seq) else (value,):
                    self.type(item)

    def type(self, node: Node) -> None:
        if isinstance(node, Scalar) and (node.refused or node.value in _TYPES):
            return
        if isinstance(node, Scalar) and node.value is None:
            self.reader.error("schema-invalid", node, "`null` here is a value, not a type", 'quote it: "null"')
            return
        word = str(node.value) if isinstance(node, Scalar) else ""
        near = {"int": "integer", "str": "string", "float": "number", "bool": "boolean", "list": "array"}.get(word)
        hint = f"did you mean `{near}`?" if near else did_you_mean(word, _TYPES)
        self.reader.error("schema-invalid", node, f"{self.reader.show(node)} is no type of JSON Schema", hint)

    def pattern(self, node: Scalar) -> None:
        if not isinstance(node.value, str) or node.refused:
            return
        from govern.conditions.check import pattern_problem  # RE2 costs 20 ms to import
        from govern.policy.pattern import NotTheSame, for_validator
        from govern.policy.schema import check_usable

        problem = pattern_problem(node.value)
        if problem:
            hint = "RE2 has no lookaround and no back-references"
            self.reader.error("schema-pattern", node, f"the pattern is not RE2: {problem}", hint)
            return
        try:
            for_validator(node.value)
            check_usable({"pattern": node.value})
        except NotTheSame as error:
            message = f"{error.part} is not judged as RE2 reads it"
            self.reader.error("schema-pattern", node, message, f"write {error.instead}")
        except AuthorError as error:
            self.reader.error("schema-pattern", node, error.message, "make it smaller")

    def root(self, node: Map) -> None:
        """Arguments are an object."""
        for key, value in node.entries:
            if key.value == "type" and isinstance(value, Scalar) and value.value in _TYPES - {"object"}:
                hint = "write `type: object` and the arguments under `properties`"
                self.reader.error("schema-invalid", value, "a tool's arguments are an object", hint)

    def meaning(self, data: dict[str, Any]) -> None:
        """What the metaschema, references and closing say about the whole."""
        from govern.policy.schema import check_usable, shortened

        before = len(self.reader.findings)
        for error in _metaschema().iter_errors(data):
            pointer = ""
            for part in error.instance_path:
                pointer = _below(pointer, part)
            self.report("schema-invalid", pointer, f"not valid JSON Schema: {shortened(error.message)}")
        if not self.references(data, data, ""):
            return
        self.required(data, data, "")
        if len(self.reader.findings) > before:
            return
        try:
            check_usable(data)
        except AuthorError as error:
            self.report("schema-invalid", "", error.message)
            return
        if self.name == "input":
            for wrong in wrong_defaults(data):
                self.report(wrong.rule, wrong.at, wrong.message, wrong.hint)

    def report(self, rule: str, pointer: str, message: str, hint: str = "") -> None:
        while pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        self.reader.findings.append(Finding(rule, Severity.ERROR, message, self.places[pointer], hint))

    def references(self, schema: Schema, root: dict[str, Any], pointer: str) -> bool:
        """Whether every local reference leads somewhere."""
        good = True
        ref = schema.get("$ref") if isinstance(schema, dict) else None
        if isinstance(ref, str) and pointer_target(root, ref) is None:
            hint = did_you_mean(ref, [f"#/$defs/{name}" for name in root.get("$defs", {})])
            self.report("schema-invalid", f"{pointer}/$ref", f"`{ref}` leads nowhere in this schema", hint)
            good = False
        for steps, sub in below(schema):
            good &= self.references(sub, root, pointer + pointer_of(steps))
        return good

    def required(self, schema: Any, root: dict[str, Any], pointer: str) -> None:
        """A required argument that the closed object does not allow can never be given."""
        if isinstance(schema, dict) and "properties" in schema and not in_place(schema) and "$ref" not in schema:
            names = property_names(schema, root)
            wanted = schema.get("required")
            for index, name in enumerate(wanted if names is not None and isinstance(wanted, list) else ()):
                if names is not None and isinstance(name, str) and name not in names:
                    message = f"`{name}` is required and not among the properties of this closed object"
                    near = closest(name, names)
                    hint = f"did you mean `{near}`?" if near else "add it to `properties`"
                    self.report("schema-required-unknown", f"{pointer}/required/{index}", message, hint)
        if isinstance(schema, dict):
            for word, value in schema.items():
                if word in _NAMED_SUBSCHEMAS and isinstance(value, dict):
                    for name, item in value.items():
                        self.required(item, root, _below(f"{pointer}/{word}", name))
                elif word in ("items", "additionalProperties", "prefixItems"):
                    for part, item in [("", value)] if isinstance(value, dict) else _numbered(value):
                        self.required(item, root, f"{pointer}/{word}{part}")


@cache
def _metaschema() -> Any:
    import jsonschema_rs  # 9 ms: only for a charter that has an `input`

    return jsonschema_rs.Draft202012Validator({"$ref": DIALECT})


def _below(pointer: str, part: object) -> str:
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def _numbered(value: Any) -> list[tuple[str, Any]]:
    return [(f"/{index}", item) for index, item in enumerate(value)] if isinstance(value, list) else []
