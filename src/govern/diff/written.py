"""Where a composed charter writes a key, and how: text and place for every section that differs.

Works on the YAML trees of the charter's own file and of the files it is composed with. Leaves out what a value means.
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.diff.model import Side
from govern.findings import Location


class Written:
    """The texts of one charter.

    Args:
        charter: loaded; its parts hold their texts.
    """

    def __init__(self, charter: Charter) -> None:
        self.charter = charter
        self._trees: dict[str, tuple[Source, dict[tuple[int, int], Map]]] = {}

    def key(self, at: Location, key: str, shown: str) -> Side:
        """A key of the mapping that something stands in.

        Args:
            at: of the thing: its key, or a value in its own mapping (the id of a rule).
            key: by its name; `a.b` is a key of a mapping below.
            shown: the value in words, where the file does not write it (a default, a library's).
        """
        found = self._below(at, key)
        if found is None:
            return Side(shown, at)
        source, name, value = found
        return Side(_flow(source, value), source.locate(name.start, value.end))

    def whole(self, at: Location, shown: str) -> Side:
        """All of a thing: the mapping that its place leads to."""
        source, maps = self._file(at.file)
        node = maps.get((at.line, at.column))
        return Side(_flow(source, node) if node is not None else shown, at)

    def top(self, key: str, shown: str) -> Side:
        """A key of the file itself; the file where it is not written."""
        source, maps = self._file(self.charter.source.file)
        root = maps.get((0, 0))
        for name, value in root.entries if root is not None else ():
            if name.value == key:
                return Side(_flow(source, value), source.locate(name.start, value.end))
        return Side(shown, Location(source.file))

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Every file, by the path from the charter's folder; its own is the empty path."""
        yield "", self.charter.source
        for part in self.charter.parts:
            yield part.path, self._part(part.path)

    def _below(self, at: Location, key: str) -> tuple[Source, Scalar, Node] | None:
        source, maps = self._file(at.file)
        node: Node | None = maps.get((at.line, at.column))
        name: Scalar | None = None
        for step in key.split("."):
            entries = node.entries if isinstance(node, Map) else ()
            name, node = next(((name, value) for name, value in entries if name.value == step), (None, None))
            if node is None:
                return None
        return (source, name, node) if name is not None and node is not None else None

    def _part(self, path: str) -> Source:
        part = next(each for each in self.charter.parts if each.path == path)
        return Source.of(part.text, self._names().get(path, path))

    def _names(self) -> dict[str, str]:
        """The names that findings show of the parts, by path: places in the charter tell them."""
        found: dict[str, str] = {}
        files = {at.file for at in _places(self.charter)} - {self.charter.source.file}
        for part in self.charter.parts:
            plain = part.path.removeprefix("../").rpartition("../")[2]
            named = [file for file in files if file.replace("\\", "/").endswith(plain)]
            if named:
                found[part.path] = min(named, key=len)
        return found

    def _file(self, name: str) -> tuple[Source, dict[tuple[int, int], Map]]:
        if name not in self._trees:
            sources = {source.file: source for _, source in self.sources()}
            source = sources.get(name, Source.of("", name))
            maps: dict[tuple[int, int], Map] = {}
            tree = parse(source)[0] if source.text else None
            if isinstance(tree, Map):
                maps[0, 0] = tree
                _index(source, tree, maps)
            self._trees[name] = source, maps
        return self._trees[name]


def _places(charter: Charter) -> Iterator[Location]:
    """Enough places to know every file by its name."""
    yield from (gate.at for gate in charter.gates.values())
    yield from (fact.at for fact in charter.facts.values())
    yield from (rule.at for rule in charter.every_rule)
    yield from (limit.at for limit in charter.limits)
    yield from (never.at for never in charter.never)
    yield from (each.at for each in charter.escalation)
    yield from (role.at for role in charter.roles)
    yield from (tool.described.at for tool in charter.tools.values() if tool.described is not None)
    if charter.untrusted is not None:
        yield from (each.at for each in charter.untrusted.after_reading)
    if charter.shadow is not None:
        yield charter.shadow.at


def _index(source: Source, node: Node, maps: dict[tuple[int, int], Map]) -> None:
    """Every mapping by the place of the key it stands under, of itself, and of each scalar directly in it."""
    match node:
        case Map():
            maps.setdefault(source.position(node.start), node)
            for name, value in node.entries:
                if isinstance(value, Map):
                    maps[source.position(name.start)] = value
                else:
                    maps.setdefault(source.position(name.start), node)
                if isinstance(value, Scalar):
                    maps.setdefault(source.position(value.start), node)
                _index(source, value, maps)
        case Seq():
            for item in node.items:
                _index(source, item, maps)
        case Scalar():
            pass


def _flow(source: Source, node: Node) -> str:
    """A value on one line, as a charter would write it."""
    match node:
        case Scalar():
            return " ".join(source.text[node.start : node.end].split())
        case Seq():
            return f"[{', '.join(_flow(source, item) for item in node.items)}]"
        case Map():
            return f"{{{', '.join(f'{name.value}: {_flow(source, value)}' for name, value in node.entries)}}}"
