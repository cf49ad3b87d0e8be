"""Every fault in ever new orders during uploads, for a chosen time: no acknowledged upload is lost."""

from __future__ import annotations

from collections.abc import Callable

from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults_under_load import supported_faults
from media_guarantees.events.soak import Soak
from media_guarantees.events.upload_history import expect_nothing_lost


def test_nothing_that_was_acknowledged_is_lost(
    soak: Soak, engine: Engine, enough: Callable[[], bool], say: Callable[[str], None]
) -> None:
    fault_run = soak.fault_run
    say(f"soaking, with faults drawn from the seed {fault_run.seed}")

    while not enough():
        soak.go_round(supported_faults(engine, fault_run.operator), enough)
        say(soak.progress_line())
        expect_nothing_lost(
            soak.findings, fault_run.history, event=f"{len(fault_run.injected_faults)} faults during uploads"
        )

    idle = [fault.event for fault in fault_run.injected_faults if fault.before == fault.after]
    assert not idle, f"nothing shows that these happened: {idle}"
    assert fault_run.injected_faults, "nothing happened: give it more time, make soak MINUTES=1"
    assert soak.uploads["refused"] + soak.uploads["unknown"], "no fault met an upload under way: this shows nothing"
