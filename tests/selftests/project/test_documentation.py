"""What the documentation names exists in the code: commands, options, guarantees, files, keys of a report, links."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_run import typical_run

from fixtures import options
from media_guarantees.__main__ import COMMANDS
from media_guarantees.evidence.catalogue import CATALOGUE
from media_guarantees.evidence.formats.bundle import as_json

ROOT = Path(__file__).parents[3]
READMES = (ROOT / "README.md", ROOT / "README.pt-BR.md")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = dict(re.findall(r"^([a-z][a-z-]*):.*?  ## (.*)", MAKEFILE, re.MULTILINE))
# Folders whose files a page may name.
FOLDERS = "media_guarantees|fixtures|tests|tools|docs|service|bench|recipes|requirements|\\.github|\\.ci"
README_LINES = 250

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def section(text: str, title: str) -> str:
    """Return what a page says below a heading, up to the next heading of the same depth or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[2]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables in a text, without headings."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|-: "):
            yield cells


def code(text: str) -> list[str]:
    """Return what a page prints as code, in a sentence or in a block."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [*re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)), *blocks]


def console_commands(page: Path) -> list[str]:
    """Return the commands that a page prints after a prompt, without their comments."""
    return [re.sub(r"\s+#.*", "", line) for line in re.findall(r"^\$ (.*)", page.read_text("utf-8"), re.MULTILINE)]


def links(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")) if "://" not in link]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_a_readme_is_short_enough_to_be_read(page: Path) -> None:
    assert len(page.read_text("utf-8").splitlines()) <= README_LINES, "move details to a page of docs/"


def test_both_readmes_show_the_same_commands_and_lead_to_the_same_pages() -> None:
    english, portuguese = READMES

    assert console_commands(english) == console_commands(portuguese)
    assert {*links(english)} - {portuguese.name, "docs/report.png"} == {*links(portuguese)} - {
        english.name,
        "docs/relatorio.png",
    }


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page

        assert target.exists(), f"{page.name} links to {link}, and there is no such file"
        assert not anchor or anchor in anchors(target), f"{target.name} has no heading for #{anchor}"


@every_page
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = {target for text in code(page.read_text("utf-8")) for target in re.findall(r"\bmake ([a-z][a-z-]+)", text)}

    assert named <= {*TARGETS}, f"{page.name} names targets that the Makefile doesn't have"


def test_the_page_of_commands_lists_every_target_of_the_makefile() -> None:
    listed = re.findall(r"^\| `make ([a-z-]+)", section(text_of("options.md"), "Commands"), re.MULTILINE)

    assert sorted(listed) == sorted({*TARGETS} - {"help"}), "docs/options.md has one row for each target"


def test_the_page_of_commands_lists_those_of_the_package() -> None:
    commands = section(text_of("options.md"), "Commands")

    assert [name for name in COMMANDS if f"`{name}`" not in commands] == []


def options_in_the_code() -> dict[str, str]:
    """Return every option of the run with its default, as pytest gets them."""
    found = dict[str, str]()
    keys = dict[str, str]()
    group = SimpleNamespace(addoption=lambda name, **_: found.setdefault(name, ""))

    def addini(name: str, *_: Any, default: Any = "", **__: Any) -> None:
        keys[f"--{name.replace('_', '-')}"] = {False: "off", "": "none"}.get(default, default)

    options.pytest_addoption(SimpleNamespace(getgroup=lambda _: group, addini=addini))  # type: ignore[arg-type]
    assert {*found} == {*keys}, "an option without an ini key, or the reverse"
    return keys


def options_in_the_documentation() -> Iterator[tuple[str, str, str]]:
    """Yield each option with its variable of make and its default."""
    page = text_of("options.md")
    for title in ("Options of a run", "Options of the deploy gate"):
        for variable, option, default, *_ in rows(section(page, title)):
            if option.startswith("`--"):
                yield option.strip("`"), variable.strip("`").partition("=")[0], default.strip("`")


def test_every_option_is_documented_with_its_default() -> None:
    documented = {option: default for option, _, default in options_in_the_documentation() if option != "--hosts"}

    assert documented == options_in_the_code(), "docs/options.md has one row for each option of fixtures/options.py"


def test_every_option_is_documented_with_its_variable_of_make() -> None:
    (given_options,) = re.findall(r"^OPTIONS := (.*?)\n\n", MAKEFILE, re.MULTILINE | re.DOTALL)
    given = {option: name for name, option in re.findall(r"\$\(if \$\((\w+)\),(--[a-z-]+)", given_options)}
    by_make_itself = {"--hosts": "HOSTS", "--beyond": "BEYOND"}  # not by one `$(if …)` of their own
    documented = {option: name for option, name, _ in options_in_the_documentation() if name}

    assert documented == {**given, **by_make_itself}, "the Makefile's OPTIONS and docs/options.md"


def test_every_further_variable_of_make_exists() -> None:
    variables = [
        name.strip("`") for name, *_ in rows(section(text_of("options.md"), "Precedence and further variables"))
    ]

    assert [name for name in variables[1:] if f"$({name})" not in MAKEFILE and f"{name})," not in MAKEFILE] == []


def test_the_page_of_guarantees_lists_the_catalogue() -> None:
    listed = [cells[0].strip("`") for cells in rows(section(text_of("guarantees.md"), "List")) if cells[0] != "id"]

    assert listed == [guarantee.identifier for guarantee in CATALOGUE]


@every_page
def test_every_guarantee_that_a_page_names_is_in_the_catalogue(page: Path) -> None:
    identifiers = {guarantee.identifier for guarantee in CATALOGUE}
    families = "|".join(sorted({identifier.partition(".")[0] for identifier in identifiers}))
    named = {text for text in code(page.read_text("utf-8")) if re.fullmatch(rf"(?:{families})\.[a-z_]+", text)}

    assert named <= identifiers


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_the_run_in_a_readme_shows_guarantees_as_the_terminal_does(page: Path) -> None:
    shown = re.findall(r"^[✓✗?] \w+ +(\S+\.\S+) +(.+)$", page.read_text("utf-8"), re.MULTILINE)

    assert shown
    assert {*shown} <= {(guarantee.identifier, guarantee.title) for guarantee in CATALOGUE}


@every_page
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # it names what was there
    named = {text for text in code(page.read_text("utf-8")) if re.fullmatch(rf"(?:{FOLDERS})/[\w./*-]*", text)}

    assert [name for name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))] == []


@every_page
def test_every_module_that_a_page_runs_is_there(page: Path) -> None:
    named = {name for text in code(page.read_text("utf-8")) for name in re.findall(r"python3? -m ([\w.]+)", text)}
    ours = {name for name in named if name not in {"pytest", "http.server", "build"}}

    assert [name for name in sorted(ours) if not list(ROOT.glob(f"{name.replace('.', '/')}*"))] == []


def test_the_rooms_are_described_in_the_order_in_which_they_may_import() -> None:
    layers = re.search(r"layers = \[([^]]*)\]", (ROOT / "pyproject.toml").read_text())
    described = [cells[0].strip("`") for cells in rows(section(text_of("development.md"), "The rooms"))]
    rooms = described[1 : described.index("folder")]

    assert layers
    assert rooms == [name for name in reversed(re.findall(r'"(\w+)"', layers[1])) if name != "settings"]
    assert {*rooms} == {path.parent.name for path in (ROOT / "media_guarantees").glob("*/__init__.py")}


def test_what_is_written_by_hand_is_there() -> None:
    modules = {path.stem for path in (ROOT / "media_guarantees").rglob("*.py")}
    listed = [
        name
        for cells in rows(section(text_of("dependencies.md"), "Written by hand, and why"))
        for name in re.findall(r"`(\w+)`", cells[0])
    ]

    assert listed
    assert [name for name in listed if name not in modules] == []


def test_every_direct_dependency_has_its_reason() -> None:
    page = text_of("dependencies.md")
    required = {
        line.partition(";")[0].partition("=")[0].strip()
        for file in [*(ROOT / "requirements").glob("*.in"), ROOT / "service/requirements.in"]
        for line in file.read_text().splitlines()
        if line and not line.startswith(("#", "-r"))
    }

    assert [name for name in sorted(required) if f"`{name}`" not in page and not name.startswith("types-")] == []


def keys(value: object) -> object:
    """Return what is in a piece of JSON, without its values: keys, and keys of the first element of a list."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_example_of_a_report_has_the_keys_of_a_report() -> None:
    example = re.search(r"```json\n(.*?)```", text_of("evidence.md"), re.DOTALL)
    facts, judgements = typical_run()
    written = as_json(facts, judgements)
    written["guarantees"] = [found for found in written["guarantees"] if found["promise"] and found["tests"]]

    assert example
    assert keys(json.loads(example[1])) == keys(written)
