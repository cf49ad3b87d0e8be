"""The recorder keeps each test's outcome, evidence and commands; a test that did not end did not pass."""

import pytest

from media_guarantees.core import journal
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.recorder import CUT_SHORT, LEFT_OUT, Phase, Recorder, has_ended
from media_guarantees.evidence.run_summary import RunFacts

A, B = "tests/x.py::test_a", "tests/x.py::test_b"
NAMES = ("backup.created",)


@pytest.fixture(name="recorder")
def _recorder() -> Recorder:
    recorder = Recorder(RunFacts({}, {}, 0.0), Gaps())
    recorder.expect({A: NAMES, B: NAMES})
    return recorder


def run(recorder: Recorder, nodeid: str, *outcomes: str, asserted: bool = False) -> None:
    """Record the phases of a test, one for each outcome. A test whose set-up does not pass isn't called."""
    phases = ("setup", "call", "teardown") if outcomes[:1] == ("passed",) else ("setup", "teardown")
    for name, outcome in zip(phases, outcomes, strict=False):
        recorder.note_phase(nodeid, NAMES, Phase(name, outcome, 1.0, 100.0, asserted=asserted))


@pytest.mark.parametrize(
    ("outcomes", "outcome", "phase"),
    [
        (["passed", "passed", "passed"], "passed", "call"),
        (["passed", "failed", "passed"], "failed", "call"),
        (["failed", "passed"], "error", "setup"),
        (["passed", "passed", "failed"], "error", "teardown"),
        (["passed", "failed", "failed"], "failed", "call"),
        (["skipped", "passed"], "skipped", "setup"),
        (["passed", "skipped", "passed"], "skipped", "call"),
        (["passed"], "not run", "setup"),
    ],
)
def test_the_first_phase_that_does_not_pass_decides(
    recorder: Recorder, outcomes: list[str], outcome: str, phase: str
) -> None:
    run(recorder, A, *outcomes)

    assert (recorder.records[A].outcome, recorder.records[A].phase) == (outcome, phase)


def test_the_record_is_returned_when_a_phase_decides_that_the_test_did_not_pass(recorder: Recorder) -> None:
    assert recorder.note_phase(A, NAMES, Phase("setup", "passed", 1.0, 100.0)) is None
    assert recorder.note_phase(A, NAMES, Phase("call", "failed", 2.0, 101.0, asserted=True)) is recorder.records[A]
    assert recorder.note_phase(A, NAMES, Phase("teardown", "failed", 3.0, 103.0)) is None
    assert (recorder.records[A].seconds, recorder.records[A].started) == (6.0, 100.0)
    assert recorder.records[A].broke_a_promise


def test_what_the_journal_says_belongs_to_the_test_that_runs(recorder: Recorder) -> None:
    with recorder.listening():
        journal.record(journal.Event("command", "docker ps"))
        recorder.begin_test()
        journal.record(journal.Event("command", "docker run"))
        journal.add_evidence("12 files")
        run(recorder, A, "passed", "passed", "passed")
        recorder.begin_test()
        run(recorder, B, "passed")
    journal.add_evidence("not recorded")

    assert [event.what for event in recorder.records[A].events] == ["docker run"]
    assert recorder.records[A].evidence == ["12 files"]
    assert (recorder.records[B].events, recorder.records[B].evidence) == ([], [])
    assert len(recorder.facts.events) == 2


def test_the_last_figure_of_a_name_counts_for_the_whole_run(recorder: Recorder) -> None:
    with recorder.listening():
        journal.add_figures(archive_bytes=1, archive_files=2)
        journal.add_figures(archive_bytes=3)

    assert recorder.facts.figures == {"archive_bytes": 3, "archive_files": 2}


def test_steps_are_kept_once_and_shown_twice(recorder: Recorder) -> None:
    shown: list[bool] = []
    recorder.on_step = lambda step: shown.append(has_ended(step))

    with recorder.listening(), journal.step("starting"):
        pass

    assert [step.what for step in recorder.facts.steps] == ["starting"]
    assert shown == [False, True]


def test_what_can_not_be_kept_ends_no_test(recorder: Recorder) -> None:
    def fall_over(step: journal.Step) -> None:
        raise KeyError(step.what)

    recorder.on_step = fall_over
    handlers = list(journal.EVENTS.handlers)

    with recorder.listening():
        journal.progress("starting")
        journal.EVENTS.info("without an event")

    assert recorder.gaps.lines == [
        "an entry of the journal could not be kept: KeyError: 'starting'",
        "an entry of the journal could not be kept: AttributeError: 'LogRecord' object has no attribute 'event'",
    ]
    assert journal.EVENTS.handlers == handlers


@pytest.mark.parametrize(
    ("outcomes", "outcome"), [([], "not run"), (["passed"], "not run"), (["passed", "passed"], "not run")]
)
def test_a_test_that_was_cut_off_did_not_pass(recorder: Recorder, outcomes: list[str], outcome: str) -> None:
    run(recorder, A, "passed", "passed", "passed")
    run(recorder, B, *outcomes)

    assert recorder.unfinished == (B,)
    record = {test.nodeid: test for test in recorder.all_records(everything_selected=True)}[B]
    assert (record.outcome, record.message) == (outcome, CUT_SHORT)


def test_a_test_that_failed_before_it_was_cut_off_has_failed(recorder: Recorder) -> None:
    run(recorder, A, "passed", "failed", asserted=True)

    assert recorder.all_records(everything_selected=True)[0].broke_a_promise


def test_a_test_that_was_not_selected_is_left_out(recorder: Recorder) -> None:
    recorder.selected = (A,)
    run(recorder, A, "passed", "passed", "passed")

    assert recorder.unfinished == ()
    assert [(test.nodeid, test.outcome, test.message) for test in recorder.all_records(everything_selected=True)] == [
        (A, "passed", ""),
        (B, "not run", LEFT_OUT),
    ]


def test_where_tests_were_named_others_may_not_be_known(recorder: Recorder) -> None:
    (*_, others) = recorder.all_records(everything_selected=False)

    assert "volume.mounted" in others.guarantees
    assert others.outcome == "not run"


def test_a_guarantees_tests_are_known_when_the_last_of_them_is_recorded(recorder: Recorder) -> None:
    run(recorder, A, "passed", "passed", "passed")
    assert recorder.of_guarantee("backup.created") is None

    run(recorder, B, "passed", "passed", "passed")
    assert recorder.of_guarantee("backup.created") == tuple(recorder.records.values())
