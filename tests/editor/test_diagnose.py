"""Diagnostics, code actions, outline and formatting of texts that need not be saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.charter.files import within
from govern.charter.fmt.text import format_bytes
from govern.charter.lock import lock_beside
from govern.editor.actions import actions, every_safe_fix
from govern.editor.diagnose import Diagnosed, diagnose, is_ours
from govern.editor.documents import Document, Documents, judge
from govern.editor.formatting import formatting
from govern.editor.outline import outline
from govern.findings import Severity
from govern.lint.config import Configuration
from govern.lint.mend import edited
from govern.lint.run import lint_paths

from .texts import BASE, FILES, HEAD, files

ROOT = Path(__file__).parents[2]
WHOLE = ROOT / "tests" / "charter" / "whole"


def saved(folder: Path) -> Path:
    """The shared charter and its parts, on disk."""
    for name, text in {**FILES, "charter.yaml": HEAD}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder / "charter.yaml"


def diagnosed(text: str) -> Diagnosed:
    return diagnose(text, "charter.yaml", files(), Configuration())


@pytest.mark.parametrize("name", ["charter.yaml", "org.yaml", "shop.yaml", "mail.yaml"])
def test_it_says_what_lint_says(name: str) -> None:
    """The findings of a file in the editor are those of `govern lint` on that file, with their places."""
    path = str(WHOLE / name)
    expected = lint_paths([path]).files[0].findings
    text = Path(path).read_text("utf-8")
    document = Document.of(Path(path).as_uri(), path, text, 1)
    found = judge(document, str(WHOLE), {}).diagnosed
    assert list(expected) == [one.finding for one in found.diagnostics]
    for one in found.diagnostics:
        if one.finding.location.file == path and one.finding.location.line:
            assert (one.finding.location.line, one.finding.location.column) == found.source.position(one.start)


def test_every_sample_says_what_lint_says() -> None:
    """So do the charters that ship with it."""
    compared = 0
    for path in sorted((ROOT / "samples").glob("*/charter.yaml")):
        document = Document.of(path.as_uri(), str(path), path.read_text("utf-8"), 1)
        expected = lint_paths([str(path)]).files[0].findings
        assert list(expected) == [one.finding for one in judge(document, str(ROOT), {}).diagnosed.diagnostics]
        compared += 1
    assert compared >= 4


def test_errors_of_loading_stand_at_their_places() -> None:
    """All of a file at once, with what to do, and an emoji before them moves nothing."""
    text = HEAD.replace("Answers customers.", "Answers 😀.").replace("    tier: irreversible", "    teir: irreversible")
    found = diagnosed(text).diagnostics
    assert ["unknown-key"] == [one.finding.rule for one in found]
    assert "teir" == text[found[0].start : found[0].end]
    assert "`teir` is not a key of a tool\ndid you mean `tier`?" == found[0].message


def test_another_place_that_a_finding_names_is_related() -> None:
    """A key that stands twice leads to the first; a library that is loosened, to its line."""
    found = diagnosed("govern: 1\nagent: x\nagent: y\n").diagnostics
    twice = next(one for one in found if one.finding.rule == "yaml-duplicate-key")
    assert [("charter.yaml", 2)] == [(each.file, each.line) for each in twice.related]
    text = HEAD.replace("mail/send_email: {approval", "mail/send_email: {tier: read_only, approval")
    found = diagnosed(text).diagnostics
    loosens = next(one for one in found if one.finding.rule == "loosens-library")
    assert [("mail.yaml", 8)] == [(each.file, each.line) for each in loosens.related]


def test_what_a_part_is_found_for_stands_where_it_is_named() -> None:
    """A finding in a base shows at `extends`, and leads to its place."""
    base = BASE.replace(", because: Nobody looks.", "").replace("hour(at) < 6", "args.nothing > 6")
    given = within({**FILES, "org/base.yaml": base})
    text = HEAD
    found = diagnose(text, "charter.yaml", given, Configuration()).diagnostics
    elsewhere = [one for one in found if one.finding.location.file != "charter.yaml"]
    assert elsewhere
    assert "unknown-argument" in {one.finding.rule for one in elsewhere}
    for one in elsewhere:
        place = one.finding.location
        assert "org/base.yaml" == text[one.start : one.end]
        assert one.message.startswith(f"org/base.yaml:{place.line}:{place.column}: ")
        assert ("org/base.yaml", place.line) == (one.related[0].file, one.related[0].line)


def test_unsaved_texts_of_other_files_come_first(tmp_path: Path) -> None:
    """A base that is open and changed is read from the editor, not from disk."""
    path = saved(tmp_path)
    document = Document.of(path.as_uri(), str(path), HEAD, 1)
    documents = Documents((str(tmp_path),))
    documents.put(document)
    assert judge(document, str(tmp_path), documents.buffers()).diagnosed.loads
    base = tmp_path / "org" / "base.yaml"
    documents.put(Document.of(base.as_uri(), str(base), BASE.replace("security:", "guards:"), 1))
    judgement = judge(document, str(tmp_path), documents.buffers())
    documents.judged[document.uri] = judgement
    assert ["broken-part"] == [one.finding.rule for one in judgement.diagnosed.diagnostics]
    assert [document] == documents.depend_on(str(base))
    assert [] == documents.depend_on(str(tmp_path / "other.yaml"))


def test_configuration_suppressions_baseline_and_lock_count(tmp_path: Path) -> None:
    """What `govern lint` leaves out, the editor leaves out: through the same code."""
    path = saved(tmp_path)

    def found() -> set[str]:
        document = Document.of(path.as_uri(), str(path), path.read_text("utf-8"), 1)
        return {one.finding.rule for one in judge(document, str(tmp_path), {}).diagnosed.diagnostics}

    before = found()
    assert "few-scenarios" in before
    (tmp_path / "govern.toml").write_text('[lint]\nseverity = {few-scenarios = "off"}\n', "utf-8")
    assert before - {"few-scenarios"} == found()
    (tmp_path / "govern.toml").write_text('[lint]\nmin-severity = "error"\n', "utf-8")
    assert set() == found()
    (tmp_path / "govern.toml").write_text("[lint]\nseverty = 1\n", "utf-8")
    document = Document.of(path.as_uri(), str(path), HEAD, 1)
    judgement = judge(document, str(tmp_path), {})
    assert "severty" in judgement.error
    assert before == {one.finding.rule for one in judgement.diagnosed.diagnostics}
    (tmp_path / "govern.toml").unlink()
    (tmp_path / "govern.lock").write_text("{}", "utf-8")
    assert lock_beside(path) is not None
    assert {"lock-unreadable"} == found()


def test_a_baseline_hides_what_is_known(tmp_path: Path) -> None:
    """A finding that the baseline has is not shown; one that is new is."""
    from govern.lint.run import baseline_of

    path = saved(tmp_path)
    document = Document.of(path.as_uri(), str(path), path.read_text("utf-8"), 1)
    assert judge(document, str(tmp_path), {}).diagnosed.diagnostics
    baseline = tmp_path / "known.json"
    baseline.write_text(baseline_of(lint_paths([str(path)]), str(baseline)).text, "utf-8")
    (tmp_path / "govern.toml").write_text('[lint]\nbaseline = "known.json"\n', "utf-8")
    judgement = judge(document, str(tmp_path), {})
    assert ("", ()) == (judgement.error, judgement.diagnosed.diagnostics)
    baseline.write_text("no baseline", "utf-8")
    judgement = judge(document, str(tmp_path), {})
    assert "known.json" in judgement.error
    assert judgement.diagnosed.diagnostics


def test_a_deployment_file_is_checked_as_one() -> None:
    """It is no charter, and is not told to be one."""
    text = (WHOLE / "deployment.yaml").read_text("utf-8")
    assert () == diagnosed(text).diagnostics
    found = diagnosed(text.replace("time_zone: Europe/Berlin", "time_zone: Europe/Berln")).diagnostics
    assert ["unknown-zone"] == [one.finding.rule for one in found]


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("govern: 1\nagent: x\n", True),
        ('# a comment\n"govern": 1\n', True),
        ("agent: x\nversion: 1\npurpose: y\nowner: z\n", True),
        ("", False),
        ("services:\n  web: {image: x}\n  govern: 1\n", False),
        ("agent: x\nsteps: []\n", False),
        ("name: CI\non: push\n", False),
    ],
)
def test_other_yaml_is_left_alone(text: str, ours: bool) -> None:
    """An editor sends every YAML file: only those of this language are judged."""
    assert ours == is_ours(text, "x.yaml")
    if not ours:
        assert () == judge(Document.of("file:///x.yaml", "/x.yaml", text, 1), "", {}).diagnosed.diagnostics


def test_a_fix_is_offered_and_does_what_it_says() -> None:
    """The edits of a finding's fix, applied, mend it."""
    text = HEAD.replace("    tier: irreversible", "    teir: irreversible")
    found = diagnosed(text)
    at = text.index("teir")
    offered = list(actions(found, at, at))
    assert ["write `tier` instead of `teir` (have a look)"] == [one.title for one in offered]
    assert offered[0].of is not None
    assert offered[0].of.finding.fix is not None
    assert HEAD == edited(text, [offered[0].of.finding.fix])
    assert [] == list(actions(found, 0, 3))


