"""Where a value came from: by what the person typed, what trusted tools gave, and what anybody else wrote."""

from __future__ import annotations

import base64
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.policy import origin
from govern.policy.origin import NAMED, ORIGIN, UNCAPTURED, By, Said, tokens

MAIL = "bob@x.com"
IBAN = "GB29NWBK60161331926819"


def said(typed: str = "", trusted: str = "", untrusted: str = "") -> Said:
    made = Said()
    if typed:
        made = made.typed(typed)
    if trusted:
        made = made.trusted(trusted)
    return made.untrusted(untrusted) if untrusted else made


# --- user and trusted: token-exact ----------------------------------------------------------------------------

STANDS = [
    (MAIL, "bob@x.com"),
    (MAIL, "Write to bob@x.com."),
    (MAIL, "Bob <bob@x.com>, please"),
    (MAIL, "to 'bob@x.com'!"),
    (MAIL, '{"to":"bob@x.com"}'),
    (MAIL, "a@x.com,bob@x.com;c@x.com"),
    (MAIL, "bob@x.com.evil or bob@x.com"),
    (MAIL, "\u201cbob@x.com\u201d\u2026"),
    ("general", "post it in #general"),
    ("https://x.com/a?b=1", "see https://x.com/a?b=1."),
    ("2026-05-01", "on 2026-05-01, at noon"),
    ("1 Main Street", "I live at 1 Main Street now"),
    ("line one\nline two", "write:\nline one\nline two\n"),
    (IBAN, f"pay {IBAN}"),
    (1000, "pay 1000."),
    (1000, "pay $1000, now"),
    (1000, "1000€"),
    (12.75, "pay 12.75"),
    (-1000, "set it to -1000"),
    ("İstanbul", "in İstanbul"),
    ("straße", "straße"),
]
STANDS_NOT = [
    (MAIL, "bob@x.com.evil"),
    (MAIL, "bob@x.com.\u200bevil"),
    (MAIL, "bob@x.com\u200d"),
    (MAIL, "notbob@x.com"),
    (MAIL, "not.bob@x.com"),
    (MAIL, "mailto:bob@x.com"),
    (MAIL, "BOB@X.COM"),
    (MAIL, "Bob@x.com"),
    (MAIL, "bob @x.com"),
    (MAIL, "ｂｏｂ＠ｘ．ｃｏｍ"),
    (MAIL, "bob%40x.com"),
    (MAIL, "bob@x.com．evil"),
    (MAIL, "bob@x.com谢谢"),
    (MAIL, "bob@x.com" + "." * 9),
    (MAIL, "'" * 9 + "bob@x.com"),
    (500.25, "pay 1 500.25"),
    (500.25, "pay 1,500.25"),
    ("https://x.com", "http://x.com"),
    ("https://x.com", "https://x.com/"),
    ("https://x.com", "https://x.com/a"),
    ("etc/passwd", "/etc/passwd"),
    ("strasse", "straße"),
    ("istanbul", "İstanbul"),
    ("caf\u00e9s", "cafe\u0301s"),
    (IBAN, "GB29 NWBK 6016 1331 9268 19"),
    ("1000", "pay 10000"),
    (1000, "pay 1,000"),
    (1000, "pay 1000.00"),
    (1000, "pay 1000,50"),
    (1000, "pay -1000"),
    (1000, "pay \u22121000"),
    (1000, "pay .1000"),
    (1000, "1000%"),
    (1000, "1000k"),
    (1000, "1000万"),
    ("2000", "pay 2000 000"),
    ("2000000", "pay 2 000 000"),
    (MAIL, ""),
]


@pytest.mark.parametrize(("value", "text"), STANDS)
def test_what_the_person_typed_is_the_persons(value: Any, text: str) -> None:
    """A value that stands there as a thing of its own, character by character."""
    assert ("user", True) == (said(text).origin(value), said(text).named_by_user(value))
    assert ("trusted", False) == (said("", text).origin(value), said("", text).named_by_user(value))


@pytest.mark.parametrize(("value", "text"), STANDS_NOT)
def test_nothing_else_is(value: Any, text: str) -> None:
    """Not a part of something, not another way of writing it: normalisation never finds `user` or `trusted`."""
    assert ("none", False) == (said(text, text).origin(value), said(text, text).named_by_user(value))


