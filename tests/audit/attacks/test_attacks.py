"""What finds each attack: held here by name, and shown in the README as the runs show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.audit.sealing import seal
from govern.audit.verify import verify
from govern.audit.verifying.contract import Kind, Status

from .kinds import ATTACKS, BY
from .making import LOG, make
from .runs import MARK, Run, run, runs, table

README = Path(__file__).parent.parent.parent.parent / "README.md"
ALONE = {
    "edit": {Kind.EDITED, Kind.COLUMN},
    "edit_rehash": {Kind.EDITED},
    "edit_record": {Kind.EDITED},
    "column": {Kind.COLUMN},
    "delete_inside": {Kind.MISSING},
    "delete_file": {Kind.MISSING},
    "delete_file_record": {Kind.CUT},
    "delete_import": {Kind.EDITED},
    "cut_last_file": {Kind.CUT},
    "cut_journal": {Kind.CUT},
    "edit_journal": {Kind.EDITED},
    "rechain_ended": {Kind.EDITED},
    "reorder": {Kind.REORDERED},
    "swap": {Kind.EDITED},
    "insert": {Kind.EXTRA},
    "add_file": {Kind.EXTRA},
    "forged_writer": {Kind.SIGNATURE},
    "back_date": {Kind.EDITED},
    "remove_writer": {Kind.EDITED},
    "remove_unsealed_followed": {Kind.MISSING},
    "edit_envelope": {Kind.EDITED},
    "replace_envelope": {Kind.SIGNATURE},
    "side_table": {Kind.MISSING},
    "side_value": {Kind.EDITED},
    "side_forged": {Kind.MISSING, Kind.SIGNATURE},
    "log_byte": {Kind.EDITED},
    "log_batch": {Kind.MISSING},
    "log_forged": {Kind.SIGNATURE},
    "checkpoint_swapped": {Kind.SIGNATURE},
    "tombstone": {Kind.EDITED},
    "held": {Kind.HELD},
    "key_rotated": {Kind.SIGNATURE},
    "key_retired": {Kind.SIGNATURE},
    "truncate": {Kind.DAMAGED},
    "truncate_log": {Kind.DAMAGED},
    "delete_log": {Kind.NO_LOG},
    "add_part": {Kind.UNSEALED},
    "doubled": {Kind.DOUBLED},
}
"""Found with nothing from outside, at least under these names."""
BY_KEY = {"recompute": {Kind.UNKNOWN_KEY}}
"""Found only with the log's key from outside."""
BY_CHECKPOINT = {
    "stolen_key": {Kind.REWRITTEN},
    "delete_import_signed": {Kind.REWRITTEN},
    "remove_writer_signed": {Kind.REWRITTEN},
    "cut_tail": {Kind.CUT},
    "rolled_back": {Kind.CUT},
    "store_swapped": {Kind.FOREIGN},
}
"""Found only with a checkpoint from outside."""
NEVER = {
    "cut_after_anchor",
    "cut_live",
    "rechain_live",
    "forged_writer_host",
    "back_date_said",
    "back_date_clock",
    "remove_unsealed",
    "lease",
    "never_written",
}
"""Not found by verification at all: what no signature or checkpoint covers yet, or nobody wrote."""


def test_every_attack_is_judged() -> None:
    """Each stands in exactly one of the lists above, and says who can do it."""
    listed = [*ALONE, *BY_KEY, *BY_CHECKPOINT, *NEVER]
    assert sorted(attack.id for attack in ATTACKS) == sorted(listed)
    assert all(attack.by in BY for attack in ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_is_found_as_it_is_said(attack: object, tmp_path: Path) -> None:
    """Under its name where it can be found, and with no finding at all where nothing could tell."""
    done: Run = next(each for each in runs() if each.attack is attack)
    name = done.attack.id
    alone, key, anchored = (set(each.kinds) for each in (done.alone, done.key, done.anchored))
    assert (name in ALONE) == bool(alone)
    assert (name in ALONE or name in BY_KEY) == bool(key)
    assert (name not in NEVER) == bool(anchored)
    assert ALONE.get(name, set()) <= alone & key & anchored
    assert BY_KEY.get(name, set()) <= key & anchored
    assert BY_CHECKPOINT.get(name, set()) <= anchored
    if name not in NEVER and name != "add_part":
        expected = Status.UNVERIFIABLE if name == "store_swapped" else Status.TAMPERED
        assert expected == done.anchored.status


def test_the_store_itself_has_nothing_to_find(tmp_path: Path) -> None:
    """Without an attack: nothing, and it says what is anchored and what is not."""
    made = make(tmp_path / "store")
    found = verify(made.folder, keys=[LOG.public], since=[made.outside])
    assert (Status.OK, (), ()) == (found.status, found.findings, found.notes)
    assert (59, 30, 29, 17) == (found.events, found.anchored, found.self_consistent, found.unsealed)
    assert Status.UNANCHORED == verify(made.folder).status


def test_a_forged_lease_stops_nobody(tmp_path: Path) -> None:
    """It saves work, and the name of the batch is what keeps two sealers apart."""
    made = make(tmp_path / "store")
    next(attack for attack in ATTACKS if attack.id == "lease").run(made)
    assert seal(made.folder, LOG).events > 0
    assert () == verify(made.folder, since=[made.outside]).findings


def test_an_attack_runs_the_same_twice(tmp_path: Path) -> None:
    """The table does not depend on the day or on chance."""
    attack = ATTACKS[0]
    (before,) = (each for each in runs() if each.attack is attack)
    assert before == run(attack, tmp_path)


def test_the_readme_has_the_table_of_this_run() -> None:
    """Nothing is claimed there that the runs do not show: `python -m tests.audit.attacks.runs` prints it anew."""
    parts = README.read_text(encoding="utf-8").split(MARK)
    assert 3 == len(parts), f"the README has no table between two `{MARK}`"
    assert table(runs()) == parts[1].strip()
