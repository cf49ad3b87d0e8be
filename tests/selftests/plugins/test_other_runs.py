"""The soak and the gate on many servers: a file that can't be written ends neither, and an interrupted run fails."""

from __future__ import annotations

import errno
import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import pytest
from inner_fixtures import StandInStack
from inner_run import InnerRun, Runs

from media_guarantees.core.paths import ROOT

OK, FAILED, INTERRUPTED = range(3)
FULL_DISK = OSError(errno.ENOSPC, "No space left on device")
SOAKS = """
def test_soaks(soak, enough, say):
    say("soaking")
    assert enough()
"""
IS_INTERRUPTED = """
def test_soaks(soak, enough, say):
    assert not enough()
    signal.raise_signal(signal.SIGINT)
    assert enough()
"""
TWO_HOSTS = """
@pytest.mark.parametrize("host", ["web-1", "web-2"])
def test_the_gate_on(host, record_property):
    folder = os.path.join(os.getcwd(), "reports", host)
    record_property("host", dict(host=host, verdict="proved", reason="", folder=folder, report="", answered=True))
"""
CTRL_C_AFTER_ONE = TWO_HOSTS.replace("    folder", "    if host == 'web-2': raise KeyboardInterrupt\n    folder", 1)


def plugin(path: str) -> ModuleType:
    """Import a conftest.py as a plugin of an inner run."""
    spec = spec_from_file_location(path.replace("/", "_"), ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class HostsOption:
    """testinfra's option: the inner run has no testinfra."""

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        """Add the option."""
        parser.addoption("--hosts", default="web-1,web-2")


def soak(runs: Runs, test: str, minutes: str = "0") -> InnerRun:
    return runs.run(test, options=[f"--minutes={minutes}"], plugins=[plugin("tests/soak/conftest.py")])


def figures(seen: InnerRun) -> dict[str, Any]:
    (file,) = seen.reports.glob("soak-*/soak.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_a_soak_that_goes_on_for_as_long_as_was_asked_for_is_complete(runs: Runs) -> None:
    seen = soak(runs, SOAKS)

    assert seen.status == OK, seen.output
    assert (figures(seen)["complete"], figures(seen)["gaps"]) == (True, [])
    assert list(seen.reports.glob("soak-*/containers.log"))
    assert "incomplete" not in seen.output


def test_a_soak_that_was_interrupted_does_not_end_with_success(runs: Runs) -> None:
    seen = soak(runs, IS_INTERRUPTED, minutes="10")

    assert seen.status == INTERRUPTED, seen.output
    assert figures(seen)["complete"] is False
    assert "incomplete: this soak did not go on for as long as was asked for" in seen.output


@pytest.mark.parametrize("error", [FULL_DISK, KeyError("a bug")], ids=["full disk", "a bug"])
def test_a_soak_whose_logs_can_not_be_read_ends_as_without_that(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(StandInStack, "logs", fail)

    seen = soak(runs, SOAKS)

    assert seen.status == OK
    assert "the logs of the containers could not be kept: " in seen.output
    assert figures(seen)["complete"] is True


def test_a_soak_whose_folder_can_not_be_written_ends_as_without_that(runs: Runs) -> None:
    (runs.folder / "reports").write_text("a file in the way")

    seen = soak(runs, SOAKS)

    assert seen.status == OK
    assert "soak.json could not be written: Not a directory" in seen.output


def hosts(runs: Runs, test: str) -> InnerRun:
    # Without pytest-xdist, pytest warns that its report has no place for what a test records.
    return runs.run(
        test,
        options=["--override-ini=junit_family=xunit1"],
        plugins=[plugin("tests/deploy/hosts/conftest.py"), HostsOption()],
    )


def test_hosts_that_are_all_proved_are_a_success(runs: Runs) -> None:
    seen = hosts(runs, TWO_HOSTS)

    assert seen.status == OK, seen.output
    assert json.loads((seen.reports / "hosts.json").read_text())["verdict"] == "proved"
    assert "proved: 2 hosts" in seen.output


def test_hosts_of_which_one_was_not_reached_are_not_proved(runs: Runs) -> None:
    seen = hosts(runs, CTRL_C_AFTER_ONE)

    report = json.loads((seen.reports / "hosts.json").read_text())
    assert seen.status == INTERRUPTED
    assert (report["verdict"], report["complete"]) == ("unproven", False)
    assert "unproven: 2 hosts" in seen.output


def test_a_verdict_on_hosts_that_can_not_be_written_is_still_shown(runs: Runs) -> None:
    (runs.folder / "reports").write_text("a file in the way")

    seen = hosts(runs, TWO_HOSTS)

    assert seen.status == OK
    assert "hosts.json could not be written: " in seen.output
    assert "proved: 2 hosts" in seen.output