@pytest.mark.parametrize("value", [7, 50, "7", "EUR", "Bob", "a.b.c", True, False, "田中"])
def test_a_short_value_is_nobodys(value: Any) -> None:
    """It stands in many texts by chance, so it is neither `user` nor `trusted`, and the person did not name it."""
    text = "7 Bob EUR 50 a.b.c true True false False 田中"
    assert ("none", False) == (said(text, text).origin(value), said(text, text).named_by_user(value))


def test_a_value_put_together_from_two_texts_is_nobodys() -> None:
    """Provenance by appearance has this limit; where it stands in one text it is found."""
    pieces = Said().typed("bob").typed("@x.com").untrusted("eve@").untrusted("evil.com")
    assert ("none", "none") == (pieces.origin(MAIL), pieces.origin("eve@evil.com"))


def test_so_many_near_misses_are_unknown() -> None:
    """Of a text that has a value over and over within something else nothing is said, not even `none`."""
    text = "x" + "bob@x.comx" * tokens.TRIES
    assert (None, None) == (said(text).origin(MAIL), said(text).named_by_user(MAIL))
    assert "untrusted" == said(text, untrusted=MAIL).origin(MAIL)


# --- untrusted: in any way of writing -------------------------------------------------------------------------

LIKE = [
    (MAIL, "bob@x.com"),
    (MAIL, "BOB@X.COM"),
    (MAIL, "ｂｏｂ＠ｘ．ｃｏｍ"),
    (MAIL, "b\u200bo\u200db@x.\u00adcom\ufeff"),
    (MAIL, "mailto:bob@x.com?subject=hi"),
    (MAIL, "bob%40x.com"),
    (MAIL, "bob%2540x%252ecom"),
    (MAIL, "bob&#64;x.com"),
    (MAIL, "bob&#x40;x&period;com"),
    (MAIL, "bob&amp;#64;x.com"),
    (MAIL, r'{"a":"bob\u0040x.com"}'),
    (MAIL, r"bob\x40x.com"),
    (MAIL, "bob @ x . com"),
    (MAIL, "bob@\nx.com"),
    (MAIL, r"{\"a\":\"one\nbob@x.com\"}"),
    ("robert@x.com", "xxrobert@x.comxx"),
    (MAIL, "626f6240782e636f6d"),
    (MAIL, "62 6F 62 40 78 2E 63 6F 6D"),
    *((MAIL, base64.b64encode(b"-" * shift + MAIL.encode() + b"!").decode()) for shift in range(3)),
    (MAIL, base64.encodebytes(b"a" * 50 + MAIL.encode()).decode()),
    ("bob%40x.com", "bob@x.com"),
    ("istanbul@x.com", "İSTANBUL@X.COM"),
    ("İSTANBUL@X.COM", "istanbul@x.com"),
    ("ısparta road", "ISPARTA ROAD"),
    ("strasse 5 bonn", "Straße 5, Bonn"),
    ("STRAẞE 5 BONN", "strasse 5 bonn"),
    ("cafe@paris.fr", "cafe\u0301@paris.fr"),
    ("café@paris.fr", "cafe@paris.fr"),
    ("kelvin road", "\u212aelvin road"),
    ("٢٠٢٦٠٥٠١", "20260501"),
    ("https://x.com/a", "http://x.com/a/"),
    ("http://x.com/a", "HTTPS://X.COM/a"),
    ("https://x.com/a", "x.com/a"),
    ("https://x.com/a b", "https%3A%2F%2Fx.com%2Fa+b"),
    ("mailto:bob@x.com", "bob@x.com"),
    (IBAN, "GB29 NWBK 6016 1331 9268 19"),
    ("GB29 NWBK 6016 1331 9268 19", IBAN.lower()),
    ("+1 (555) 123-4567", "+15551234567"),
    ("2026-05-01", "2026/05/01"),
    ("田中", "宛先は田中さんです"),
    ("\U0001d41b\U0001d428\U0001d41b@x.com", "bob@x.com"),
    (MAIL, r"\ud835\udc1b\ud835\udc28\ud835\udc1b@x.com"),
    (7, "in 7 days"),
    ("7", "7"),
    ("EUR", "5 eur"),
    ("Bob", "Hi BOB, "),
    ("B o b", "B  o\n b"),
    (50, "50.00"),
    (12.5, "12.50"),
    (12.5, "12,5"),
    (1500, "1,500"),
    (1500, "1 500.00"),
    (-1500, "1.500"),
    (1500000, "1,500,000.00"),
    ("Paris", "née à PARIS, “là”"),
    ("née", "a b née c"),
    ("a\ud800bcdefgh", "a\ud800bcdefgh"),
    ("nabcdefgh", r"x\nabcdefgh"),
    ("100%25abcd", "100%25abcd"),
]
UNLIKE = [
    (MAIL, "bob at x dot com"),
    (MAIL, "rob@x.com"),
    (MAIL, "bоb@x.com"),  # a Cyrillic letter: another address
    (MAIL, "moc.x@bob"),
    (7, "17 71 a7 7a"),
    ("Bob", "Bobby"),
    (50, "500"),
    (50, "150"),
    (1500, "15000"),
    (True, "true"),
    ("Oslo", "Osl o"),
    (MAIL, ""),
]


