"""The plugin that decides the exit status: how a run ends, what its evidence says, and what the terminal shows."""

import hashlib
import json
from typing import Any

import pytest
from inner_run import BEYOND, HELD, LOST, UNPROVEN, InnerRun, Runs

from media_guarantees.evidence.outbound import notification

OK, FAILED, INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR, NO_TESTS = range(6)
CTRL_C = """
@pytest.mark.guarantee("volume.mounted")
def test_interrupted(stack):
    raise KeyboardInterrupt
"""
SIGTERM = """
@pytest.mark.guarantee("volume.mounted")
def test_ended(stack):
    os.kill(os.getpid(), signal.SIGTERM)
"""
LEAVES = """
def test_leaves():
    pytest.exit("enough", returncode=0)
"""
GATE = """
@pytest.fixture
def gate():
    return None

@pytest.mark.guarantee("volume.mounted")
def test_of_the_gate(gate):
    pass
"""
PROVES_NOTHING = """
def test_of_something_else():
    assert False
"""
CANT_BE_READ = """
raise ImportError("no such module")
"""
TEARDOWN_FAILS = """
@pytest.fixture
def place():
    yield
    raise OSError("still there")

@pytest.mark.guarantee("volume.mounted")
def test_leaves_something(stack, place):
    pass
"""

VANISHES = """
import pathlib, shutil

@pytest.mark.guarantee("volume.mounted")
def test_vanishes(stack):
    shutil.rmtree("reports", ignore_errors=True)
    pathlib.Path("reports").write_text("a file in the way")
    assert False, "broken"
"""


