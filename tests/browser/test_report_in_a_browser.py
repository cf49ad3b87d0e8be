"""The report in a real browser: it opens without an error, loads nothing from elsewhere, and is accessible."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import Opened
from fake_run import HOSTILE, LOST, hostile_run, judgement, typical_run
from playwright.sync_api import Page

from media_guarantees.core.escaping import printable
from media_guarantees.core.verdict import BROKEN
from media_guarantees.evidence.formats.bundle import as_json
from media_guarantees.evidence.formats.html_page import as_html

Open = Callable[..., Opened]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def shown(page: Page) -> list[str]:
    """Return the ids of the guarantees that can be seen."""
    return [str(card.get_attribute("id")) for card in page.locator("details.card").all() if card.is_visible()]


def unfold_everything(page: Page) -> None:
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")


@pytest.mark.parametrize("run", [typical_run, hostile_run], ids=["typical", "hostile"])
def test_it_opens_without_an_error_and_loads_nothing_from_elsewhere(
    open_report: Open, run: Callable[[], object]
) -> None:
    opened = open_report(run())

    unfold_everything(opened.page)
    opened.page.wait_for_load_state("networkidle")

    assert opened.complaints == []
    asked = [request.url for request in opened.requests if not request.url.startswith("data:")]
    assert asked == [opened.page.url]


def test_everything_that_the_json_has_is_on_the_page(open_report: Open) -> None:
    run = typical_run()
    report = as_json(*run)

    page = open_report(run).page
    unfold_everything(page)

    assert report["verdict"] in page.inner_text("h1").lower()
    assert shown(page) == [guarantee["id"] for guarantee in report["guarantees"]]
    for guarantee in report["guarantees"]:
        card = page.locator(f"[id='{guarantee['id']}']")
        text = card.inner_text()
        assert card.get_attribute("data-verdict") == guarantee["verdict"]
        wanted = [guarantee["title"], guarantee["reason"], *guarantee["evidence"]]
        for test in guarantee["tests"]:
            wanted += [test["nodeid"], test["outcome"], f"{test['seconds']:.2f} s"]
            wanted += [words for line in test["message"].splitlines() for words in line.split(": ", 1)[-1:]]
        if guarantee["promise"]:
            wanted += [guarantee["promise"]["text"], f"line {guarantee['promise']['line']}"]
        assert [words for words in wanted if words not in text] == []


@pytest.mark.parametrize("verdict", ["proved", "broken", "unproven"])
def test_a_filter_leaves_one_verdict(open_report: Open, verdict: str) -> None:
    run = typical_run()
    wanted = [guarantee["id"] for guarantee in as_json(*run)["guarantees"] if guarantee["verdict"] == verdict]
    page = open_report(run).page

    page.click(f"[data-filter={verdict}]")

    assert shown(page) == wanted
    assert page.inner_text("#shown") == str(len(wanted))
    assert page.get_attribute(f"[data-filter={verdict}]", "aria-pressed") == "true"

    page.click("[data-filter='']")
    assert len(shown(page)) == 32


def test_a_search_finds_words_wherever_they_are(open_report: Open) -> None:
    page = open_report(typical_run()).page

    page.fill("#search", "worker DIED")
    assert shown(page) == ["backup.complete"]

    page.fill("#search", "no such words")
    assert shown(page) == []
    assert page.is_visible("#nothing")


def test_evidence_opens_and_closes_by_keyboard(open_report: Open) -> None:
    page = open_report(typical_run()).page
    card = page.locator("[id='volume.mounted']")

    card.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert card.locator(".evidence").is_visible()

    page.keyboard.press("Space")
    assert not card.locator(".evidence").is_visible()


def test_all_can_be_opened_and_closed_at_once(open_report: Open) -> None:
    page = open_report(typical_run()).page

    page.click("#unfold")
    assert page.locator("details.card:not([open])").count() == 0

    page.click("#fold")
    assert page.locator("details.card[open]").count() == 0


def test_a_tile_leads_to_its_guarantee_even_where_a_filter_hides_it(open_report: Open) -> None:
    page = open_report(typical_run()).page
    page.click("[data-filter=broken]")

    page.click("a.tile[href='#volume.mounted']")

    assert page.locator("[id='volume.mounted'] .evidence").is_visible()
    assert page.evaluate("document.activeElement.parentElement.id") == "volume.mounted"


def test_what_is_broken_is_open_from_the_beginning(open_report: Open) -> None:
    page = open_report(typical_run()).page

    assert page.locator("details.card[open]").count() == 1
    assert page.locator("[id='backup.complete'] .differences").is_visible()
    assert page.locator("[id='backup.complete'] .pictures img").count() == 3


def test_a_command_is_copied_as_it_is_typed(open_report: Open) -> None:
    page = open_report(typical_run()).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    unfold_everything(page)

    button = page.locator("[id='backup.complete'] .commands .guide .copy").first
    button.click()

    assert button.inner_text() == "Copied"
    assert page.evaluate("navigator.clipboard.readText()") == "docker run --rm -v media_volume:/source ubuntu true"


def test_it_is_in_the_language_of_its_reader(open_report: Open) -> None:
    page = open_report(typical_run(), locale="pt-BR").page

    assert page.get_attribute("html", "lang") == "pt-BR"
    assert page.inner_text("h1").strip().endswith("Quebrado")
    assert "O backup contém tudo, e nada mais" in page.inner_text("[id='backup.complete']")
    assert "The backup holds everything" not in page.inner_text("main")

    page.click("[data-language=en]")
    page.reload()
    assert page.inner_text("h1").strip().endswith("Broken"), "what was chosen is forgotten"


def test_it_follows_the_readers_colour_scheme(open_report: Open) -> None:
    page = open_report(typical_run(), color_scheme="dark").page

    def lightness() -> int:
        return int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))

    assert lightness() < 50
    page.click("[data-theme=light]")
    assert lightness() > 200
    page.reload()
    assert lightness() > 200, "what was chosen is forgotten"


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize("run", [typical_run, hostile_run], ids=["typical", "hostile"])
def test_a_phone_does_not_scroll_sideways(open_report: Open, run: Callable[[], object], language: str) -> None:
    page = open_report(run(), viewport=PHONE, locale=language).page

    unfold_everything(page)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_no_barrier(open_report: Open, scheme: str, viewport: dict[str, int]) -> None:
    # Axe is a script that the page's own policy would block.
    page = open_report(typical_run(), color_scheme=scheme, viewport=viewport, bypass_csp=True).page
    unfold_everything(page)

    found = Axe().run(page)

    assert found.response["passes"], "axe has looked at nothing"
    assert found.violations_count == 0, found.generate_report()


def test_without_scripts_everything_can_be_read(open_report: Open) -> None:
    page = open_report(typical_run(), java_script_enabled=False).page

    assert page.locator("details.card").count() == 32
    assert page.inner_text("h1").strip().endswith("Broken")
    assert not page.is_visible("#filter"), "what does nothing is not shown"


def test_what_is_hostile_is_shown_and_does_nothing(open_report: Open) -> None:
    opened = open_report(hostile_run())
    unfold_everything(opened.page)

    lines = opened.page.locator("[id='volume.mounted'] .evidence li").all_text_contents()

    assert lines == [printable(text) for text in HOSTILE]
    assert opened.page.locator("script").count() == 1
    assert opened.page.locator("main img, main iframe, main [onload], main [onerror]").count() == 0
    assert opened.complaints == []


def test_the_policy_refuses_what_escaping_would_have_missed(open_report: Open) -> None:
    """The policy alone must stop a script and a picture that got into the page despite escaping."""
    opened = open_report(typical_run())

    opened.page.evaluate("""
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        const picture = new Image();
        picture.src = 'http://127.0.0.1:9/x.png';
        document.body.append(script, picture);
    """)

    assert opened.page.evaluate("window.ran") is None
    assert [request.failure for request in opened.requests if request.url.startswith("http")] == ["csp"]
    assert len([text for text in opened.complaints if "Content Security Policy" in text]) == 2


def test_however_much_a_run_saw_the_page_stays_below_a_megabyte() -> None:
    run, judgements = typical_run()
    (broken,) = [test for j in judgements for test in j.tests if test.log]
    broken.pictures = ()
    broken.log = broken.detail = "x" * 1_000_000
    broken.events = broken.events * 300
    run.events *= 100
    everything_broken = [judgement(BROKEN, broken, LOST, name=j.guarantee.identifier) for j in judgements]

    assert len(as_html(run, everything_broken).encode()) < 1_000_000
