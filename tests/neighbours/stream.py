"""The events of an engine, and which of them concern resources that no run created."""

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

# The name of a run on this machine, since its last start.
_RUN = re.compile(rf"{this_run(shared=True).identifier.partition('-')[0]}-\d+-\d+")
_END = "end-of-the-stream"


@dataclass(frozen=True)
class Event:
    """One event: the kind of resource, what happened, to which one, and the engine's attributes of it."""

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.kind} {self.action}: {self.attributes.get('name', self.actor)}"

    @property
    def of_a_run(self) -> bool:
        """Whether the resource's name or label holds the identifier of a run of this machine."""
        return bool(_RUN.search(" ".join([self.actor, *self.attributes.values()])))


def read_event(line: str | bytes) -> Event:
    """Return the event of one line of `docker events --format '{{json .}}'`."""
    parsed: dict[str, Any] = json.loads(line)
    return Event(parsed["Type"], parsed["Action"], parsed["Actor"]["ID"], parsed["Actor"].get("Attributes") or {})


def foreign(events: Iterable[Event]) -> list[Event]:
    """Return the events of resources that no run created.

    A run's are: what carries its identifier; the containers that mount its volumes, as the guide's commands do, and
    their own volumes and connections; stand-in images, and the image that a service is built on.
    """
    seen = list(events)
    containers = {event.actor for event in seen if event.kind == "container" and event.of_a_run}
    containers |= {event.attributes["container"] for event in seen if _uses_a_volume_of_a_run(event)}
    # The engine's owner creates none during the test: one of the guide's that was never started is a run's as well.
    containers |= {event.actor for event in seen if event.kind == "container" and event.action == "create"}
    volumes = {event.actor for event in seen if event.attributes.get("container") in containers}
    images = {event.actor for event in seen if event.kind == "image" and (event.of_a_run or _is_stand_in(event))}
    own = {"container": containers, "volume": volumes, "image": images}
    return [
        event
        for event in seen
        if not (
            event.of_a_run or event.actor in own.get(event.kind, ()) or event.attributes.get("container") in containers
        )
    ]


def _uses_a_volume_of_a_run(event: Event) -> bool:
    """Whether a container mounted, or unmounted, a volume of a run."""
    return event.kind == "volume" and event.of_a_run and "container" in event.attributes


def _is_stand_in(event: Event) -> bool:
    names = {PYTHON_SLIM.name, *PYTHON_SLIM.digest.split("@")}
    return LABEL in event.attributes or event.attributes.get("name", event.actor) in names


@contextmanager
def listening(owner: Owner) -> Iterator[list[Event]]:
    """Collect every event on the owner's engine during the block; the list is filled when it is over.

    At the end the owner creates and removes a volume: once its events arrive, all earlier ones have arrived.
    """
    heard: list[Event] = []
    command = ["docker", "events", f"--since={time.time():.9f}", "--format", "{{json .}}"]
    with started(command, cwd=owner.engine.folder, env=owner.environment) as listener:
        yield heard
        for verb in ("create", "rm"):
            owner.docker("volume", verb, _END)
        listener.wait_for_output(f'"Action":"destroy","Actor":{{"ID":"{_END}"'.encode())
        listener.signal(signal.SIGTERM)
        lines = map(read_event, listener.finish().stdout.splitlines())
        heard += [event for event in lines if event.actor != _END]