def test_a_suppression_counts_only_with_a_reason() -> None:
    """The comment that is offered quiets nothing until somebody writes why."""
    found = diagnosed(HEAD)
    one = next(each for each in found.diagnostics if each.finding.rule == "few-scenarios")
    offered = [each for each in actions(found, one.start, one.end) if "suppress `few-scenarios`" in each.title]
    assert 1 == len(offered)
    edit = offered[0].edits[0]
    text = HEAD[: edit.start] + edit.text + HEAD[edit.end :]
    rules = [each.finding.rule for each in diagnosed(text).diagnostics]
    assert "suppression-without-reason" in rules
    assert "few-scenarios" in rules
    with_reason = text.replace("ignore[few-scenarios] ", "ignore[few-scenarios] they come with the pilot")
    after = [each.finding for each in diagnosed(with_reason).diagnostics]
    assert "suppression-without-reason" not in [each.rule for each in after]
    assert len([each for each in found.diagnostics if each.finding.rule == "few-scenarios"]) > len(
        [each for each in after if each.rule == "few-scenarios"]
    )


def test_an_error_of_loading_cannot_be_suppressed() -> None:
    """Nothing that keeps a file from loading is offered to be quieted."""
    text = HEAD.replace("    tier: irreversible", "    teir: irreversible")
    found = diagnosed(text)
    assert [] == [one for one in actions(found, 0, len(text)) if "suppress" in one.title]


