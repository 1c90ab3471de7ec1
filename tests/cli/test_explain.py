"""`govern explain`: words of every kind, charters as sentences, exit codes, what an author writes made harmless.

Leaves out pages of findings (tests/lint/test_command.py) and what the sentences say (tests/charter).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from govern.charter import example
from govern.charter.places import places
from govern.charter.words import groups
from govern.cli.explain import explain
from govern.policy.verdict import Reason

from .running import SAMPLES, govern

CHARTER = SAMPLES / "code-review" / "charter.yaml"


def shown(word: str) -> str:
    ran = govern("explain", word)
    assert (0, "") == (ran.exit_code, ran.err)
    return ran.out


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The charter that uses the whole language, with its other files."""
    for name in (*example.FILES.values(), *example.PARTS):
        (tmp_path / name).write_text(example.text(name), "utf-8")
    return tmp_path / "charter.yaml"


@pytest.mark.parametrize("name", sorted({place.key.name for place in places()}))
def test_every_key(name: str) -> None:
    """By its name: what it means, how it is written, who enforces it, an example."""
    text = shown(name)
    for part in ("written  ", "required  ", "enforced by  ", "For example:\n"):
        assert part in text
    assert 80 >= max(len(line) for line in text.splitlines() if not line.startswith("    "))


def test_a_key_at_every_place() -> None:
    """A name with several meanings gets each, with its places."""
    text = shown("unless")
    assert ["# tools.*.approval.unless", "# untrusted.after_reading[].unless"] == re.findall("^# .*", text, re.M)
    assert "Where this is true, and only there, nobody is asked." in text
    assert "guard-loosens" in text


def test_a_level_shows_its_keys() -> None:
    assert "for_each" in shown("limits")
    text = shown("gate")
    assert text.startswith("# gate\n\n*A reason.*")
    assert "Keys of a gate:" in text
    assert "use_within" in text


@pytest.mark.parametrize("word", sorted({word.name for group in groups().values() for word in group}))
def test_every_word(word: str) -> None:
    assert f"# {word}\n\n*" in shown(word)


def test_every_reason_of_a_verdict() -> None:
    for reason in Reason:
        assert "*A reason.*" in shown(reason.value)


def test_all_meanings_of_a_word() -> None:
    """`never` is a reason and a key; `within` a function and two keys."""
    assert 2 == shown("never").count("# never\n")
    assert ["# within", "# limits[].within", "# escalation[].within"] == re.findall("^# .*", shown("within"), re.M)


def test_the_list_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a word, everything that can be explained, by group, within 80 columns."""
    explain(None)
    text = capsys.readouterr().out
    titles = ["Keys", "Reasons", "Tiers", "Effects", "Functions", "Names in conditions", "Events", "Other words"]
    assert [*titles, "Log formats", "Findings and gaps"] == re.findall("^## (.*)$", text, re.M)
    listed = {word for line in text.splitlines() for word in line.strip(",").split(", ")}
    assert {"if_no_answer", "unmapped", "guard-loosens", "gate-did-not-hold", "startsWith", "claude_code"} <= listed
    assert {place.key.name for place in places()} <= listed
    assert 80 >= max(map(len, text.splitlines()))


@pytest.mark.parametrize(
    ("word", "hint"),
    [("if_no_anser", "did you mean `if_no_answer`?"), ("unmaped", "did you mean `unmapped`?"), ("qqq", "lists what")],
)
def test_an_unknown_word(word: str, hint: str) -> None:
    ran = govern("explain", word)
    assert (2, "") == (ran.exit_code, ran.out)
    assert hint in ran.err


def test_a_charter_in_sentences(whole: Path) -> None:
    """Lines fit 80 columns, and the end binds the signature to every byte of every file."""
    ran = govern("explain", whole)
    assert (0, "") == (ran.exit_code, ran.err)
    assert ran.out.startswith("# Charter of the agent `refund-desk`, version 4\n")
    body = ran.out.split("## Signature")[0]
    assert 80 >= max(map(len, body.splitlines()))
    for name in ("charter.yaml", "base.yaml", "library.yaml", "root.yaml"):
        digest = hashlib.sha256((whole.parent / name).read_bytes()).hexdigest()
        assert re.search(rf"{name}\n +sha256:{digest}\n", ran.out)
    assert re.search(r"compiled policy\n +sha256:[0-9a-f]{64}\n", ran.out)
    assert "Signed ____" in ran.out


@pytest.mark.parametrize("name", ["base.yaml", "library.yaml"])
def test_a_part_alone(whole: Path, name: str) -> None:
    """A base or a library is explained too; it compiles to nothing."""
    ran = govern("explain", whole.parent / name)
    assert (0, "") == (ran.exit_code, ran.err)
    assert "It grants no" in ran.out
    assert "compiled policy" not in ran.out


def test_standard_input() -> None:
    ran = govern("explain", "-", stdin=CHARTER.read_bytes())
    assert 0 == ran.exit_code
    assert "standard input\n" in ran.out
    assert hashlib.sha256(CHARTER.read_bytes()).hexdigest() in ran.out


def test_a_word_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is called like a word is named by a path."""
    (tmp_path / "tools").write_bytes(CHARTER.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert "Exactly these tools may be called" in shown("tools")
    assert shown("./tools").startswith("# Charter of the agent")


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"govern: 1\nagnt: a\n", "`agnt`"), (b"", "empty"), (b"\xff\xfe\x00", ""), (None, "there is no file")],
)
def test_a_charter_that_does_not_load(tmp_path: Path, text: bytes | None, said: str) -> None:
    """Exit 3 with what is wrong and where to see it; no sentence of it is shown."""
    path = tmp_path / "charter.yaml"
    if text is not None:
        path.write_bytes(text)
    ran = govern("explain", path)
    assert (3, "") == (ran.exit_code, ran.out)
    assert said in ran.err
    assert "govern lint" in ran.err


def test_what_an_author_writes_is_harmless(tmp_path: Path) -> None:
    """No terminal escape, no Markdown or HTML of an author reaches the reader as anything else."""
    text = CHARTER.read_text("utf-8").replace(
        "because: History", 'because: "\\e[31m <img src=x> **all** [x](y) \\u202e\\n## History'
    )
    text = text.replace("removed by an agent.", 'removed."')
    path = tmp_path / "charter.yaml"
    path.write_text(text, "utf-8")
    plain = govern("explain", path)
    assert 0 == plain.exit_code
    assert not re.search("[\x1b\u202e]", plain.out)
    marked = govern("explain", path, "--format", "md")
    assert 0 == marked.exit_code
    assert "\\<img src=x\\> \\*\\*all\\*\\* \\[x\\](y)" in marked.out
    assert "\n## History" not in marked.out


def test_markdown_has_what_the_text_has(whole: Path) -> None:
    """The same words, on lines of their own length."""
    text, marked = (govern("explain", whole, *more).out for more in ((), ("--format", "md")))

    def plain(document: str) -> list[str]:
        return document.replace("\\", "").split("## Signature")[0].split()

    assert plain(text) == plain(marked)
