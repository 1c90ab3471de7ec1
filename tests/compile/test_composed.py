"""Bundles of composed charters: bases, libraries, lock, minimums are in them, and none can be changed or left out.

The forger of these tests computes every digest again. What a bundle cannot tell, without a signature, is a charter
that somebody wrote anew: a bundle whose lock was dropped is the bundle of the charter without its lock.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.charter.deployment import deployment_or_raise, minimums
from govern.charter.load import charter_or_raise, load
from govern.compile.bundle import Bundle, as_written, build
from govern.compile.lower import lower
from govern.compile.reading import read
from govern.compile.sources import one_policy, policies
from govern.errors import AuthorError
from govern.events.canonical import text_of
from govern.policy.document import to_document

from .making import ROOT, resealed

COMPOSED = ("code-review/reviewer.yaml", "desk/assistant.yaml")
each_charter = pytest.mark.parametrize("name", COMPOSED)
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the charters, to be changed."""
    return Path(shutil.copytree(ROOT / "charters", tmp_path / "charters"))


def compiled(path: str | Path, deployment: str | Path | None = None) -> Bundle:
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    least = minimums(path, deployed)
    charter = charter_or_raise(load(path, least), str(path))
    return build(lower(charter), as_written(charter, least, deployed.digest if deployed else None))


def forged(made: Bundle, change: Change) -> bytes:
    """The bundle with its charter member changed."""
    document = json.loads(made.text)
    change(document["charter"])
    assert json.loads(made.text)["charter"] != document["charter"]
    return resealed(document)


def refused(folder: Path, raw: bytes) -> str:
    path = folder / "forged.bundle"
    path.write_bytes(raw)
    with pytest.raises(AuthorError) as caught:
        read(path)
    assert str(path) == caught.value.where
    return caught.value.message


# --- as it was made -----------------------------------------------------------------------------------------


@each_charter
def test_a_composed_charter_is_read_as_it_was_made(name: str, tmp_path: Path) -> None:
    """Alone in another folder: no base, library or lock stands beside it."""
    made = compiled(ROOT / "charters" / name)
    out = tmp_path / "a.bundle"
    out.write_bytes(made.text.encode())
    again = read(out)
    assert (made, made.policy, made.digest) == (again, again.policy, again.digest)
    assert lower(charter_or_raise(load(ROOT / "charters" / name), name)).digest == again.policy.digest
    assert resealed(json.loads(made.text)) == made.text.encode()


@each_charter
def test_every_file_is_in_it(name: str) -> None:
    """As written, by its path from the charter's folder, with the charter's own pins."""
    path = ROOT / "charters" / name
    held = compiled(path).charter
    assert len(held.parts) >= 6
    for part, text in held.parts.items():
        assert (path.parent / part).read_text("utf-8") == text
    assert held.lock is not None
    whole = json.loads((path.parent / "govern.lock").read_text("utf-8"))
    assert whole["charters"][path.name] == json.loads(held.lock)["charters"][path.name]
    assert ((), None) == (held.minimums, held.deployment)


