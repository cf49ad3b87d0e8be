"""A report in a real browser without a network."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from chromium import Opened, find_chromium
from playwright.sync_api import Browser, sync_playwright

from media_guarantees.evidence.formats.html_page import as_html
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", name="browser")
def _browser() -> Iterator[Browser]:
    """Chromium without a window."""
    chromium = find_chromium(ROOT / ".cache")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.program, env={**chromium.environment})
        yield browser
        browser.close()


@pytest.fixture(name="open_report")
def _open_report(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Write a report of a run to a disk and open it there; options are those of a browser's context."""
    contexts = []

    def open_report(run: tuple[RunFacts, Sequence[Judgement]], **options: Any) -> Opened:
        file = tmp_path / "guarantees.html"
        file.write_text(as_html(*run), encoding="utf-8", errors="backslashreplace")
        settings: dict[str, Any] = {"reduced_motion": "reduce", "locale": "en", **options}
        contexts.append(context := browser.new_context(**settings))
        opened = Opened(page := context.new_page())
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("dialog", lambda dialog: opened.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", opened.note)
        page.goto(file.as_uri())
        return opened

    yield open_report
    for context in contexts:
        context.close()
