"""A start that failed is judged again from its first signs, unless something has changed that could help."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import Found, container, mount
from fake_programs import Programs

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.health.failed_starts import ENDS, how_it_fails
from media_guarantees.deployment.stack import Stack

REPEATED = "pointless: its container ends again and again with status 3, as in an earlier start"


def failing(**changes: Any) -> SimpleNamespace:
    """Return a container that its restart policy starts again and again, and that ends each time."""
    attributes = {
        "RestartCount": 3,
        "State": {"ExitCode": 3},
        "Mounts": [mount("/srv/media")],
        "HostConfig": {"RestartPolicy": {"Name": "always"}},
        **changes,
    }
    made = container(**attributes)
    made.status = "restarting"
    return made


class Service:
    """A service on a fake engine: its one container can be replaced, and so can what its volume holds."""

    def __init__(self, stack: Stack, listing: Path) -> None:
        self.health = stack.health
        self.is_up = False
        self._listing = listing
        self._project = cast("Any", stack.project)
        cast("Any", stack).platform = SimpleNamespace(answers=lambda: self.is_up)
        self.holds("avatars/a.png f 644 33 33 70 ")

    def holds(self, *entries: str) -> None:
        """Let the volume hold these entries, as they are listed."""
        self._listing.write_bytes("".join(f"{entry}\0" for entry in entries).encode())

    def runs(self, own: SimpleNamespace, **beside: SimpleNamespace) -> None:
        """Let these be the containers of the project: the service's own, and those of other services."""
        containers = {"web-project": own, **beside}
        self._project.model = {"services": {name: {} for name in containers}}
        self._project.containers = lambda service, running_only=True: [
            each for each in [containers[service]] if not (running_only and each.status != "running")
        ]

    def start(self, within: float) -> None:
        """Wait for a start, at most `within` seconds where it is the first one that fails."""
        self.health.wait_until_ready(within=within)


@pytest.fixture(name="service")
def _service(found: Found, programs: Programs, tmp_path: Path) -> Service:
    """A service whose start has failed once, after the whole time that it was given."""
    programs.add("docker", f"cat {tmp_path}/entries")
    service = Service(found(), tmp_path / "entries")
    service.runs(failing())
    with pytest.raises(PromiseBroken, match="timed out after"):
        service.start(0.05)
    return service


def test_a_start_that_fails_as_before_is_not_waited_for_again(service: Service) -> None:
    service.runs(failing(Created="2"))

    with pytest.raises(PromiseBroken, match=REPEATED):
        service.start(60)


def test_the_same_entries_in_another_order_are_the_same(service: Service) -> None:
    service.holds("b f 644 0 0 1 ", "a f 644 0 0 1 ")
    with pytest.raises(PromiseBroken, match="timed out"):
        service.start(0.05)
    service.holds("a f 644 0 0 1 ", "b f 644 0 0 1 ")
    service.runs(failing(Created="2"))

    with pytest.raises(PromiseBroken, match=REPEATED):
        service.start(60)


def change_the_volume(service: Service) -> None:
    service.holds("avatars/a.png f 600 33 33 70 ")
    service.runs(failing(RestartCount=4))