@each_charter
def test_where_it_is_compiled_from_does_not_matter(name: str, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another current folder, an absolute path, a detour, a linked folder, with a deployment or without."""
    (shipped.parent / "link").symlink_to(shipped)
    deployment = shipped / "base" / "deployment.example.yaml"
    for deployed in (None, deployment):
        found = {compiled(shipped / name, deployed).text}
        for folder, spelt in (
            (shipped, name),
            (shipped, f"./library/../{name}"),
            (shipped / "base", f"../{name}"),
            (shipped.parent, f"link/{name}"),
            ((shipped / name).parent, Path(name).name),
        ):
            monkeypatch.chdir(folder)
            found.add(compiled(spelt, deployed).text)
            found.add(compiled(spelt, deployed and os.path.relpath(deployed)).text)
        assert 1 == len(found)
        assert str(shipped.parent) not in found.pop()


# --- forged -------------------------------------------------------------------------------------------------


def parts_of(charter: dict[str, Any]) -> list[str]:
    return sorted(charter["parts"])


@each_charter
def test_a_changed_text_is_refused(name: str, tmp_path: Path) -> None:
    """A byte of any part, anywhere, a comment too: the lock pins it. Without its lock, only what means the same."""
    made, draw = compiled(ROOT / "charters" / name), random.Random(name)
    for part in made.charter.parts:
        text = made.charter.parts[part]
        for place in draw.sample(range(len(text)), 6):
            other = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
            assert refused(tmp_path, forged(made, lambda c, part=part, other=other: c["parts"].update({part: other})))
        assert refused(
            tmp_path, forged(made, lambda c, part=part, text=text: c["parts"].update({part: text + "# a\n"}))
        )


def loosen(charter: dict[str, Any]) -> None:
    charter["lock"] = None
    base = "../base/dev.yaml"
    charter["parts"][base] = (
        charter["parts"][base].replace("irreversible", "reversible").replace("deny", "{approval: x}")
    )


def drop(charter: dict[str, Any]) -> None:
    charter["lock"] = None
    charter["parts"].pop(parts_of(charter)[0])


def add(charter: dict[str, Any]) -> None:
    charter["lock"] = None
    charter["parts"]["../base/more.yaml"] = charter["parts"]["../base/dev.yaml"]


def move(charter: dict[str, Any]) -> None:
    charter["lock"] = None
    charter["parts"]["../base/./dev.yaml"] = charter["parts"].pop("../base/dev.yaml")


def swap(charter: dict[str, Any]) -> None:
    charter["lock"] = None
    one, two = parts_of(charter)[:2]
    charter["parts"][one], charter["parts"][two] = charter["parts"][two], charter["parts"][one]


def locked(change: Change) -> Change:
    """A change of the document that the lock is."""

    def made(charter: dict[str, Any]) -> None:
        lock = json.loads(charter["lock"])
        change(lock)
        charter["lock"] = json.dumps(lock, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    return made


def pins(lock: dict[str, Any]) -> dict[str, Any]:
    ((_, found),) = lock["charters"].items()
    parts: dict[str, Any] = found["parts"]
    return parts


FORGERIES: dict[str, Change] = {
    "a loosened base": loosen,
    "a dropped part": drop,
    "an added part": add,
    "a part under another spelling": move,
    "two parts swapped": swap,
    "a pin of another digest": locked(lambda lock: pins(lock).update({"../base/dev.yaml": "sha256:" + "0" * 64})),
    "a dropped pin": locked(lambda lock: pins(lock).pop("../base/dev.yaml")),
    "an added pin": locked(lambda lock: pins(lock).update({"../base/more.yaml": "sha256:" + "0" * 64})),
    "a pin of another charter": locked(lambda lock: lock["charters"].update({"b.yaml": {"parts": {}, "tools": {}}})),
    "the pins of another charter only": locked(
        lambda lock: lock["charters"].update({"b.yaml": lock["charters"].pop(next(iter(lock["charters"])))})
    ),
    "a lock of no pins": locked(lambda lock: lock["charters"].clear()),
    "a lock in another layout": lambda c: c.update(lock=json.dumps(json.loads(c["lock"]))),
    "an empty lock": lambda c: c.update(lock=""),
    "a lock that is no text": lambda c: c.update(lock={}),
    "another name of the charter": lambda c: c.update(file="b.yaml"),
    "a folder before its name": lambda c: c.update(file="x/" + c["file"]),
    "no name": lambda c: c.update(file=""),
    "another text of the charter": lambda c: c.update(text=c["text"].replace("otherwise: deny", "otherwise: allow", 1)),
    "a minimum of no deployment": lambda c: c.update(minimums=["../base/production.yaml"]),
    "a minimum that is not there": lambda c: c.update(minimums=["../base/x.yaml"], deployment="sha256:" + "0" * 64),
    "a library as a minimum": lambda c: c.update(
        minimums=[next(part for part in c["parts"] if "library" in part)], deployment="sha256:" + "0" * 64
    ),
    "a deployment that is no digest": lambda c: c.update(deployment="production"),
    "a deployment that is no text": lambda c: c.update(deployment=7),
}


@each_charter
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_charter_is_refused(forgery: str, name: str, tmp_path: Path) -> None:
    """Even with every digest right."""
    assert refused(tmp_path, forged(compiled(ROOT / "charters" / name), FORGERIES[forgery]))


@each_charter
def test_a_deployment_stands_in_charter_and_manifest(name: str, tmp_path: Path) -> None:
    document = json.loads(compiled(ROOT / "charters" / name).text)
    document["manifest"]["deployment_digest"] = "sha256:" + "0" * 64
    assert "manifest" in refused(tmp_path, (text_of(document) + "\n").encode())


@each_charter
def test_a_dropped_lock_is_the_charter_without_its_lock(name: str, shipped: Path, tmp_path: Path) -> None:
    """Byte for byte, and another bundle than the locked one; what it means is the same."""
    made = compiled(shipped / name)
    raw = forged(made, lambda charter: charter.update(lock=None))
    (shipped / name).parent.joinpath("govern.lock").unlink()
    assert compiled(shipped / name).text.encode() == raw
    path = tmp_path / "a.bundle"
    path.write_bytes(raw)
    again = read(path)
    assert made.policy.digest == again.policy.digest
    assert made.digest != again.digest


# --- deployments --------------------------------------------------------------------------------------------

STRICTER = """govern: 1
base: floor
version: 1
purpose: What no charter goes below.
owner: head-of-security
roles: [head-of-security]
never: [{tools: ["*write*", "*send*"], because: Nothing is written here.}]
"""


@pytest.fixture
def deployed(shipped: Path) -> Path:
    """A deployment with a minimum of its own beside it, in another folder than the charters' bases."""
    folder = shipped / "deployed"
    folder.mkdir()
    (folder / "floor.yaml").write_text(STRICTER, "utf-8")
    example = (shipped / "base" / "deployment.example.yaml").read_text("utf-8")
    path = folder / "deployment.yaml"
    path.write_text(example.replace("minimums: [production.yaml]", "minimums: [floor.yaml]"), "utf-8")
    return path


@each_charter
def test_a_deployment_makes_another_bundle(name: str, shipped: Path, deployed: Path, tmp_path: Path) -> None:
    """Its minimum is a part of it, its digest is in it, and it decides as charter and deployment do."""
    plain, made = compiled(shipped / name), compiled(shipped / name, deployed)
    deployment = deployment_or_raise(deployed)
    assert (("../deployed/floor.yaml",), deployment.digest) == (made.charter.minimums, made.charter.deployment)
    assert STRICTER == made.charter.parts["../deployed/floor.yaml"]
    assert deployment.digest == json.loads(made.text)["manifest"]["deployment_digest"]
    assert plain.policy.digest != made.policy.digest
    path = tmp_path / "a.bundle"
    path.write_bytes(made.text.encode())
    assert made == read(path)
    assert made.policy == one_policy(path, deployment) == one_policy(shipped / name, deployment)
    assert {made.policy.agent: made.policy} == policies(str(path), deployment)


@each_charter
def test_a_bundle_that_only_says_it_has_the_minimums(name: str, shipped: Path, deployed: Path, tmp_path: Path) -> None:
    """The forger compiles without them and writes the deployment's digest: it reads, and decides for no deployment."""
    deployment = deployment_or_raise(deployed)
    path = tmp_path / "a.bundle"
    for change in (
        lambda charter: charter.update(deployment=deployment.digest),
        lambda charter: charter.update(deployment=deployment.digest, minimums=["../base/production.yaml"]),
    ):
        path.write_bytes(forged(compiled(shipped / name), change))
        with pytest.raises(AuthorError, match="minimums as they are now"):
            one_policy(path, deployment)


MINIMUMS: dict[str, Change] = {
    "no minimums": lambda charter: charter.update(minimums=[]),
    "others": lambda charter: charter.update(minimums=["../base/production.yaml"]),
    "a looser one": lambda charter: charter["parts"].update(
        {"../deployed/floor.yaml": STRICTER.replace("*write*", "*wrote*")}
    ),
    "a dropped one": lambda charter: charter["parts"].pop("../deployed/floor.yaml"),
    "no deployment": lambda charter: charter.update(deployment=None),
}


@each_charter
@pytest.mark.parametrize("forgery", MINIMUMS)
def test_minimums_cannot_be_left_out(forgery: str, name: str, shipped: Path, deployed: Path, tmp_path: Path) -> None:
    assert refused(tmp_path, forged(compiled(shipped / name, deployed), MINIMUMS[forgery]))


@each_charter
def test_a_minimum_of_other_words_is_told_by_the_deployment(
    name: str, shipped: Path, deployed: Path, tmp_path: Path
) -> None:
    """A comment in it changes no meaning: the bundle reads, and does not decide for the deployment."""
    path = tmp_path / "a.bundle"
    other = {"../deployed/floor.yaml": STRICTER + "# a\n"}
    path.write_bytes(forged(compiled(shipped / name, deployed), lambda charter: charter["parts"].update(other)))
    assert other.items() <= read(path).charter.parts.items()
    with pytest.raises(AuthorError, match="minimums as they are now"):
        one_policy(path, deployment_or_raise(deployed))


def test_a_minimum_that_changed_or_is_gone(shipped: Path, deployed: Path, tmp_path: Path) -> None:
    """A bundle is as strict as its minimums were when it was compiled: it decides only while they are the same."""
    path = tmp_path / "a.bundle"
    path.write_bytes(compiled(shipped / COMPOSED[0], deployed).text.encode())
    deployment = deployment_or_raise(deployed)
    one_policy(path, deployment)
    floor = deployed.parent / "floor.yaml"
    floor.write_text(STRICTER + "# a\n", "utf-8")
    with pytest.raises(AuthorError, match="minimums as they are now"):
        one_policy(path, deployment)
    floor.unlink()
    with pytest.raises(AuthorError, match="does not load"):
        one_policy(path, deployment)


@each_charter
def test_the_policy_is_in_step_with_what_is_written(name: str) -> None:
    made = compiled(ROOT / "charters" / name)
    assert text_of(to_document(made.policy)) == text_of(json.loads(made.text)["policy"])
