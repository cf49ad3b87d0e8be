"""The Markdown starts with the verdict, fits into a comment, and no text of a run acts as markup in it."""

import pytest
from fake_run import HELD, HOSTILE, LOST, facts, hostile_run, judgement
from markdown_it import MarkdownIt

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.markdown import as_markdown, code
from media_guarantees.evidence.judgement import TestRecord


def test_it_is_run_again_as_it_was_run() -> None:
    run = facts(command="make verify ENGINE=shared")

    assert "again: make verify ENGINE=shared ARGS='tests/x.py::test_lost'" in as_markdown(
        run, [judgement(BROKEN, LOST)]
    )


def rows(markdown: str) -> list[str]:
    return [line for line in markdown.splitlines() if line.startswith("| ") and "`" in line]


def test_the_table_has_a_row_for_each_guarantee() -> None:
    page = as_markdown(
        facts(), [judgement(PROVED, HELD), judgement(UNPROVEN, name="beyond.power_loss", reason="no root")]
    )

    assert rows(page) == [
        "| ✓ | `persistence.recreate` Media survive a recreated container | proved | 1 | `12 files` |",
        "| ? | `beyond.power_loss` What was acknowledged survives a power cut | unproven | 0 | `no root` |",
    ]


def test_the_page_begins_with_the_verdict_the_counts_and_the_engine() -> None:
    page = as_markdown(facts(), [judgement(BROKEN, LOST)])

    assert page.startswith("# 🔴 Media guarantees: broken\n")
    assert "0 proved, 1 broken, 0 unproven; 10 s on a private engine 20.10.24." in page


def test_the_page_explains_every_broken_promise_and_no_other() -> None:
    page = as_markdown(facts(), [judgement(PROVED, HELD), judgement(BROKEN, LOST, name="backup.complete")])

    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## ✗ Broken: The backup holds everything, and nothing else"
    ]
    assert "next: restore the last backup" in page


def test_what_was_seen_can_not_break_the_table() -> None:
    odd = TestRecord("x", (), "passed", "call", 0.1, evidence=["a|b\nc"])

    (row,) = rows(as_markdown(facts(), [judgement(PROVED, odd)]))

    assert row.endswith(r"| 1 | `a\|b c` |")


def test_what_stood_in_for_the_real_images_is_named() -> None:
    assert "Images that others stood in for: `ubuntu`." in as_markdown(facts(), [judgement()])


def test_the_table_is_folded_away_where_something_is_broken() -> None:
    assert "<details><summary>" in as_markdown(facts(), [judgement(BROKEN, LOST)])
    assert "<details open><summary>" in as_markdown(facts(), [judgement(PROVED, HELD)])


@pytest.mark.parametrize("text", HOSTILE)
def test_code_shows_what_was_seen_and_nothing_of_it_acts(text: str) -> None:
    tokens = MarkdownIt("commonmark").parseInline(code(text, 1000))

    assert [child.type for child in tokens[0].children or []] == ["code_inline"]


def test_nothing_that_was_seen_acts_in_the_page() -> None:
    page = as_markdown(*hostile_run())

    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    acting = [
        (child.type, child.content)
        for token in tokens
        for child in token.children or []
        if child.type in {"link_open", "image", "html_inline"}
    ]
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert acting == []
    assert blocks == ["<details><summary>All 3 guarantees</summary>", "</details>"]
    assert [token.type for token in tokens].count("fence") == 1, "an explanation ended its own block of code"


def test_a_comment_holds_it_however_much_is_broken() -> None:
    talkative = [
        TestRecord(f"tests/x.py::test_{n}", (), "failed", "call", 0.1, f"seen: {n} {'x' * 9000}", asserted=True)
        for n in range(40)
    ]

    page = as_markdown(facts(), [judgement(BROKEN, test) for test in talkative])

    assert len(page) < 65_536
    assert "more broken promises are explained in guarantees.html." in page
    assert page.count("| ✗ |") == 40, "the table is whole, whatever else is left out"
