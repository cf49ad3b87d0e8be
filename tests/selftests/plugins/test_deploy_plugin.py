"""The plugin of the deploy gate: deselected tests, a server that can't be reached, and many servers."""

import json
import shutil
from pathlib import Path

import pytest
from fake_programs import Programs

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[3]
PLUGINS = [f"fixtures.{name}" for name in ("options", "engine", "stack", "media", "procedures", "deploy")]
GUIDE = "# Guide\n\n```\nls\n```\n"


@pytest.fixture(name="place", autouse=True)
def _place(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A checkout with the plugins of the suite, a guide, and an empty test folder of each kind."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    pytester.makefile(".md", guide=GUIDE)
    pytester.makeini("[pytest]\nmarkers =\n    guarantee: x\nguide = guide.md\nreport_dir = reports\n")
    pytester.makeconftest(f"pytest_plugins = {PLUGINS!r}\n")
    return pytester


def room(place: pytest.Pytester, name: str, body: str) -> str:
    """Create a folder of tests; return its path."""
    folder = place.path / "tests/deploy" / name
    folder.mkdir(parents=True)
    (folder / f"test_{name}.py").write_text(body)
    return str(folder.relative_to(place.path))


def run(place: pytest.Pytester, *options: str) -> pytest.RunResult:
    return place.runpytest_subprocess("-p", "no:cacheprovider", *options)


@pytest.mark.parametrize(("drill", "tests"), [("run", 2), ("skip", 1)])
def test_a_drill_that_is_not_wanted_is_left_out_as_if_it_were_not_there(
    place: pytest.Pytester, drill: str, tests: int
) -> None:
    rooms = [room(place, name, "def test_it():\n    pass\n") for name in ("after", "drill")]

    result = run(place, f"--drill={drill}", *rooms)

    result.assert_outcomes(passed=tests)


@pytest.mark.parametrize(("option", "tests"), [([], 1), (["--compose-file=compose.yml"], 2)])
def test_what_needs_a_compose_file_is_left_out_where_none_is_named(
    place: pytest.Pytester, option: list[str], tests: int
) -> None:
    body = "def test_one(next_deployment):\n    pass\n\ndef test_other():\n    pass\n"

    result = run(place, "--collect-only", "-q", *option, room(place, "before", body))

    assert len([line for line in result.outlines if "::test_" in line]) == tests


OF_BOTH_DRILLS = """
def test_of_a_backup_made_for_it(backed_up):
    pass

def test_of_an_archive(picked_archive):
    pass
"""


@pytest.mark.parametrize(
    ("option", "test"), [([], "test_of_a_backup_made_for_it"), (["--archive=backups"], "test_of_an_archive")]
)
def test_a_drill_is_either_of_a_backup_made_for_it_or_of_an_archive(
    place: pytest.Pytester, option: list[str], test: str
) -> None:
    result = run(place, "--collect-only", "-q", *option, room(place, "drill", OF_BOTH_DRILLS))

    assert [line.rpartition("::")[2] for line in result.outlines if "::test_" in line] == [test]


OF_AN_ARCHIVE = """
import pytest

@pytest.mark.guarantee("backup.fresh")
def test_it(picked_archive):
    print("ran")
"""


def test_an_archive_that_the_server_does_not_have_ends_the_run_in_words(
    place: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'case "$*" in *find*) echo "bind source path does not exist" >&2; exit 125;; info*) date -Is;; esac'
    Programs(tmp_path, monkeypatch).add("docker", script)

    result = run(place, "--server=web-1", "--archive=/srv/backups", room(place, "drill", OF_AN_ARCHIVE))

    said = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR, said
    assert "the server has no folder /srv/backups that can be read: bind source path does not exist" in said
    assert "Traceback" not in said
    assert "ran" not in result.outlines


OF_A_GATE = """
import pytest

@pytest.mark.guarantee("volume.mounted")
def test_it(gate):
    print("ran")
"""


@pytest.mark.parametrize("room_name", ["before", "after", "drill"])
def test_a_server_that_does_not_answer_ends_the_run_in_words(
    place: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room_name: str
) -> None:
    Programs(tmp_path, monkeypatch).add("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")

    result = run(place, "--server=web-1", room(place, room_name, OF_A_GATE))

    said = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR, said
    assert "Cannot connect to the Docker daemon" in said
    assert "Traceback" not in said
    assert "ran" not in result.outlines


OF_HOSTS = ROOT / "tests/deploy/hosts"
# A gate that leaves its evidence, or none where the server is down.
LEAVES = """
import json, os
import pytest

def test_it(pytestconfig):
    server = pytestconfig.getoption("server")
    if server == "down":
        pytest.exit("no Docker engine answers at down", returncode=4)
    report = pytestconfig.invocation_params.dir / pytestconfig.getoption("report_dir")
    (report / "1").mkdir(parents=True)
    verdict, state = "broken" if server == "bad" else "proved", pytestconfig.getoption("state")
    (report / "1/guarantees.json").write_text(json.dumps({"verdict": verdict, "guarantees": [], "state": state}))
    (report / "latest").symlink_to("1")
"""


def entered(place: pytest.Pytester, hosts: str, *options: str) -> pytest.RunResult:
    """Run the gate on each of these servers."""
    shutil.copytree(OF_HOSTS, place.path / "tests/deploy/hosts", ignore=shutil.ignore_patterns("__pycache__"))
    room(place, "before", LEAVES)
    return run(
        place, "tests/deploy/hosts", "--gate=before-deploy", f"--hosts={hosts}", "--report-dir=reports", *options
    )


def verdicts(place: pytest.Pytester) -> dict[str, str]:
    report = json.loads((place.path / "reports/hosts.json").read_text())
    return {each["host"]: each["verdict"] for each in report["hosts"]} | {"": report["verdict"]}


def test_every_server_has_a_run_of_its_own_and_all_have_one_verdict(place: pytest.Pytester) -> None:
    result = entered(place, "good,bad,down,ssh://good", "--state=before.media")

    assert verdicts(place) == {
        "good": "proved",
        "bad": "broken",
        "down": "unproven",
        "ssh://good": "proved",
        "": "broken",
    }
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*unproven down*no Docker engine answers at down*", "*= broken: 4 hosts =*"])
    states = {json.loads(file.read_text())["state"] for file in place.path.glob("reports/*/1/guarantees.json")}
    assert len(states) == 3, "two servers share a record of what was so before"


def test_servers_that_are_all_sound_are_proved(place: pytest.Pytester) -> None:
    result = entered(place, "one,two")

    assert (result.ret, verdicts(place)[""]) == (pytest.ExitCode.OK, "proved")


def test_a_server_whose_turn_never_came_is_unproven(place: pytest.Pytester) -> None:
    result = entered(place, "bad,good", "-x")

    assert result.ret != pytest.ExitCode.OK
    assert verdicts(place) == {"bad": "broken", "good": "unproven", "": "broken"}


def test_a_server_that_is_named_twice_is_refused(place: pytest.Pytester) -> None:
    result = entered(place, "one,two,one")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "one is named twice among the hosts" in result.stdout.str()
