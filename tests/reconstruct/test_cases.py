"""Every case in `cases/`: the actions, the gaps and the causes that an expert expects of one trace."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from govern.audit import store as audit_store
from govern.events.model import Event
from govern.ingest.formats import carries
from govern.reconstruct import gaps, store
from govern.reconstruct.gaps.contract import GapKind
from govern.reconstruct.gaps.facts import facts_of
from govern.reconstruct.gaps.registry import KINDS
from govern.reconstruct.judge import Reconstruction, reconstruct

from .reading import BASE, HERE, Case, cases

CASES = cases()


def judged(case: Case, events: list[Event] | None = None) -> Reconstruction:
    elsewhere: dict[str, list[Event]] = {}
    for event in case.others:
        if event.type == "approval_decision" and event.approval_id:
            elsewhere.setdefault(event.approval_id, []).append(event)
    fields = case.carries
    of_case = carries if fields is None else lambda _: fields
    facts = replace(facts_of(case.events + case.others), **case.facts)
    return reconstruct(events or case.events, elsewhere=elsewhere, carries=of_case, store=facts)


WORDS = HERE / "causes.txt"


def words_of(case: Case) -> list[str]:
    """Every gap of a case in full: its id, action, events and cause, and what was not judged and why."""
    made = judged(case)
    lines = [f"{case.name}: {case.what}"]
    for gap in made.gaps:
        place = f" action {gap.action}" if gap.action is not None else ""
        lines.append(f"  {gap.id}{place} ({' '.join(gap.events)}): {gap.cause}")
    skipped = uncarried(case)
    lines += [f"  n/a {one.id}: {one.why}" for one in made.not_applicable if one.id not in skipped]
    return lines


def all_words() -> dict[str, list[str]]:
    """What `causes.txt` says of each case."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in WORDS.read_text("utf-8").splitlines():
        if line.startswith("  "):
            found[name].append(line)
        else:
            name = line.partition(":")[0]
            found[name] = [line]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_word_of_a_cause(case: Case) -> None:
    """Each gap names these events and this cause; `python -m tests.reconstruct.test_cases` writes them anew."""
    assert all_words()[case.name] == words_of(case)


def test_no_words_of_cases_that_are_gone() -> None:
    assert [case.name for case in CASES] == list(all_words())


def uncarried(case: Case) -> set[str]:
    """The gaps that no source of the trace can show, by the needs that each states."""
    carried: set[str] = set()
    for event in case.events:
        carried |= case.carries if case.carries is not None else carries(event.source_format)
    return {kind.id for kind in KINDS if kind.needs - carried}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    """The trace shows exactly the gaps that the case names, in the actions and for the causes it names."""
    made = judged(case)
    expected = [tuple(gap) for gap in case.expect["gaps"]]
    assert expected == [(gap.id, gap.action) for gap in made.gaps], case.what
    for words in case.expect.get("causes", []):
        assert any(words in gap.cause for gap in made.gaps), [gap.cause for gap in made.gaps]
    if "at" in case.expect:
        assert [(BASE + second) * 10**9 for second in case.expect["at"]] == [gap.at_ns for gap in made.gaps]
    assert set(case.expect.get("na", [])) | uncarried(case) == {one.id for one in made.not_applicable}
    for place, wanted in enumerate(case.expect.get("actions", [])):
        action = made.chain.actions[place]
        shown = {
            "tool": action.tool,
            "runs": len(action.executions),
            "retries": action.retries,
            "error": action.error,
            "prompt": action.prompt.text if action.prompt else None,
            "response": action.response.text if action.response else None,
            "output": action.output.text if action.output else None,
            "approvals": len(action.approvals),
            "started": action.started_ns is not None,
        }
        assert wanted == {key: shown[key] for key in wanted}
    if "actions" in case.expect:
        assert len(case.expect["actions"]) == len(made.chain.actions)
    for name, counts in case.expect.get("completeness", {}).items():
        one = made.completeness[name]
        assert counts == [one.present, one.missing, one.na], name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_order_of_reading_does_not_matter(case: Case) -> None:
    """The same events in another order, or twice, are the same chain with the same gaps."""
    shuffled = case.events * 2
    random.Random(7).shuffle(shuffled)
    assert judged(case) == judged(case, shuffled)


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.carries is None and not one.facts], ids=lambda case: case.name
)
def test_the_store_says_the_same(case: Case, tmp_path: Path) -> None:
    """One trace read by its id, all traces in bulk, and the pure core agree in gaps and counts."""
    audit_store.write(case.events + case.others, tmp_path)
    core, one = judged(case), store.load(tmp_path, "t")
    assert core == one
    bulk = {made.chain.trace_id: made for made in store.scan(tmp_path)}
    assert {event.trace_id for event in case.events + case.others} == set(bulk)
    assert core.gaps == bulk["t"].gaps
    assert core.not_applicable == bulk["t"].not_applicable
    assert core.completeness == bulk["t"].completeness


def test_every_gap_has_cases_that_show_miss_and_excuse_it() -> None:
    """For each gap: a case that shows it, one named `near-*` that just misses it, one where it is n/a."""
    assert {kind.id for kind in KINDS} <= {file.stem for file in HERE.glob("*.yaml")}
    for kind in KINDS:
        own = [case for case in CASES if case.name.startswith(f"{kind.id}-")]
        shows = [case for case in own if kind.id in [gap[0] for gap in case.expect["gaps"]]]
        near = [case for case in own if case.name.startswith(f"{kind.id}-near-")]
        excused = [case for case in own if kind.id in {*case.expect.get("na", []), *uncarried(case)}]
        assert shows, kind.id
        assert near, kind.id
        assert excused, kind.id
        assert all(kind.id not in [gap[0] for gap in case.expect["gaps"]] for case in near)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_every_gap_has_its_page(kind: GapKind) -> None:
    """`govern explain GAP` finds a page that names the gap, its pattern, its causes and how to close it."""
    text = (Path(gaps.__path__[0]) / f"{kind.id}.md").read_text("utf-8")
    assert text.startswith(f"# {kind.id}\n")
    assert str(kind.pattern) in text
    for heading in ("## When it is reported", "## Likely causes", "## How to close it", "## When it is not judged"):
        assert heading in text


if __name__ == "__main__":
    WORDS.write_text("".join(f"{line}\n" for case in CASES for line in words_of(case)), "utf-8")
