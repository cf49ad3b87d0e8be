"""An engine's own account of what happened on it, and which of that was done to things that no run had made."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bystanders import Owner

from media_guarantees.engine.base_images import PYTHON_SLIM
from media_guarantees.system.background_command import started
from media_guarantees.system.run_id import LABEL, this_run

# Of a run on this machine, since it was started.
_RUN = re.compile(rf"{this_run(shared=True).identifier.partition('-')[0]}-\d+-\d+")
_END = "end-of-the-stream"


@dataclass(frozen=True)
class Event:
    """One event: what kind of thing it is about, what happened, to which, and what the engine says of that thing."""

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.kind} {self.action}: {self.attributes.get('name', self.actor)}"

    @property
    def of_a_run(self) -> bool:
        """Whether the thing carries, by name or label, the identifier of a run of this machine."""
        return bool(_RUN.search(" ".join([self.actor, *self.attributes.values()])))


def read_event(line: str | bytes) -> Event:
    """Return the event that one line of `docker events --format '{{json .}}'` tells of."""
    told: dict[str, Any] = json.loads(line)
    return Event(told["Type"], told["Action"], told["Actor"]["ID"], told["Actor"].get("Attributes") or {})


def foreign(events: Iterable[Event]) -> list[Event]:
    """Return the events that happened to what no run had made.

    A run's are: what carries its identifier; the containers that mount its volumes, as the guide's commands do, and
    their own volumes and connections; stand-in images, and the image that a service is built on.
    """
    told = list(events)
    containers = {event.actor for event in told if event.kind == "container" and event.of_a_run}
    containers |= {event.attributes["container"] for event in told if _uses_a_volume_of_a_run(event)}
    # Whoever owns the engine makes none meanwhile: one of the guide's that was never started is a run's as well.
    containers |= {event.actor for event in told if event.kind == "container" and event.action == "create"}
    volumes = {event.actor for event in told if event.attributes.get("container") in containers}
    images = {event.actor for event in told if event.kind == "image" and (event.of_a_run or _is_stand_in(event))}
    own = {"container": containers, "volume": volumes, "image": images}
    return [
        event
        for event in told
        if not (
            event.of_a_run or event.actor in own.get(event.kind, ()) or event.attributes.get("container") in containers
        )
    ]


def _uses_a_volume_of_a_run(event: Event) -> bool:
    """Whether a container took up, or gave up, a volume of a run."""
    return event.kind == "volume" and event.of_a_run and "container" in event.attributes


def _is_stand_in(event: Event) -> bool:
    names = {PYTHON_SLIM.name, *PYTHON_SLIM.digest.split("@")}
    return LABEL in event.attributes or event.attributes.get("name", event.actor) in names


@contextmanager
def listening(owner: Owner) -> Iterator[list[Event]]:
    """Collect every event on the owner's engine while the block lasts; the list is filled when it is over.

    The owner makes a volume in the end and takes it away: what came before that has been heard.
    """
    heard: list[Event] = []
    command = ["docker", "events", f"--since={time.time():.9f}", "--format", "{{json .}}"]
    with started(command, cwd=owner.engine.folder, env=owner.environment) as listener:
        yield heard
        for verb in ("create", "rm"):
            owner.docker("volume", verb, _END)
        listener.wait_for_output(f'"Action":"destroy","Actor":{{"ID":"{_END}"'.encode())
        listener.signal(signal.SIGTERM)
        told = map(read_event, listener.finish().stdout.splitlines())
        heard += [event for event in told if event.actor != _END]
