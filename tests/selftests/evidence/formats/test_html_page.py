"""The page has everything that the JSON has, in both languages, escaped, under a strict content security policy.

``make browser`` tests it in a browser.
"""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from fake_run import HELD, HOSTILE, LOST, facts, hostile_run, judgement, typical_run

from media_guarantees.core.escaping import printable
from media_guarantees.core.journal import Event
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import CATALOGUE
from media_guarantees.evidence.catalogue_pt import CATALOGUE_PT
from media_guarantees.evidence.formats.html_page import COMMANDS_SHOWN, WEB, as_html, as_typed
from media_guarantees.evidence.judgement import Judgement, TestRecord
from media_guarantees.evidence.run_summary import RunFacts


class Reader(HTMLParser):
    """Collects a page's elements and its text, without style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self._within = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record an element and its attributes."""
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        """Leave a style or script element."""
        del tag
        self._within = ""

    def handle_data(self, data: str) -> None:
        """Record text."""
        if self._within not in {"style", "script"}:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        """The whole text, on one line."""
        return "".join(self.pieces)


def read(*judgements: Judgement, run: RunFacts | None = None) -> Reader:
    return Reader(as_html(run or facts(), judgements))


def test_every_guarantee_is_there_in_both_languages() -> None:
    run, judgements = typical_run()

    text = read(*judgements, run=run).text

    titles = [guarantee.title for guarantee in CATALOGUE] + [title for title, _ in CATALOGUE_PT.values()]
    assert [title for title in titles if title not in text] == []


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (judgement(PROVED, HELD), ["Proved", "Provado"]),
        (
            judgement(BROKEN, LOST),
            ["Broken", "Quebrado", "3 files are missing", "they are lost", "restore the last backup"],
        ),
        (judgement(UNPROVEN, reason="no root"), ["Unproven", "Sem prova", "no root"]),
    ],
    ids=["proved", "broken", "unproven"],
)
def test_the_verdict_and_its_reasons_are_reported(judged: Judgement, words: list[str]) -> None:
    text = read(judged).text

    assert [word for word in words if word not in text] == []


def test_the_promise_is_quoted_with_its_line() -> None:
    text = read(judgement(PROVED, HELD)).text

    assert "Media persist when containers are recreated" in text
    assert re.search(r"guide\.md, linelinha 15", text)


def test_a_promise_in_portuguese_is_read_out_in_portuguese() -> None:
    promise = judgement().promise
    assert promise is not None

    page = read(judgement(promise=replace(promise, text="A mídia não se perde")), judgement(name="backup.complete"))

    assert [attributes["lang"] for tag, attributes in page.elements if tag == "q"] == ["pt-BR", "en"]


def test_what_the_guide_does_not_say_is_reported() -> None:
    assert "the guide under test has no such sentence or command" in read(judgement(promise=None)).text
    beyond = judgement(UNPROVEN, name="beyond.power_loss", promise=None)
    assert "beyond what the guide promises" in read(beyond).text


def test_what_it_means_is_reported_once_where_only_the_catalogue_knows() -> None:
    bare = TestRecord("tests/x.py::test_bare", (), "failed", "call", 0.1, "12 != 11", asserted=True)
    judged = judgement(BROKEN, bare)

    assert read(judged).text.count(judged.guarantee.means) == 1


def test_nothing_that_was_seen_is_markup() -> None:
    page = Reader(as_html(*hostile_run()))

    names = {tag for tag, _ in page.elements}
    events = [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert names.isdisjoint({"iframe", "img", "b onload", "object", "embed", "form", "base"})
    assert events == []
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 1
    assert [text for text in HOSTILE if printable(text) not in page.text] == []


def test_the_policy_names_the_only_style_and_the_only_script() -> None:
    page = as_html(facts(), [judgement()])
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)

    assert policy.startswith("default-src 'none'; ")
    for kind, tag in (("style", "style"), ("script", "script")):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_nothing_is_fetched_from_anywhere() -> None:
    run, judgements = typical_run()
    page = Reader(as_html(run, judgements))

    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in {"src", "href"}]
    assert links
    assert [link for link in links if link and not link.startswith(("#", "data:image/"))] == []
    assert [name for name in ("report.css", "report.js") if "http" in (WEB / name).read_text("utf-8")] == []


def test_the_files_of_the_page_have_no_attribute_that_the_policy_would_refuse() -> None:
    assert not re.search(r'\s(style|on\w+)="', (WEB / "report.html").read_text("utf-8"))


def command(number: int, kind: str = "command") -> Event:
    return Event(kind, f"docker ps {number}", 0.0, 0.1, 0)


def test_the_commands_of_its_tests_are_listed_and_the_rest_is_counted() -> None:
    events = [*(command(number) for number in range(COMMANDS_SHOWN + 5)), command(1, "request"), command(2, "request")]

    text = read(judgement(PROVED, replace(HELD, events=events))).text

    assert "docker ps 59" in text
    assert "docker ps 60" not in text
    assert "+ 5 commands" in text
    assert re.search("2 . requests to the service", text)


def test_a_guarantee_shows_the_guides_command_that_ran_once_for_several() -> None:
    ran = replace(
        HELD, nodeid="tests/b.py::test_first", events=[Event("guide", "bash -c 'tar -c $(pwd)'", 0.0, 1.0, 0)]
    )
    looked = replace(HELD, nodeid="tests/b.py::test_second")

    page = read(judgement(PROVED, ran, name="backup.created"), judgement(PROVED, looked, name="backup.complete"))

    assert page.text.count("tar -c $(pwd)") == 2
    assert page.text.count("the guide's ran once, for several of these") == 1


@pytest.mark.parametrize(
    ("event", "typed"),
    [
        (Event("guide", "bash -c 'tar -c $(pwd)'"), "tar -c $(pwd)"),
        (Event("guide", "env bash -c x"), "env bash -c x"),
        (Event("command", "bash -c 'tar'"), "bash -c 'tar'"),
    ],
    ids=["the guide's", "the guide's, in the background", "the suite's"],
)
def test_the_guides_commands_are_shown_as_they_are_typed(event: Event, typed: str) -> None:
    assert as_typed(event) == typed


def test_differences_are_a_table() -> None:
    detail = "after x: 1 missing\n  missing  'a: \\'b\\'': file, 1 byte\n  … and 3 more"
    page = read(judgement(BROKEN, replace(LOST, detail=detail)))

    assert [tag for tag, _ in page.elements].count("td") == 5
    assert "a: \\'b\\'" in page.text


def test_a_log_that_several_tests_share_is_shown_once() -> None:
    again = replace(LOST, nodeid="tests/x.py::test_again", log="worker died")

    assert read(judgement(BROKEN, replace(LOST, log="worker died"), again)).text.count("worker died") == 1
