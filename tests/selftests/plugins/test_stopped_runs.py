"""A run that is stopped, at any moment and in any way, ends neither with status 0 nor as proved."""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from types import ModuleType

import pytest
from inner_run import BEYOND, InnerRun, Runs

SEED = 20261125
DRAWN = 30
# Two tests that hold, for all that counts, and one that fails beyond it: a whole run is proved and ends with 0.
PROVES_ALL = """
from media_guarantees.evidence.catalogue import CATALOGUE

everything = pytest.mark.guarantee(*(each.identifier for each in CATALOGUE if not each.beyond))

@everything
def test_once(stack):
    pass

@everything
def test_twice(stack):
    pass
"""
# In these an error is one of the test that runs: it fails, and the run goes on.
IN_A_TEST = (
    "pytest_runtest_setup",
    "pytest_fixture_setup",
    "pytest_runtest_call",
    "pytest_pyfunc_call",
    "pytest_runtest_teardown",
    "pytest_fixture_post_finalizer",
)
HOOKS = (
    *IN_A_TEST,
    "pytest_sessionstart",
    "pytest_collection",
    "pytest_collectstart",
    "pytest_itemcollected",
    "pytest_collectreport",
    "pytest_collection_modifyitems",
    "pytest_collection_finish",
    "pytest_runtestloop",
    "pytest_runtest_protocol",
    "pytest_runtest_logstart",
    "pytest_runtest_makereport",
    "pytest_exception_interact",
    "pytest_runtest_logreport",
    "pytest_report_teststatus",
    "pytest_runtest_logfinish",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_unconfigure",
)
Moment = tuple[str, str, int]  # hook, first or last among the plugins, which of its calls


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def end() -> None:
    signal.raise_signal(signal.SIGTERM)


def fall_over() -> None:
    raise RuntimeError("a bug in a hook")


STOPS: dict[str, Callable[[], None]] = {"Ctrl-C": interrupt, "SIGTERM": end, "an internal error": fall_over}


class Watch:
    """Plugins that are called first and last in every hook. They count the calls and stop the run at one of them."""

    def __init__(self, stop: Callable[[], None] = lambda: None, moment: Moment | None = None) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self._stop = stop
        self._moment = moment
        self.plugins = [self._plugin("first"), self._plugin("last")]

    def _plugin(self, place: str) -> object:
        plugin, mark = ModuleType(place), pytest.hookimpl(tryfirst=place == "first", trylast=place == "last")
        for hook in HOOKS:
            setattr(plugin, hook, mark(self._implementation(hook, place)))
        return plugin

    def _implementation(self, hook: str, place: str) -> Callable[[], None]:
        def called() -> None:
            self.calls[hook, place] += 1
            if self._moment == (hook, place, self.calls[hook, place]):
                self._stop()

        return called


def run(runs: Runs, watch: Watch) -> InnerRun:
    return runs.run(BEYOND, PROVES_ALL, plugins=watch.plugins)


def draw(calls: Counter[tuple[str, str]], number: int) -> tuple[str, Moment]:
    """Draw how and when a run is stopped; all hooks are equally likely, and so are all calls of a hook."""
    rng = random.Random(SEED + number)  # noqa: S311 - not a secret: a draw that can be repeated
    how = rng.choice(sorted(STOPS))
    hooks = [hook for hook in HOOKS if how != "an internal error" or hook not in IN_A_TEST]
    hook, place = rng.choice(sorted(key for key in calls if key[0] in hooks))
    return how, (hook, place, rng.randint(1, calls[hook, place]))


def last_word(seen: InnerRun) -> str:
    """Return the last line of the terminal."""
    said = [line.strip("= ") for line in seen.output.splitlines() if line.startswith(("incomplete: ", "==="))]
    return next((line for line in reversed(said) if line.startswith(("incomplete", "proved", "unproven"))), "")


CALLS: Counter[tuple[str, str]] = Counter()  # in a run that nothing stops, which is made once


@pytest.fixture(name="calls")
def _calls(runs: Runs) -> Counter[tuple[str, str]]:
    """How often each hook is called in an undisturbed run, which is proved."""
    if not CALLS:
        watch = Watch()
        seen = run(runs, watch)
        assert (seen.status, seen.evidence["verdict"], seen.evidence["complete"]) == (0, "proved", True), seen.output
        assert last_word(seen).startswith("proved: ")
        CALLS.update(watch.calls)
        shutil.rmtree(seen.reports)
    return CALLS


def test_every_hook_is_one_in_which_a_run_can_be_stopped(calls: Counter[tuple[str, str]]) -> None:
    assert {hook for hook, _ in calls} == set(HOOKS)


@pytest.mark.parametrize("number", range(DRAWN))
def test_a_stopped_run_is_neither_a_success_nor_proved(
    runs: Runs, calls: Counter[tuple[str, str]], number: int
) -> None:
    how, moment = draw(calls, number)
    watch = Watch(STOPS[how], moment)
    seen = run(runs, watch)

    assert watch.calls[moment[:2]] >= moment[2], "it was not stopped"
    assert seen.status != 0, f"{how} in {moment}"
    assert not last_word(seen).startswith("proved"), f"{how} in {moment}"
    if seen.has_evidence:
        assert (seen.evidence["verdict"], seen.evidence["complete"]) == ("unproven", False), f"{how} in {moment}"
        assert "unproven" in (seen.folder / "guarantees.md").read_text().partition("\n")[0], f"{how} in {moment}"
        assert "<title>Media guarantees: unproven<" in (seen.folder / "guarantees.html").read_text()
