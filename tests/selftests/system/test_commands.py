"""Programs run to their end in any case; their output is kept, secrets are hidden, no process is left."""

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import expect_gone, pid_in

from media_guarantees.core import journal
from media_guarantees.system.commands import CommandFailed, Outcome, check, end_group, run, signal_group, streamed

Lead = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture(name="lead")
def _lead(tmp_path: Path) -> Iterator[Lead]:
    """Start bash as the leader of a process group; its script writes process ids to files. All end after the test."""
    processes = []

    def lead(script: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        args = ["bash", "-c", script]
        process = subprocess.Popen(args, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        processes.append(process)
        return process

    yield lead
    for process in processes:
        if process.poll() is None:
            end_group(process, grace=0)


def test_a_program_is_given_its_arguments_as_they_are() -> None:
    outcome = run([sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$(c)", "*"])

    assert outcome.text == "['a b', '$(c)', '*']", "no shell may have had a hand in it"


def test_what_it_says_is_kept_apart_and_byte_for_byte() -> None:
    outcome = run(["bash", "-c", r"printf '\xff out\n'; echo error >&2"])

    assert (outcome.stdout, outcome.stderr) == (b"\xff out\n", b"error\n")


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", -signal.SIGKILL)])
def test_any_status_is_an_outcome(script: str, status: int) -> None:
    outcome = run(["bash", "-c", script])

    assert outcome.status == status
    assert outcome.ok == (status == 0)


def test_it_runs_in_the_given_folder_with_the_given_environment(tmp_path: Path) -> None:
    outcome = run(["/bin/sh", "-c", "pwd; echo $MEDIA"], cwd=tmp_path, env={"MEDIA": "here"})

    assert outcome.text.splitlines() == [str(tmp_path.resolve()), "here"]


def test_its_input_is_what_it_is_given() -> None:
    assert run(["cat"], stdin=b"a\0b").stdout == b"a\0b"


def test_without_input_it_can_not_wait_for_any() -> None:
    assert run(["cat"], timeout=10).stdout == b""


def test_a_program_that_is_missing_is_reported_by_name() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run(["no-such-program"])


def test_text_is_without_the_last_newline_and_survives_other_bytes() -> None:
    assert Outcome((), 0, b"a\n\xff\n\n", b"", 0.0).text == "a\n\ufffd"


@pytest.mark.parametrize(
    ("stdout", "stderr", "complaint"),
    [
        (b"done", b"no space left\n", "no space left"),
        (b"no such volume\n", b" \n", "no such volume"),
        (b"", b"", ""),
        (b"", b"\n".join(b"line %d" % number for number in range(50)), "\n".join(f"line {n}" for n in range(38, 50))),
    ],
    ids=["errors first", "output else", "nothing", "its end only"],
)
def test_the_complaint_is_the_end_of_what_was_said(stdout: bytes, stderr: bytes, complaint: str) -> None:
    assert Outcome(("x",), 1, stdout, stderr, 0.0).complaint == complaint


def test_check_returns_the_outcome_of_what_went_well() -> None:
    assert check(["echo", "well"]).text == "well"


def test_check_reports_the_command_its_status_and_its_output() -> None:
    with pytest.raises(CommandFailed, match=r"`bash -c 'echo no >&2; exit 4'` ended with status 4: no") as raised:
        check(["bash", "-c", "echo no >&2; exit 4"])

    assert raised.value.outcome.status == 4


def test_check_hands_on_what_run_takes(tmp_path: Path) -> None:
    assert check(["pwd"], cwd=tmp_path).text == str(tmp_path.resolve())


@pytest.fixture(name="secret", params=["hunter2", "it's $ecret"])
def _secret(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Register a secret: a word that a shell needs not quote, or one that it must."""
    monkeypatch.setattr(journal, "_secrets", {request.param})
    return str(request.param)


def test_an_outcome_in_words_hides_secrets(secret: str) -> None:
    outcome = Outcome(("login", secret), 1, b"", f"wrong: {secret}".encode(), 0.0)

    assert str(outcome) == "`login '***'` ended with status 1: wrong: ***"


def test_the_journal_hides_secrets(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="verify.events"):
        run(["true", secret])

    assert [vars(record)["event"].what for record in caplog.records] == ["true '***'"]


def test_the_program_itself_gets_the_secret(secret: str) -> None:
    assert run(["printf", "%s", secret]).text == secret


@pytest.mark.parametrize(("kind", "status"), [("command", 0), ("guide", 3)])
def test_every_run_is_journalled_by_its_kind_and_status(
    caplog: pytest.LogCaptureFixture, kind: str, status: int
) -> None:
    with caplog.at_level(logging.INFO, logger="verify.events"):
        run(["bash", "-c", f"exit {status}"], kind=kind)

    (event,) = [vars(record)["event"] for record in caplog.records]
    assert (event.kind, event.what, event.status) == (kind, f"bash -c 'exit {status}'", status)


def test_who_overstays_is_ended() -> None:
    with pytest.raises(subprocess.TimeoutExpired, match=r"timed out after 0\.1 seconds") as raised:
        run(["sleep", "60"], timeout=0.1)

    assert raised.value.cmd == ["sleep", "60"]


def test_an_interrupted_run_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    class Interrupted(subprocess.Popen[bytes]):
        """A process whose first wait is interrupted."""

        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:  # noqa: A002
            """Be interrupted once the process runs."""
            if not begun:
                begun.extend([self.pid, pid_in(tmp_path / "child")])
                raise KeyboardInterrupt
            return super().communicate(input, timeout)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)

    with pytest.raises(KeyboardInterrupt):
        run(["bash", "-c", "sleep 60 & echo $! > child; wait"], cwd=tmp_path)

    for pid in begun:
        expect_gone(pid)


def test_it_is_asked_politely_first(lead: Lead, tmp_path: Path) -> None:
    process = lead("trap 'echo bye; exit 7' TERM; echo $$ > ready; sleep 60 & wait")
    pid_in(tmp_path / "ready")

    end_group(process)

    assert process.returncode == 7, "it had no chance to tidy up"


def test_who_will_not_hear_is_killed(lead: Lead, tmp_path: Path) -> None:
    process = lead("trap '' TERM; echo $$ > ready; while :; do sleep 60; done")
    pid_in(tmp_path / "ready")

    end_group(process, grace=0.05)

    assert process.returncode == -signal.SIGKILL


def test_its_children_go_with_it(lead: Lead, tmp_path: Path) -> None:
    process = lead("sleep 60 & echo $! > child; wait")
    child = pid_in(tmp_path / "child")

    end_group(process)

    expect_gone(child)


DEAF = "(trap '' TERM; echo $BASHPID > child; exec >/dev/null 2>&1; while :; do sleep 60; done) & wait"


def test_a_deaf_child_that_outlives_it_is_killed(lead: Lead, tmp_path: Path) -> None:
    process = lead(DEAF)
    child = pid_in(tmp_path / "child")

    end_group(process)

    expect_gone(child)


@pytest.mark.skipif(not shutil.which("setsid"), reason="needs setsid, of util-linux")
def test_who_left_the_group_is_not_waited_for(lead: Lead, tmp_path: Path) -> None:
    process = lead("setsid bash -c 'echo $$ > child; exec sleep 60' & wait")
    child = pid_in(tmp_path / "child")

    end_group(process, grace=0.05)

    os.kill(child, signal.SIGKILL)
    assert process.returncode == -signal.SIGTERM


def test_a_group_that_is_not_signalled_gets_the_end_of_its_input(lead: Lead) -> None:
    process = lead("trap 'exit 9' TERM; cat > /dev/null; exit 4")

    end_group(process, politely=False)

    assert process.returncode == 4, "it was signalled, though its input alone should have ended it"


def test_who_has_ended_already_keeps_its_status(lead: Lead) -> None:
    process = lead("exit 5")
    process.wait()

    end_group(process)

    assert process.returncode == 5


def test_its_pipes_are_closed(lead: Lead) -> None:
    process = lead("sleep 60")

    end_group(process)

    pipes = [process.stdin, process.stdout, process.stderr]
    assert [pipe for pipe in pipes if pipe is not None and not pipe.closed] == []


def test_a_program_may_have_a_terminal_without_input() -> None:
    assert run(["sh", "-c", "test -t 0"], terminal=True).ok
    assert not run(["sh", "-c", "test -t 0"]).ok


def test_a_long_output_is_streamed_to_its_end() -> None:
    with streamed(["sh", "-c", "head -c 3000000 /dev/zero; exit 0"]) as output:
        seen = sum(map(len, iter(lambda: output.read(65536), b"")))

    assert seen == 3_000_000


def test_a_block_may_be_content_with_the_beginning() -> None:
    with streamed(["sh", "-c", "echo begin; head -c 3000000 /dev/zero"]) as output:
        assert output.readline() == b"begin\n"


def read_all_in_vain(*args: str, timeout: float = 60.0) -> None:
    """Fail as the reader of a truncated archive does."""
    with streamed(args, timeout=timeout) as output:
        output.read()
        raise ValueError("truncated")


def test_what_a_failed_program_cut_off_is_its_failure_and_no_finding() -> None:
    with pytest.raises(CommandFailed, match="ended with status 3: connection lost"):
        read_all_in_vain("sh", "-c", "echo half; echo connection lost >&2; exit 3")


def test_a_program_that_fails_after_all_was_read_has_failed() -> None:
    with pytest.raises(CommandFailed, match="status 4"), streamed(["sh", "-c", "echo all; exit 4"]) as output:
        assert output.read() == b"all\n"


def test_damage_in_what_a_program_gave_whole_is_a_finding() -> None:
    with pytest.raises(ValueError, match="truncated"):
        read_all_in_vain("echo", "all")


def test_damage_in_the_middle_ends_a_program_that_writes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_guarantees.system.commands._LAST_SECONDS", 0.01)

    def find_damage() -> None:
        with streamed(["yes"]) as output:
            raise ValueError(f"damaged: {output.read(2)!r}")

    with pytest.raises(ValueError, match="damaged: b'y"):
        find_damage()


def test_a_program_that_gives_nothing_any_more_is_ended() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        read_all_in_vain("sh", "-c", "echo half; exec sleep 600", timeout=0.1)


def test_an_interrupted_stream_leaves_no_process() -> None:
    begun: list[int] = []

    def be_interrupted() -> None:
        with streamed(["sh", "-c", "echo $$; exec sleep 600"]) as output:
            begun.append(int(output.readline()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()

    expect_gone(begun[0])


def test_a_stream_is_journalled(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, journal.EVENTS.name)

    with streamed(["echo", "a b"]):
        pass

    assert caplog.messages[-1].startswith("command echo 'a b': 0, ")


def test_a_number_that_has_become_another_groups_is_not_signalled(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of a leader that has been waited for is free, and another group may get it."""
    ended, strangers = lead("exit 0"), lead("echo; read -r _")
    ended.wait()
    assert strangers.stdout
    strangers.stdout.readline()
    monkeypatch.setattr(ended, "pid", strangers.pid)

    end_group(ended, grace=0.05)
    signal_group(ended, signal.SIGKILL)

    assert strangers.poll() is None, "a stranger's process was ended"
