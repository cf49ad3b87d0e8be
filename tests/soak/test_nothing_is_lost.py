"""For as long as wanted: every fault in ever new orders, amid uploads, and nothing that was acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable

from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults_under_load import possible
from media_guarantees.events.soak import Soak
from media_guarantees.events.upload_history import expect_nothing_lost


def test_nothing_that_was_acknowledged_is_lost(
    soak: Soak, engine: Engine, enough: Callable[[], bool], say: Callable[[str], None]
) -> None:
    ordeal = soak.ordeal
    say(f"soaking, with faults drawn from the seed {ordeal.seed}")

    while not enough():
        soak.go_round(possible(engine, ordeal.operator), enough)
        say(soak.in_short())
        expect_nothing_lost(soak.findings, ordeal.history, event=f"{len(ordeal.strikes)} faults amid uploads")

    idle = [strike.event for strike in ordeal.strikes if strike.before == strike.after]
    assert not idle, f"nothing shows that these happened: {idle}"
    assert ordeal.strikes, "nothing happened: give it more time, make soak MINUTES=1"
    assert soak.uploads["refused"] + soak.uploads["unknown"], "no fault met an upload under way: this shows nothing"
