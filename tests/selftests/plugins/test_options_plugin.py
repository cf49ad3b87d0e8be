"""Options come from the command line, else the ini file, else the defaults; invalid ones are refused at once."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures import options as plugin
from fixtures.options import _FLAGS, _GATE_VALUES, _VALUES
from media_guarantees.core import journal

pytest_plugins = "pytester"

COMPOSE = "services: {web-project: {image: ubuntu}}\n"
# Shows an option as the run has it.
SHOW = """
from fixtures.options import _value, given_options, make_command, read_gate_rooms, read_gate_settings, read_settings

def test_it(pytestconfig, request):
    print("shown:", {expression})
"""
NEVER = """
import pytest

@pytest.mark.guarantee("volume.mounted")
def test_it():
    print("ran")
"""
GATE = NEVER.replace("test_it()", "test_it(gate)") + "\n\n@pytest.fixture\ndef gate():\n    pass\n"


@pytest.fixture(name="place", autouse=True)
def _place(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A checkout with the options of the suite and none of its tests."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest('def pytest_configure(config):\n    config.addinivalue_line("markers", "guarantee(id): x")\n')
    pytester.makefile(".md", guide="# A guide\n\n```\nls\n```\n")
    pytester.makefile(".yml", compose=COMPOSE)
    return pytester


def run(place: pytest.Pytester, *options: str) -> pytest.RunResult:
    return place.runpytest_inprocess("-p", "fixtures.options", "-p", "no:cacheprovider", "-rA", *options)


def shown(place: pytest.Pytester, expression: str, *options: str, folder: str = ".") -> str:
    """Return the value of an expression of the configuration in a run with these options."""
    test = place.path / folder / "test_it.py"
    test.parent.mkdir(parents=True, exist_ok=True)
    test.write_text(SHOW.format(expression=expression))
    result = run(place, *options, str(test.relative_to(place.path)))
    assert result.ret == pytest.ExitCode.OK, result.stdout.str() + result.stderr.str()
    (line,) = [line for line in result.outlines if line.startswith("shown: ")]
    return line.removeprefix("shown: ")


NAMES = [name for name, *_ in _VALUES + _GATE_VALUES]
FLAGS = [name for name, _ in _FLAGS]
ALL_OF_THEM = f"{{name: _value(pytestconfig, name) for name in {NAMES!r}}}"
ALL_FLAGS = f"[getattr(read_settings(pytestconfig), name.replace('-', '_')) for name in {FLAGS!r}]"


def key(name: str) -> str:
    return name.replace("-", "_")


def test_without_a_word_the_defaults_count(place: pytest.Pytester) -> None:
    defaults = {name: default for name, default, _ in _VALUES + _GATE_VALUES}

    assert shown(place, f"({ALL_OF_THEM}, {ALL_FLAGS})") == str((defaults, [False] * len(FLAGS)))


def test_the_ini_file_counts_before_the_defaults(place: pytest.Pytester) -> None:
    lines = [*(f"{key(name)} = 7" for name in NAMES), *(f"{key(name)} = true" for name in FLAGS)]
    place.makeini("\n".join(["[pytest]", *lines]))

    assert shown(place, f"({ALL_OF_THEM}, {ALL_FLAGS})") == str((dict.fromkeys(NAMES, "7"), [True] * len(FLAGS)))


def test_the_command_line_counts_before_the_ini_file(place: pytest.Pytester) -> None:
    place.makeini("\n".join(["[pytest]", *(f"{key(name)} = 7" for name in NAMES)]))
    given = [*(f"--{name}=8" for name in NAMES), *(f"--{name}" for name in FLAGS)]

    assert shown(place, f"({ALL_OF_THEM}, {ALL_FLAGS})", *given) == str(
        (dict.fromkeys(NAMES, "8"), [True] * len(FLAGS))
    )


def test_files_are_named_again_or_separated_and_lie_where_the_person_stands(place: pytest.Pytester) -> None:
    expression = "[str(file) for file in read_settings(pytestconfig).compose_files]"

    files = shown(place, expression, "--compose-file=a.yml:/b.yml", "--compose-file=c.yml")

    assert files == str([f"{place.path}/a.yml", "/b.yml", f"{place.path}/c.yml"])


def test_what_may_be_removed_is_a_list_of_patterns(place: pytest.Pytester) -> None:
    expression = "read_gate_settings(pytestconfig).removed"

    assert shown(place, expression) == "()"
    assert shown(place, expression, "--removed=a*:b", "--removed=c") == "('a*', 'b', 'c')"


def test_a_media_root_may_end_with_a_slash(place: pytest.Pytester) -> None:
    assert shown(place, "read_settings(pytestconfig).media_root", "--media-root=/media/") == "/media"


def test_a_seed_is_drawn_once_and_printed(place: pytest.Pytester) -> None:
    test = place.makepyfile(SHOW.format(expression="{read_settings(pytestconfig).seed for _ in range(9)}"))

    result = run(place, str(test))

    (drawn,) = re.findall(r"shown: \{(\d+)\}", result.stdout.str())
    result.stdout.fnmatch_lines([f"seed: {drawn}"])


def refused(place: pytest.Pytester, text: str, *options: str) -> str:
    """Return the message with which a run is refused before its first test."""
    result = run(
        place,
        "--engine=shared",
        "--compose-file=compose.yml",
        "--guide=guide.md",
        *options,
        str(place.makepyfile(text)),
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout.str()
    said = result.stderr.str()
    assert "Traceback" not in said
    assert "ran" not in result.outlines
    assert "hint: " in said
    return said


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--engine=none"], "ERROR: --engine is 'none'"),
        (["--engine=private:19.3"], "ERROR: there is no private engine of version '19.3'"),
        (["--upload=ftp"], "ERROR: --upload is 'ftp'"),
        (["--seed=x"], "ERROR: --seed is 'x'"),
        (["--media-root=media"], "ERROR: the media root 'media' is not an absolute path"),
        (["--sign-key=gone"], "ERROR: SIGN_KEY should name the file of an ssh key"),
        (["--notify-url=hooks.example.org"], "ERROR: NOTIFY_URL is no address"),
        (["--compose-file=gone.yml"], "there is no compose file"),
        (["--engine=shared"], "ERROR: "),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_before_anything_is_started(
    place: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: list[str], problem: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nobody/docker.sock")

    assert problem in refused(place, NEVER, *options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--manifest=fast"], "ERROR: --manifest is 'fast'"),
        (["--drill=no"], "ERROR: --drill is 'no'"),
        (["--sample=x"], "ERROR: --sample is 'x'"),
        (["--removed-list=gone.txt"], "there is no list of removals"),
        (["--archive=backups", "--max-age=abc"], "ERROR: --max-age is 'abc', which is no length of time"),
        (["--archive=backups", "--min-kept=few"], "ERROR: --min-kept is 'few'"),
        (["--archive=backups", "--pick=oldest"], "ERROR: --pick is 'oldest'"),
        (["--max-rpo=26h"], "ERROR: --max-rpo is a limit for an archive, and none is named"),
        (["--archive=gone.tar.gz"], "/gone.tar.gz isn't there"),
        (["--archive=."], "there is no archive in "),
        (["--guide=gone.md"], "gone.md"),
        (["--sign-key=gone"], "ERROR: SIGN_KEY should name the file of an ssh key"),
    ],
)
def test_a_gate_is_refused_what_makes_no_sense_to_it(place: pytest.Pytester, options: list[str], problem: str) -> None:
    assert problem in refused(place, GATE, *options)


def test_a_key_in_place_of_its_file_is_refused_and_not_printed(place: pytest.Pytester) -> None:
    said = refused(place, NEVER, "--sign-key=-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk")

    assert "ERROR: SIGN_KEY should name the file of an ssh key, but it holds a key itself" in said
    assert "b3BlbnNzaC1rZXk" not in said


@pytest.mark.parametrize(
    "option", ["--sign-key=mine", "--notify-url=https://example.org/mine", "--heartbeat-url=https://example.org/mine"]
)
def test_who_repeats_a_run_has_a_key_and_messages_of_their_own(place: pytest.Pytester, option: str) -> None:
    assert "mine" not in shown(place, "make_command(pytestconfig)", option)


@pytest.mark.parametrize("name", ["notify-url", "heartbeat-url"])
def test_an_address_that_may_hold_a_token_is_in_no_log(
    place: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(journal, "_secrets", set())

    shown(place, "1", f"--{name}=https://hooks.example.org/a-token")

    assert journal.redact("asking https://hooks.example.org/a-token") == "asking ***"


def test_an_archive_on_a_server_or_for_no_drill_is_not_sought_here(place: pytest.Pytester) -> None:
    for option in ("--server=web-1", "--drill=skip"):
        given = ("--archive=/srv/backups", option, "--guide=guide.md")
        run(place, *given, str(place.makepyfile(GATE))).assert_outcomes(passed=1)


def test_a_gate_needs_no_compose_file_and_no_sandbox(place: pytest.Pytester) -> None:
    result = run(place, "--compose-file=gone.yml", "--guide=guide.md", str(place.makepyfile(GATE)))

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("option", [["--collect-only"], []])
def test_what_needs_nothing_is_refused_nothing(place: pytest.Pytester, option: list[str]) -> None:
    text = NEVER if option else "def test_it():\n    pass\n"

    assert run(place, "--engine=none", *option, str(place.makepyfile(text))).ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("folder", "target"),
    [
        ("tests/guarantees", "verify"),
        ("tests/deploy/before", "before-deploy"),
        ("tests/deploy/after", "after-deploy"),
        ("tests/deploy/drill", "restore-drill"),
    ],
)
def test_a_run_says_how_to_repeat_it(place: pytest.Pytester, folder: str, target: str) -> None:
    options = ("--seed=7", "--guide=a guide.md", "--compose-file=a.yml", "--compose-file=b.yml", "--require-all")

    command = shown(place, "make_command(pytestconfig)", *options, folder=folder)

    assert shlex.split(command) == [
        "make",
        target,
        "GUIDE=a guide.md",
        "SEED=7",
        "COMPOSE_FILE=a.yml:b.yml",
        "REQUIRE_ALL=1",
    ]


def test_what_was_given_can_be_given_to_another_run(place: pytest.Pytester) -> None:
    given = ["--guide=/d/g.md", "--sample=5", "--require-all", "--compose-file=/d/a.yml", "--removed=x:y"]

    assert shown(place, "' '.join(given_options(pytestconfig))", *given) == " ".join(given)


@pytest.mark.parametrize(
    "option", ["guide", "upload-config", "report-dir", "sign-key", "state", "removed-list", "compose-file"]
)
def test_a_path_means_the_same_to_a_run_in_another_folder(place: pytest.Pytester, option: str) -> None:
    given = shown(place, "given_options(pytestconfig)", f"--{option}=below/a")

    assert given == str([f"--{option}={place.path}/below/a"])


@pytest.mark.parametrize("name", ["guide", "upload_config", "report_dir", "sign_key", "state", "removed_list"])
def test_a_path_of_the_ini_file_means_the_same_to_a_run_in_another_folder(place: pytest.Pytester, name: str) -> None:
    place.makeini(f"[pytest]\n{name} = below/a\n")

    given = shown(place, "given_options(pytestconfig)")

    assert given == str([f"--{name.replace('_', '-')}={place.path}/below/a"])


def test_only_a_compose_file_of_the_command_line_is_what_is_deployed_next(place: pytest.Pytester) -> None:
    place.makeini("[pytest]\ncompose_file = compose.yml\n")

    assert shown(place, "given_options(pytestconfig)") == "[]"


def test_each_of_several_compose_files_is_named_by_its_absolute_path(place: pytest.Pytester) -> None:
    given = shown(place, "given_options(pytestconfig)", "--compose-file=a.yml:/d/b.yml", "--compose-file=c.yml")

    assert given == str([f"--compose-file={place.path}/a.yml:/d/b.yml", f"--compose-file={place.path}/c.yml"])


def test_a_path_that_is_given_as_none_stays_none(place: pytest.Pytester) -> None:
    assert shown(place, "given_options(pytestconfig)", "--upload-config=") == "['--upload-config=']"


@pytest.mark.parametrize(
    ("gate", "rooms"),
    [
        ("before-deploy", ["before"]),
        ("after-deploy", ["after", "drill"]),
        ("restore-drill", ["drill"]),
    ],
)
def test_a_gate_leads_to_its_rooms(place: pytest.Pytester, gate: str, rooms: list[str]) -> None:
    assert shown(place, "read_gate_rooms(pytestconfig)", f"--gate={gate}") == str(
        [f"tests/deploy/{room}" for room in rooms]
    )
    assert all((Path(__file__).parents[3] / "tests/deploy" / room).is_dir() for room in rooms)


@pytest.mark.parametrize(
    ("restart", "exported", "name"),
    [
        ("docker compose -p shop down && docker compose -p shop up -d", "", "shop"),
        ("docker compose -p shop down && docker compose -p shop up -d", "mine", "mine"),
        ("docker compose down && docker compose -p shop up -d", "", ""),
        ("docker compose -p $NAME down && docker compose -p $NAME up -d", "", ""),
    ],
)
def test_a_deployment_is_called_as_its_guide_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restart: str, exported: str, name: str
) -> None:
    seen: list[Mapping[str, str]] = []

    def read(*_: object, environment: Mapping[str, str], **__: object) -> object:
        seen.append(environment)
        return SimpleNamespace(model={"services": {}})

    monkeypatch.setattr(plugin, "read_deployment", read)
    monkeypatch.setattr(plugin, "find_compose", lambda _: "docker-compose")
    monkeypatch.delenv("COMPOSE_PROJECT_NAME", raising=False)
    if exported:
        monkeypatch.setenv("COMPOSE_PROJECT_NAME", exported)
    guide = tmp_path / "guide.md"
    guide.write_text(f"```\n{restart}\n```\n")
    files = [tmp_path / "c.yml"]
    settings = SimpleNamespace(guide=guide, compose_files=files, cache=tmp_path, service="web", media_endpoint=None)

    plugin.read_target(cast("Any", settings))

    assert seen[0].get("COMPOSE_PROJECT_NAME", "") == name