@pytest.mark.parametrize(("value", "text"), LIKE)
def test_what_others_wrote_is_untrusted_in_any_way_of_writing(value: Any, text: str) -> None:
    """And that wins over what was typed: it is no longer only the person's."""
    written = value if isinstance(value, str) else str(value)
    assert "untrusted" == said(f"{written} {written}", written, text).origin(value)
    assert "untrusted" == said(untrusted=text).origin([MAIL, "other", value])


@pytest.mark.parametrize(("value", "text"), UNLIKE)
def test_what_others_wrote_otherwise_is_not_found(value: Any, text: str) -> None:
    """The stated limits, and words that are others."""
    assert "none" == said(untrusted=text).origin(value)


@given(st.text(max_size=30), st.text(max_size=60), st.text(max_size=30))
def test_a_value_is_found_wherever_it_stands(before: str, value: str, after: str) -> None:
    """A long value within any text of others is untrusted or, without a letter and a digit, unknown."""
    value = f"{value}12345678"
    assert "untrusted" == said(untrusted=before + value + after).origin(value)


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_a_short_value_is_found_between_spaces(value: str, before: str) -> None:
    found = said(untrusted=f"{before} {value} and").origin(value)
    assert found == ("untrusted" if said().origin(value) == "none" else None)


# --- items ----------------------------------------------------------------------------------------------------


def test_a_value_is_as_bad_as_its_worst_item() -> None:
    heard = said("for bob@x.com", "then ann@x.com", "but eve@evil.com")
    assert "user" == heard.origin([MAIL, MAIL])
    assert "trusted" == heard.origin([MAIL, "ann@x.com"])
    assert "none" == heard.origin([MAIL, "ann@x.com", "who@x.com"])
    assert "untrusted" == heard.origin([MAIL, "ann@x.com", "who@x.com", "eve@evil.com"])
    assert "untrusted" == heard.origin({"to": [{"mail": MAIL}, {"mail": "eve@evil.com"}], "note": "who@x.com"})
    assert (True, False) == (heard.named_by_user([MAIL]), heard.named_by_user([MAIL, "ann@x.com"]))


@pytest.mark.parametrize(
    "value", [None, "", " \n", "!!", "\u200b", "👍", "\u3164", [], {}, [[]], {"a": []}, [MAIL, ""], [MAIL, None]]
)
def test_what_says_nothing_is_unknown(value: Any) -> None:
    """Nothing can be told of an item without a letter and a digit, so nothing of the whole."""
    assert (None, None) == (said(MAIL).origin(value), said(MAIL).named_by_user(value))


def test_an_unknown_item_may_be_worse_than_the_rest() -> None:
    """It may be untrusted, so the whole is not `none`; the person has not named all of it."""
    heard = said(MAIL)
    assert (None, False) == (heard.origin([MAIL, "who@x.com", ""]), heard.named_by_user([MAIL, "who@x.com", ""]))


def test_what_is_certain_is_said_beside_what_is_unknown() -> None:
    """No item makes an untrusted value better, and none makes the person have named all of it."""
    heard = said(MAIL, untrusted="eve@evil.com")
    assert "untrusted" == heard.origin(["", "eve@evil.com"])
    assert False is heard.named_by_user(["", "eve@evil.com"])


def test_keys_are_items_where_they_are_no_plain_names() -> None:
    """`to` is the schema's; an address as a key is content."""
    heard = said(MAIL, untrusted="to eve@evil.com")
    assert "user" == heard.origin({"to": MAIL, "Reply-To": MAIL})
    assert "untrusted" == heard.origin({"eve@evil.com": MAIL})
    assert "none" == heard.origin({"who@x.com": MAIL})


