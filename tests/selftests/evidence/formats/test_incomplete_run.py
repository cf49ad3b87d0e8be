"""No file of a run that was cut short shows it as proved; each says that it is incomplete, and why."""

import json
import xml.etree.ElementTree as ET

import pytest
from fake_run import HELD, LOST, facts, judgement

from media_guarantees.core.verdict import BROKEN, PROVED
from media_guarantees.evidence.formats.bundle import FILES
from media_guarantees.evidence.formats.github import annotate
from media_guarantees.evidence.run_summary import RunFacts

FORMS = [name for name in FILES if name.startswith("guarantees.")]


@pytest.fixture(name="run")
def _run() -> RunFacts:
    return facts(stopped="interrupted by Ctrl-C", not_run=7)


def text_of(name: str, run: RunFacts) -> str:
    return FILES[name](run, [judgement(PROVED, HELD)])


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_why_it_was_cut_short_and_how_much_is_missing(name: str, run: RunFacts) -> None:
    text = text_of(name, run)

    assert "interrupted by Ctrl-C" in text
    assert "7" in text.replace("2.7", "")


def test_the_json_is_not_proved(run: RunFacts) -> None:
    content = json.loads(text_of("guarantees.json", run))

    assert (content["verdict"], content["complete"], content["reason"], content["not_run"]) == (
        "unproven",
        False,
        "interrupted by Ctrl-C",
        7,
    )


def test_the_markdown_is_not_headed_proved(run: RunFacts) -> None:
    assert text_of("guarantees.md", run).startswith("# 🟡 Media guarantees: unproven\n")


def test_the_page_is_headed_unproven_in_both_languages(run: RunFacts) -> None:
    page = text_of("guarantees.html", run)

    assert "<title>Media guarantees: unproven</title>" in page
    assert "Every promise that the storage guide makes was shown to hold." not in page
    assert "Incomplete." in page
    assert "Incompleta." in page


def test_junit_has_an_error(run: RunFacts) -> None:
    (suite,) = ET.fromstring(text_of("guarantees.junit.xml", run).encode())  # noqa: S314 - our own, just written

    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")
    assert [error.get("message") for error in suite.iter("error")] == [f"incomplete: {run.cut_short}"]


def test_tap_bails_out(run: RunFacts) -> None:
    assert text_of("guarantees.tap", run).splitlines()[-1] == f"Bail out! {run.cut_short}"


def test_github_shows_an_error(run: RunFacts, tmp_path: object) -> None:
    del tmp_path
    assert list(annotate(run, [judgement(PROVED, HELD)], None)) == [  # type: ignore[arg-type]
        f"::error title=the run is incomplete::{run.cut_short}"
    ]


def test_a_broken_run_stays_broken(run: RunFacts) -> None:
    assert run.verdict([judgement(BROKEN, LOST), judgement(PROVED, HELD)]) == BROKEN


@pytest.mark.parametrize("name", FORMS)
def test_a_whole_run_is_nowhere_called_incomplete(name: str) -> None:
    assert "interrupted" not in text_of(name, facts())
    assert "Bail out" not in text_of(name, facts())


@pytest.mark.parametrize("name", ["guarantees.json", "guarantees.md", "guarantees.html"])
def test_what_could_not_be_gathered_is_a_line(name: str) -> None:
    gap = "the logs of web-project could not be read: No space left on device"

    assert gap in text_of(name, facts(gaps=[gap]))
