"""Names and logs are shown unchanged, except for characters that would act invisibly."""

import pytest

from media_guarantees.core.escaping import printable, shortened


@pytest.mark.parametrize(
    "text", ["avatar-ação.png", "festa 🎉.gif", "日本語", "tab\there", "two\nlines", "nb\u00a0sp", "<b>&amp;</b>", ""]
)
def test_what_is_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("nul\x00", r"nul\x00"),
        ("back\x08", r"back\x08"),
        ("over\rwrite", r"over\x0dwrite"),
        ("dos\r\nline", "dos\nline"),
        ("\x85next", r"\x85next"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("\u2028", r"\u2028"),
        ("\ufeff", r"\ufeff"),
        (b"\xff\xfe.jpg".decode(errors="surrogateescape"), r"\xff\xfe.jpg"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_would_act_unseen_is_shown_by_its_code(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_short_text_stays_whole() -> None:
    assert shortened("abc", 3) == "abc"


def test_a_long_text_says_how_much_was_left_out() -> None:
    assert shortened("abcdef", 4) == "abcd\n… and 2 characters more"