CHANGES: dict[str, Callable[[Service], None]] = {
    "what the volume holds": change_the_volume,
    "the image": lambda service: service.runs(failing(Image="i2")),
    "the configuration": lambda service: service.runs(
        failing(Config={"Labels": {"com.docker.compose.config-hash": "another"}})
    ),
    "how it ends": lambda service: service.runs(failing(State={"ExitCode": 4})),
    "where things are mounted": lambda service: service.runs(failing(Mounts=[mount("/srv/other")])),
    "how often it ended": lambda service: service.runs(failing(RestartCount=2)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_start_under_other_conditions_is_given_its_whole_time(
    service: Service, change: Callable[[Service], None]
) -> None:
    change(service)

    with pytest.raises(PromiseBroken, match="timed out after"):
        service.start(0.1)


@pytest.fixture(name="beside_a_database")
def _beside_a_database(service: Service, programs: Programs, tmp_path: Path) -> SimpleNamespace:
    """Let the start have failed once beside a database; return the database's container."""
    programs.add("docker", f"cat {tmp_path}/entries")
    database = container(Mounts=[mount("/data", name="data")], State={"Health": {"Status": "starting"}})
    service.runs(failing(), database=database)
    with pytest.raises(PromiseBroken, match="timed out"):
        service.start(0.05)
    service.runs(failing(RestartCount=4), database=database)
    return database


@pytest.mark.usefixtures("beside_a_database")
def test_what_a_database_keeps_is_listed_with_what_the_service_keeps(service: Service, programs: Programs) -> None:
    with pytest.raises(PromiseBroken, match=REPEATED):
        service.start(60)

    assert "--volume=data:/state/0:ro --volume=media_volume:/state/1:ro" in programs.calls("docker")[-1]


@pytest.mark.parametrize(
    "change", [{"State": {"Health": {"Status": "healthy"}}}, {"Image": "postgres:17"}], ids=["health", "image"]
)
def test_a_start_beside_another_database_is_given_its_whole_time(
    service: Service, beside_a_database: SimpleNamespace, change: dict[str, Any]
) -> None:
    beside_a_database.attrs.update(change)

    with pytest.raises(PromiseBroken, match="timed out after"):
        service.start(0.1)


def test_a_service_that_came_up_under_the_same_conditions_is_waited_for_again(service: Service) -> None:
    up = failing()
    up.status, service.is_up = "running", True
    service.runs(up)
    service.start(60)
    service.is_up = False
    service.runs(failing(Created="2"))

    with pytest.raises(PromiseBroken, match="timed out after"):
        service.start(0.1)


def test_a_service_that_came_up_from_another_volume_may_still_fail_from_this_one(service: Service) -> None:
    up = failing()
    up.status, service.is_up = "running", True
    service.runs(up)
    service.holds()
    service.start(60)
    service.is_up = False
    service.holds("avatars/a.png f 644 33 33 70 ")
    service.runs(failing(Created="2"))

    with pytest.raises(PromiseBroken, match=REPEATED):
        service.start(60)


def test_a_service_that_is_unhealthy_again_is_not_waited_for(service: Service) -> None:
    service.runs(failing(RestartCount=0, State={"Health": {"Status": "unhealthy"}}))
    with pytest.raises(PromiseBroken, match="timed out"):
        service.start(0.05)

    with pytest.raises(PromiseBroken, match="pointless: its container is unhealthy, as in an earlier start"):
        service.start(60)


def test_what_can_not_be_listed_is_never_the_same(service: Service, programs: Programs) -> None:
    programs.add("docker", "exit 125")
    service.runs(failing(RestartCount=5))

    with pytest.raises(PromiseBroken, match="timed out after"):
        service.start(0.1)


def test_a_start_that_goes_well_at_once_lists_nothing(found: Found, programs: Programs, tmp_path: Path) -> None:
    programs.add("docker")
    service = Service(found(), tmp_path / "entries")
    service.is_up = True
    service.runs(container(Mounts=[mount("/srv/media")]))

    service.start(60)

    assert programs.calls("docker") == [], "a sound deployment pays nothing"


@pytest.mark.parametrize(
    ("status", "ends", "how"),
    [
        ("restarting", ENDS, "ends again and again with status 3"),
        ("exited", ENDS + 1, "ends again and again with status 3"),
        ("restarting", ENDS - 1, None),
        ("running", ENDS, None),
    ],
)
def test_a_service_that_ends_until_its_database_is_up_has_not_failed(status: str, ends: int, how: str | None) -> None:
    made = failing(RestartCount=ends)
    made.status = status

    assert how_it_fails(cast("Any", made)) == how
