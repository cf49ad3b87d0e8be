"""The structure of the project, as far as import-linter can't check it (pyproject.toml has what it does check).

Fixtures ask only for fixtures of earlier stages, the rooms at the start work on a bare Python, no room grows too large,
every module has a test, and the service doesn't know that it is tested.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLUGINS = ["options", "engine", "stack", "media", "procedures", "deploy", "terminal_progress", "evidence"]
# Rooms, and modules of others, that have to work where nothing is installed but Python.
ON_BARE_PYTHON = ["core", "system", "engine", "archive", "settings", "cli"]
MOST_MODULES = 12
# Large libraries that a run needs later, or only in some runs.
LOADED_LATER = ["ctypes", "docker", "docutils", "jinja2", "markdown_it", "rich"]
STAGES = [name for name in PLUGINS if name != "terminal_progress"]  # which is only what evidence is shown on
LIBRARY = sorted((ROOT / "media_guarantees").rglob("[!_]*.py"))
TESTS = sorted(
    path for folder in ("guarantees", "deploy", "faults") for path in (ROOT / "tests" / folder).glob("**/*.py")
)
SERVICE = sorted(path for path in (ROOT / "service").rglob("*.py") if "__pycache__" not in path.parts)
SHIPPED = sorted(
    [path for path in SERVICE if path.parent.name != "tests"]
    + [ROOT / "service/Dockerfile", ROOT / "service/requirements.in"]
)

# Module: the test that tries it, or none, and the reason.
WITHOUT_OWN_TEST = {
    "host_listing": (
        "test_container_listing",
        "reads a tree in the very words of the listing, and is compared with it there",
    ),
    "docker_commands": (
        "test_reader",
        "understands the guide's commands, which the guide's tests print in every spelling",
    ),
    "awkward_names": ("test_container_listing", "plants the trees on which the readers are tried"),
    "stable_scan": ("test_container_listing", "is what listing and directory have in common"),
    "problem": ("test_strict_tar", "is what all readers of archives raise, and is asked for there"),
    "transfers": ("test_reader", "recognises backups and restores, which the guide's tests print in every shape"),
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Return the full name of each module that a file imports, anywhere in it, and of what it takes from there."""
    package = ".".join(path.relative_to(ROOT).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def imports_any_of(path: Path, *modules: str) -> list[str]:
    """Return which of `modules`, or of what is in them, a file imports."""
    return sorted(name for name in imports_of(path) if any(f"{name}.".startswith(f"{module}.") for module in modules))


def library_imports(path: Path) -> set[str]:
    """Return the short names of the library's modules that a file imports."""
    return {module.stem for module in LIBRARY if dotted(module) in imports_of(path)}


def dotted(path: Path) -> str:
    """Return the full name of a module of the library."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_pytest_loads_the_stages_in_their_order() -> None:
    (plugins,) = [
        node.value for node in ast.parse((ROOT / "conftest.py").read_bytes()).body if isinstance(node, ast.Assign)
    ]

    assert ast.literal_eval(plugins) == [f"fixtures.{stage}" for stage in STAGES]


@pytest.mark.parametrize("name", ON_BARE_PYTHON)
def test_what_a_bare_python_runs_imports_nothing_else(name: str) -> None:
    """-S leaves out the packages of the virtual environment. Modules that import one anyway fail there."""
    modules = [dotted(path) for path in LIBRARY if f"{dotted(path)}.".startswith(f"media_guarantees.{name}.")]
    finished = subprocess.run(
        [sys.executable, "-S", "-c", f"import {', '.join(modules)}"], cwd=ROOT, capture_output=True, text=True
    )

    assert modules
    assert finished.returncode == 0, finished.stderr


@cache
def loaded_with_the_plugins() -> list[str]:
    """Return the names of all modules that are loaded before a run's first line."""
    plugins = ", ".join(f"fixtures.{plugin}" for plugin in PLUGINS)
    code = f"import sys, {plugins}; print(*sys.modules)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.split()


@pytest.mark.parametrize("library", LOADED_LATER)
def test_a_runs_first_line_does_not_wait_for_a_library_that_is_needed_later(library: str) -> None:
    assert "fixtures.options" in loaded_with_the_plugins()
    assert library not in loaded_with_the_plugins(), "import it in the function that uses it"


@pytest.mark.parametrize("folder", sorted({path.parent for path in LIBRARY}), ids=named)
def test_a_room_is_small_enough_to_be_read_at_once(folder: Path) -> None:
    modules = [path.name for path in LIBRARY if path.parent == folder]

    assert len(modules) <= MOST_MODULES, "split the room, or merge a module that only one other uses"


def fixtures_of(stage: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each fixture of a stage, and of what it asks for."""
    for node in ast.parse((ROOT / f"fixtures/{stage}.py").read_bytes()).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if ast.unparse(decorator).startswith("pytest.fixture"):
                    names = [keyword.value for keyword in getattr(decorator, "keywords", []) if keyword.arg == "name"]
                    yield ast.literal_eval(names[0]) if names else node.name, [arg.arg for arg in node.args.args]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_asks_only_for_what_stands_to_its_left(stage: str) -> None:
    place = {name: other for other in STAGES for name, _ in fixtures_of(other)}

    right = [
        f"{name} asks for {asked}, of {place[asked]}"
        for name, asks in fixtures_of(stage)
        for asked in asks
        if STAGES.index(place.get(asked, stage)) > STAGES.index(stage)
    ]

    assert right == []


def test_no_test_can_ask_for_evidence() -> None:
    assert list(fixtures_of("evidence")) == [], "evidence watches; what it gave would not be evidence"


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_guarantee_is_tested_with_fixtures_and_the_library_alone(path: Path) -> None:
    plugins = [f"fixtures.{plugin}" for plugin in PLUGINS]

    assert imports_any_of(path, *plugins, "conftest", "tests") == [], "what a stage gives is asked for as a fixture"


@pytest.mark.parametrize("path", SERVICE, ids=named)
def test_the_service_does_not_know_the_suite(path: Path) -> None:
    assert imports_any_of(path, "fixtures", "media_guarantees", "tests") == []


@pytest.mark.parametrize("path", SHIPPED, ids=named)
def test_the_service_does_not_know_whether_it_is_tested(path: Path) -> None:
    words = re.compile(r"(?<![a-z])(?:py|unit|doc|self)?test(?:s|ed|ing|infra)?(?![a-z])", re.IGNORECASE)

    lines = [line for line in path.read_text("utf-8").splitlines() if words.search(line)]

    assert lines == [], "a service that knows of tests may behave otherwise under them"


def own_test(module: str) -> Path:
    return next((ROOT / "tests/selftests").rglob(f"test_{module}.py"), ROOT / f"tests/selftests/test_{module}.py")


@pytest.mark.parametrize("module", sorted({path.stem for path in LIBRARY} - {*WITHOUT_OWN_TEST}))
def test_every_module_of_the_library_has_a_test_that_imports_it(module: str) -> None:
    test = own_test(module)

    assert test.exists(), f"{module} has no {test.name}"
    assert module in library_imports(test), f"{test.name} has nothing to do with {module}"


def reached_from(path: Path) -> set[str]:
    """Return the library's modules that a file imports, and those that these import, and so on."""
    reached, found = set[str](), library_imports(path)
    while found - reached:
        reached |= found
        found = {name for path in LIBRARY if path.stem in found for name in library_imports(path)}
    return reached


@pytest.mark.parametrize(("module", "test"), [(module, test) for module, (test, _) in WITHOUT_OWN_TEST.items() if test])
def test_a_module_without_a_test_of_its_own_is_tried_by_another(module: str, test: str) -> None:
    assert module in reached_from(own_test(test.removeprefix("test_"))), f"{test} has nothing to do with {module}"


@pytest.mark.parametrize("module", WITHOUT_OWN_TEST)
def test_an_exception_is_one(module: str) -> None:
    own = own_test(module)

    assert module in {path.stem for path in LIBRARY}, "the module is gone: so can its exception"
    assert not (own.exists() and module in library_imports(own)), f"{own.name} tries it: no exception is needed"


def test_no_two_test_modules_have_the_same_name() -> None:
    """They are imported without packages: two modules of one name would be the same module."""
    names = [path.name for folder in ("tests", "service/tests") for path in (ROOT / folder).rglob("[!_]*.py")]

    assert sorted({name for name in names if names.count(name) > 1} - {"conftest.py"}) == []