def test_items_that_equal_each_other_in_python_are_told_apart() -> None:
    """True is not 1, and the text `1000` is looked for as the number is."""
    assert "none" == said("1000").origin([1000, True])
    assert "user" == said("1000").origin([1000, "1000"])


@pytest.mark.parametrize(
    ("cap", "value"),
    [("MAX_TEXT", MAIL), ("MAX_ITEM", MAIL), ("MAX_ITEMS", [MAIL, "b", "c"]), ("MAX_WORK", MAIL)],
)
def test_over_a_cap_nothing_is_told(cap: str, value: Any) -> None:
    """Whatever was found before."""
    with mock.patch.object(origin, cap, 2):
        heard = said("for bob@x.com", untrusted="bob@x.com")
        assert (None, None) == (heard.origin(value), heard.named_by_user(value))
        assert None is heard.answer(ORIGIN, value)


def test_hostile_text_takes_time_in_proportion() -> None:
    """Texts made for backtracking and for many near misses end."""
    for text in ("a " * 200_000, "%25" * 100_000, "&a" * 200_000, "\\" * 300_000, "é" * 300_000, "bob" * 100_000):
        heard = said(text, text, text)
        for value in ("a  a", "a a b", "aaaaaaaab", "b ob", "%25%2", MAIL, 7):
            heard.origin(value)


# --- values ---------------------------------------------------------------------------------------------------


def test_what_was_said_is_a_value() -> None:
    """Adding gives another, and the old one stays as it was, also where two go different ways from one."""
    start = Said().typed("hello there").untrusted("nothing")
    one = start.untrusted("from eve@evil.com").typed("to ann@x.com")
    two = start.untrusted("from mal@evil.com").typed("to bob@x.com")
    for heard, mine, other in ((one, "eve@evil.com", "mal@evil.com"), (two, "mal@evil.com", "eve@evil.com")):
        assert ("untrusted", "none") == (heard.origin(mine), heard.origin(other))
    assert ("user", "none") == (two.origin(MAIL), one.origin(MAIL))
    assert ["none"] * 4 == [start.origin(each) for each in ("eve@evil.com", "mal@evil.com", MAIL, "ann@x.com")]
    assert "user" == start.origin("hello")


@given(st.lists(st.tuples(st.sampled_from(list(By)), st.sampled_from(["bob@x.com", "Bob", "BOB@x.com 1000", "x"]))))
def test_asking_in_between_changes_nothing(steps: list[tuple[By, str]]) -> None:
    """What was found is remembered; the answer is the one of texts heard at once, for all that were there then."""
    values = (MAIL, "Bob", 1000, ["x", MAIL])
    heard = [Said()]
    for by, text in steps:
        heard.append(heard[-1].plus(by, [text], len(text)))
        heard[-1].origin(MAIL)
    for count, each in reversed(list(enumerate(heard))):
        fresh = Said()
        for by, text in steps[:count]:
            fresh = fresh.plus(by, [text], len(text))
        assert [fresh.origin(value) for value in values] == [each.origin(value) for value in values]
        assert [fresh.named_by_user(value) for value in values] == [each.named_by_user(value) for value in values]


# --- what the log does not have -------------------------------------------------------------------------------


def test_without_prompts_nothing_was_captured() -> None:
    assert (False, True) == (said(trusted=MAIL).prompts, said("x").prompts)
    assert UNCAPTURED is said(trusted=MAIL, untrusted=MAIL).answer(ORIGIN, MAIL)
    assert UNCAPTURED is said(trusted=MAIL).answer(NAMED, MAIL)


def test_what_is_missing_matters_only_where_it_may_change_the_answer() -> None:
    heard = said("for bob@x.com", "ann@x.com", "eve@evil.com")
    values = ("eve@evil.com", MAIL, "ann@x.com", "who@x.com", True)
    no = UNCAPTURED

    def all_of(by: By) -> list[object]:
        return [heard.lacking(by).answer(ORIGIN, value) for value in values]

    assert ["untrusted", no, no, no, no] == all_of(By.UNTRUSTED)
    assert ["untrusted", "user", no, no, "none"] == all_of(By.TYPED)
    assert ["untrusted", "user", "trusted", no, "none"] == all_of(By.TRUSTED)
    named = [heard.lacking(By.TYPED).answer(NAMED, value) for value in (MAIL, "who@x.com", [MAIL, True])]
    assert [True, no, False] == named
    assert False is heard.lacking(By.UNTRUSTED).answer(NAMED, "who@x.com")
