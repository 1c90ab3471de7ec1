"""Which calls are looked at, and what is said of their arguments."""

from __future__ import annotations

import random

import pytest

from govern.replay import looked
from govern.replay.details import LOOKED_AT, ORDER, Place, order_of
from govern.replay.looked import WEEK, Lacking, Look, Looked, arguments
from govern.replay.shapes import DISTINCT, PLACES, shapes


def look(order: int, args: str | None = "{}", lacking: Lacking = Lacking.NOTHING) -> Look:
    return Look(order, f"e{order:06d}", args, lacking)


def test_the_choice_is_the_same_in_any_order_and_in_any_parts() -> None:
    """Those smallest in the shuffle: of all, of the last seven days, of the days before."""
    rng = random.Random(1)
    for _ in range(30):
        span = rng.choice([1, 6, 7, 8, 40, 400])
        calls = [(rng.choice([None, rng.randrange(span)]), look(rng.randrange(10**6))) for _ in range(1_500)]
        calls = list({each.event_id: (day, each) for day, each in calls}.values())
        last = max((day for day, _ in calls if day is not None), default=0)
        parts = [Looked() for _ in range(rng.choice([1, 2, 5]))]
        rng.shuffle(calls)
        for day, each in calls:
            part = rng.choice(parts)
            if part.wants(day, each.order):
                part.add(day, each)
        whole = Looked()
        rng.shuffle(parts)
        for part in parts:
            whole.merge(part)
        recent = [each for day, each in calls if day is not None and day > last - WEEK]
        before = [each for day, each in calls if day is None or day <= last - WEEK]
        assert sorted(each for _, each in calls)[:LOOKED_AT] == whole.chosen()
        assert sorted(recent)[:LOOKED_AT] == whole.recent(last)
        assert sorted(before)[:LOOKED_AT] == whole.before(last)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many calls and days there are."""
    monkeypatch.setattr(looked, "LOOKED_AT", 10)
    kept = Looked()
    for order in range(20_000):
        kept.add(order // 50, look(order))
    assert sum(map(len, kept._days.values())) <= 2 * 10 * (WEEK + 1)


def test_sql_shuffles_the_same() -> None:
    """Times before 1970 and the ends of int64 too."""
    import duckdb

    edges = [0, 1, -1, 2**63 - 1, -(2**63), 999_982, 999_983, -999_983, 10**18 + 7]
    rows = [(at, wseq) for at in [*edges, None] for wseq in edges]
    con = duckdb.connect()
    for at, wseq in rows:
        got = con.execute(f"SELECT {ORDER} FROM (SELECT ?::BIGINT AS ts_ns, ?::BIGINT AS wseq)", [at, wseq]).fetchone()
        assert (order_of(at, wseq),) == got, (at, wseq)


def test_arguments_are_looked_at_where_there_are_any() -> None:
    assert ("{}", Lacking.NOTHING) == arguments("{}", None)
    assert (None, Lacking.UNCAPTURED) == arguments(None, None)
    assert (None, Lacking.MALFORMED) == arguments(None, "duplicate_key: `a`")
    assert (None, Lacking.LONG) == arguments('{"a":"' + "x" * 20_000 + '"}', None)


def shape(*texts: str | None) -> dict[str, Place]:
    calls = [look(order, text, Lacking.NOTHING if text else Lacking.UNCAPTURED) for order, text in enumerate(texts)]
    return {place.path: place for place in shapes(calls, 50).places}


def test_shapes_say_what_stood_where() -> None:
    """Kinds, how often, ranges of numbers, lengths, forms, the most frequent values."""
    found = shape(
        '{"amount":5,"to":{"mail":"a@b.de"},"on":"2026-11-20","items":[{"id":1},{"id":2}],"note":null}',
        '{"amount":7.5,"to":{"mail":"c@d.org"},"on":"2026-11-21","items":[],"note":"hello"}',
        '{"amount":5,"on":"2026-11-22"}',
    )
    assert ["amount", "items", "items[]", "items[].id", "note", "on", "to", "to.mail"] == sorted(found)
    amount = found["amount"]
    assert (("integer", 2), ("number", 1)) == amount.kinds
    assert (3, 5, 7.5, 2, (("5", 2), ("7.5", 1))) == (
        amount.present, amount.low, amount.high, amount.distinct, amount.values,
    )  # fmt: skip
    assert ("email", 6, 7) == (found["to.mail"].form, found["to.mail"].shortest, found["to.mail"].longest)
    assert "date" == found["on"].form
    assert (2, 0, 2) == (found["items"].present, found["items"].shortest, found["items"].longest)
    assert (2, 1, 2) == (found["items[].id"].present, found["items[].id"].low, found["items[].id"].high)
    assert {"null": 1, "string": 1} == dict(found["note"].kinds)


def test_shapes_are_bounded_and_say_so() -> None:
    """Many places, many values, deep nesting; what has no canonical form is counted, not read."""
    many = "{" + ",".join(f'"k{number:04d}":{number}' for number in range(PLACES + 30)) + "}"
    deep = '{"a":' * 100 + "1" + "}" * 100
    calls = [look(0, many), look(1, deep), look(2, '{"a":1,"a":2}'), look(3, "[1]"), look(4, None, Lacking.LONG)]
    found = shapes(calls, 9)
    assert (2, 9, 2, 0, 1) == (found.looked_at, found.calls, found.malformed, found.uncaptured, found.long)
    assert PLACES == len(found.places)
    assert 30 < found.more_places < 50
    values = shape(*(f'{{"v":"{number}"}}' for number in range(DISTINCT + 1)))["v"]
    assert values.distinct is None
    assert 12 == len(values.values)