def test_all_safe_fixes_at_once() -> None:
    """As `govern lint --fix`: what is left has no safe fix."""
    text = HEAD + "rules:\n  - {id: a, tools: [refund], when: !has(args.note) || args.amount > 5, then: deny}\n"
    found = diagnosed(text)
    assert ["quote-condition"] == [one.finding.rule for one in found.diagnostics]
    one = every_safe_fix(found, diagnosed)
    assert one is not None
    assert 'when: "!has(args.note) || args.amount > 5"' in one.edits[0].text
    assert every_safe_fix(diagnosed(one.edits[0].text), diagnosed) is None


def test_the_outline_has_what_is_named() -> None:
    """Sections, and in them gates, tools with their tier, rules, limits and events by their names."""
    text = (
        HEAD
        + "limits:\n  - {id: once, tools: [refund], max: 1, within: trace, otherwise: deny}\nescalation: [{event: error"
    )
    made = {one.name: one for one in outline(text, "charter.yaml")}
    assert ["lead"] == [one.name for one in made["approvals"].below]
    tools = [(one.name, one.detail) for one in made["tools"].below]
    assert [("get_order", "read_only"), ("mail/send_email", ""), ("refund", "irreversible")] == tools
    assert ["once"] == [one.name for one in made["limits"].below]
    assert ["error"] == [one.name for one in made["escalation"].below]
    for one in made.values():
        assert one.start <= one.name_start <= one.name_end <= one.end
        assert all(one.start <= each.start and each.end <= one.end for each in one.below)


def test_formatting_is_that_of_fmt() -> None:
    """The change gives the canonical text, and a second one nothing; what is broken is left alone."""
    text = "agent: x\ngovern: 1\n\n\n\ntools: { a: {tier: read_only} } # é😀\n"
    edit = formatting(text, "charter.yaml")
    assert edit is not None
    after = text[: edit.start] + edit.text + text[edit.end :]
    assert format_bytes(text.encode(), "charter.yaml").after == after
    assert after.startswith("govern: 1\nagent: x\n")
    assert formatting(after, "charter.yaml") is None
    assert formatting("govern: 1\nagent: [", "charter.yaml") is None


def test_severity_is_the_findings() -> None:
    """Errors, warnings and notes stay apart."""
    severities = {one.finding.severity for one in diagnosed(HEAD).diagnostics}
    assert {Severity.WARNING, Severity.NOTE} <= severities