class Buggy:
    """A plugin with a bug in a hook, after the test `after`."""

    def __init__(self, after: str) -> None:
        self._after = after

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Raise an error."""
        if nodeid.endswith(self._after):
            raise KeyError("a bug")


def statement_of(seen: InnerRun) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((seen.folder / "statement.json").read_text())
    return found


def test_a_statement_says_which_files_were_tested(runs: Runs) -> None:
    statement = statement_of(runs.run(HELD))

    assert {each["name"]: each["digest"]["sha256"] for each in statement["subject"]} == {
        name: hashlib.sha256((runs.folder / name).read_bytes()).hexdigest()
        for name in ("guide.md", "docker-compose.yml")
    }
    assert statement["predicate"]["passedTests"] == ["volume.mounted"]


def test_the_statement_of_a_gate_is_about_compose_files_only_if_they_are_named(runs: Runs) -> None:
    (runs.folder / "tests" / "deploy" / "before").mkdir(parents=True)

    named = statement_of(runs.run(GATE, options=["tests/deploy/before"]))

    assert [each["name"] for each in named["subject"]] == ["guide.md", "docker-compose.yml"]


@pytest.mark.parametrize(
    ("tests", "options", "plugins", "result"),
    [
        ([GATE], [], [], "PASSED"),
        ([HELD], [], [], "WARNED"),
        ([HELD, LOST], [], [], "FAILED"),
        ([GATE, PROVES_NOTHING], [], [], "FAILED"),
        ([UNPROVEN], ["--require-all"], [], "FAILED"),
        ([GATE, CTRL_C], [], [], "FAILED"),
        ([GATE], [], [Buggy("test_of_the_gate")], "FAILED"),
    ],
)
def test_the_statement_of_a_run_passes_only_where_the_run_succeeds(
    runs: Runs, tests: list[str], options: list[str], plugins: list[object], result: str
) -> None:
    seen = runs.run(*tests, options=options, plugins=plugins)

    assert statement_of(seen)["predicate"]["result"] == result
    assert (result == "FAILED") == (seen.status != OK)


class FailsAtTheEnd:
    """A plugin with a bug in the last hook of all."""

    def pytest_unconfigure(self) -> None:
        """Raise an error."""
        raise KeyError("a bug")


@pytest.mark.parametrize(
    ("tests", "plugins", "sent"),
    [
        ([GATE], [], ["GET http://127.0.0.1/beat"]),
        ([GATE, PROVES_NOTHING], [], []),
        ([HELD], [], ["POST http://127.0.0.1/hook"]),
        ([GATE], [Buggy("test_of_the_gate")], ["POST http://127.0.0.1/hook"]),
        ([GATE], [FailsAtTheEnd()], ["POST http://127.0.0.1/hook"]),
    ],
    ids=["proved", "another failure", "unproven", "a crash", "a crash after the report"],
)
def test_messages_are_sent_once_it_is_certain_how_the_run_ended(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, tests: list[str], plugins: list[object], sent: list[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(notification, "_ask", lambda method, url, _=None: asked.append(f"{method} {url}"))

    seen = runs.run(
        *tests,
        options=["--notify-url=http://127.0.0.1/hook", "--heartbeat-url=http://127.0.0.1/beat"],
        plugins=plugins,
    )

    assert asked == sent, seen.output


def test_a_message_that_could_not_be_sent_is_reported_and_changes_nothing(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(notification, "_ask", refuse)

    seen = runs.run(GATE, options=["--heartbeat-url=http://127.0.0.1/beat"])

    assert seen.status == OK
    assert "HEARTBEAT_URL could not be asked: no answer" in seen.output
    assert "/beat" not in seen.output


def test_a_run_in_which_all_holds_ends_with_success(runs: Runs) -> None:
    seen = runs.run(HELD)

    assert seen.status == OK, seen.output
    assert seen.verdicts["volume.mounted"] == "proved"
    assert (seen.evidence["complete"], seen.evidence["reason"], seen.evidence["not_run"]) == (True, "", 0)
    assert seen.evidence["gaps"] == []
    assert "incomplete" not in seen.output


def test_a_broken_promise_fails_the_run_and_leaves_logs_differences_and_pictures(runs: Runs) -> None:
    seen = runs.run(HELD, LOST)

    assert seen.status == FAILED
    assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("broken", True)
    assert seen.result_line.startswith("broken: 1 proved, 1 broken, ")
    assert (seen.folder / "logs" / "test_lost.log").read_text() == "web-project-1  | worker died\n"
    assert (seen.folder / "differences" / "test_lost.txt").read_text().startswith("3 missing")
    assert (seen.folder / "guarantees.html").read_text().count("data:image/webp") == 2
    assert (seen.folder / "junit.xml").exists()


@pytest.mark.parametrize(("options", "status"), [((), OK), (("--beyond",), FAILED)], ids=["not asked for", "asked for"])
def test_what_goes_beyond_the_guide_fails_the_run_only_when_asked_for(
    runs: Runs, options: tuple[str, ...], status: int
) -> None:
    assert runs.run(HELD, BEYOND, options=options).status == status


def test_a_failure_of_the_guide_beside_one_beyond_it_fails_the_run(runs: Runs) -> None:
    assert runs.run(LOST, BEYOND).status == FAILED


def test_a_failure_that_proves_nothing_beside_one_beyond_the_guide_fails_the_run(runs: Runs) -> None:
    assert runs.run(PROVES_NOTHING, BEYOND).status == FAILED


@pytest.mark.parametrize(("options", "status"), [((), OK), (("--require-all",), FAILED)], ids=["allowed", "refused"])
def test_what_is_unproven_fails_the_run_only_when_all_is_required(
    runs: Runs, options: tuple[str, ...], status: int
) -> None:
    seen = runs.run(HELD, UNPROVEN, options=options)

    assert seen.status == status
    assert seen.evidence["verdict"] == "unproven"
    assert seen.evidence["complete"] is True


def test_a_test_that_was_not_selected_leaves_its_guarantee_unproven_and_the_run_whole(runs: Runs) -> None:
    seen = runs.run(HELD, UNPROVEN, options=["-k", "held"])

    assert (seen.status, seen.evidence["complete"]) == (OK, True)
    assert seen.verdicts["restore.repair"] == "unproven"


def test_where_nothing_is_selected_there_is_no_evidence(runs: Runs) -> None:
    seen = runs.run(HELD, options=["-k", "nothing"])

    assert seen.status == NO_TESTS
    assert not seen.has_evidence
    assert not list(seen.reports.glob("*")), "pytest's own report of nothing is removed"


def test_ctrl_c_ends_the_run_which_is_not_whole(runs: Runs) -> None:
    seen = runs.run(BEYOND, CTRL_C, HELD)

    assert seen.status == INTERRUPTED
    assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("unproven", False)
    assert (seen.evidence["reason"], seen.evidence["not_run"]) == ("interrupted by Ctrl-C", 2)
    assert "incomplete: interrupted by Ctrl-C; 2 tests did not run to the end" in seen.output
    assert seen.result_line.startswith("unproven, incomplete: ")


def test_ctrl_c_in_the_first_test_leaves_evidence_too(runs: Runs) -> None:
    seen = runs.run(CTRL_C, HELD)

    assert seen.status == INTERRUPTED
    assert (seen.evidence["verdict"], seen.evidence["complete"], seen.evidence["not_run"]) == ("unproven", False, 2)


def test_sigterm_ends_the_run_which_is_not_whole(runs: Runs) -> None:
    seen = runs.run(BEYOND, HELD, SIGTERM, UNPROVEN)

    assert seen.status == 128 + 15
    assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("unproven", False)
    assert (seen.evidence["reason"], seen.evidence["not_run"]) == ("ended by SIGTERM", 2)
    assert seen.result_line.startswith("unproven, incomplete: ")


def test_a_run_that_is_left_with_status_0_does_not_end_with_it(runs: Runs) -> None:
    seen = runs.run(LEAVES, HELD)

    assert seen.status == INTERRUPTED
    assert (seen.evidence["reason"], seen.evidence["complete"]) == ("enough", False)


@pytest.mark.parametrize("after", ["test_beyond", "test_held"], ids=["in the middle", "after the last test"])
def test_an_internal_error_ends_the_run_which_is_not_whole(runs: Runs, after: str) -> None:
    seen = runs.run(BEYOND, HELD, plugins=[Buggy(after)])

    assert seen.status == INTERNAL_ERROR
    assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("unproven", False)
    assert seen.evidence["reason"] == "an internal error: KeyError: 'a bug'"
    assert seen.result_line.startswith("unproven, incomplete: "), "pytest itself writes no summary then"


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_run_that_stops_at_the_first_failure_is_not_whole(runs: Runs, option: str) -> None:
    seen = runs.run(BEYOND, HELD, options=[option])

    assert seen.status == FAILED, "that failure alone would be forgiven"
    assert (seen.evidence["complete"], seen.evidence["reason"]) == (False, "stopping after 1 failures")
    assert seen.evidence["not_run"] == 1


def test_a_run_that_stops_at_a_failure_of_its_last_test_is_whole(runs: Runs) -> None:
    seen = runs.run(HELD, BEYOND, options=["-x"])

    assert (seen.status, seen.evidence["complete"]) == (OK, True)


def test_a_file_of_tests_that_can_not_be_read_makes_the_run_incomplete(runs: Runs) -> None:
    runs.add_file("test_other.py", CANT_BE_READ)

    seen = runs.run(HELD)

    assert seen.status == INTERRUPTED
    assert (seen.evidence["verdict"], seen.evidence["complete"], seen.evidence["not_run"]) == ("unproven", False, 1)


def test_going_on_without_a_file_that_can_not_be_read_does_not_make_the_run_whole(runs: Runs) -> None:
    runs.add_file("test_other.py", CANT_BE_READ)

    seen = runs.run(BEYOND, HELD, options=["--continue-on-collection-errors"])

    assert seen.status == FAILED
    assert (seen.evidence["complete"], seen.evidence["reason"]) == (
        False,
        "tests that could not be read: guarantees/test_other.py",
    )


def test_an_unknown_guarantee_is_refused_before_anything_runs(runs: Runs) -> None:
    seen = runs.run(HELD.replace("volume.mounted", "volume.munted"))

    assert seen.status == USAGE_ERROR
    assert "no such guarantee: volume.munted" in seen.output
    assert not seen.has_evidence


def test_a_test_that_fails_when_it_is_taken_down_is_unproven(runs: Runs) -> None:
    seen = runs.run(TEARDOWN_FAILS)

    assert seen.status == FAILED
    assert seen.verdicts["volume.mounted"] == "unproven"
    assert seen.evidence["complete"] is True


def test_the_guide_is_quoted_where_it_makes_a_promise(runs: Runs) -> None:
    seen = runs.run(LOST)

    (promise,) = [each["promise"] for each in seen.evidence["guarantees"] if each["id"] == "persistence.recreate"]
    assert (promise["line"], promise["text"]) == (3, "Media persist when containers are recreated.")
    assert "promised: guide.md, line 3: Media persist" in seen.output


def test_a_job_of_github_gets_annotations_and_a_summary(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(runs.folder / "summary.md"))

    seen = runs.run(LOST)

    assert "::error " in seen.output
    assert (runs.folder / "summary.md").read_text().startswith("# 🔴 Media guarantees: broken")


def test_the_folder_of_reports_may_vanish_half_way(runs: Runs) -> None:
    """The folder of a run is removed, and replaced by something that is no folder."""
    seen = runs.run(VANISHES)

    assert seen.status == FAILED
    assert seen.result_line.startswith("broken: 0 proved, 1 broken, ")
    assert "guarantees.json could not be written: " in seen.output
    assert "junit.xml could not be written: " in seen.output


def test_a_folder_of_reports_that_is_only_removed_is_made_again(runs: Runs) -> None:
    seen = runs.run(VANISHES.replace('    pathlib.Path("reports").write_text("a file in the way")\n', ""))

    assert (seen.status, seen.evidence["verdict"], seen.evidence["gaps"]) == (FAILED, "broken", [])
    assert (seen.folder / "junit.xml").exists()


def test_the_deploy_gate_answers_for_what_it_tests_alone(runs: Runs) -> None:
    seen = runs.run(GATE, options=["--require-all"])

    assert (seen.status, seen.evidence["verdict"]) == (OK, "proved")
    assert seen.verdicts == {"volume.mounted": "proved"}


@pytest.mark.parametrize(
    ("stop", "status"), [(CTRL_C, INTERRUPTED), (SIGTERM, 128 + 15), (LEAVES, INTERRUPTED)], ids=["^C", "TERM", "exit"]
)
def test_a_deploy_gate_that_was_cut_short_proves_nothing(runs: Runs, stop: str, status: int) -> None:
    seen = runs.run(GATE, stop.replace("(stack)", "(gate)"))

    assert seen.status == status
    assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("unproven", False)


def test_a_deploy_gate_that_crashes_proves_nothing(runs: Runs) -> None:
    seen = runs.run(GATE, plugins=[Buggy("test_of_the_gate")])

    assert seen.status == INTERNAL_ERROR
    assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("unproven", False)
