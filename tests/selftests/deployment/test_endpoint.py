"""A service is asked at the port that speaks HTTP. Without one, the evidence says so and the run goes on."""

from __future__ import annotations

from typing import Any, cast

import pytest
from fake_engine import container

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment import endpoint as module
from media_guarantees.deployment.endpoint import Endpoint


def with_ports(*ports: int, health: str = "", running: bool = True) -> Any:
    """A container whose ports are published at the same numbers on the host."""
    state: dict[str, Any] = {"Running": running, "StartedAt": "09:00"}
    if health:
        state["Health"] = {"Status": health}
    published = {f"{port}/tcp": [{"HostPort": str(port)}] for port in ports}
    return container(State=state, NetworkSettings={"Ports": published})


def endpoint(*containers: Any, ports: tuple[int, ...] = (80, 443)) -> Endpoint:
    return Endpoint("web", lambda: containers, lambda: ports)


@pytest.fixture(name="spoken", autouse=True)
def _spoken(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """What is spoken at each port."""
    spoken: dict[int, str] = {}
    monkeypatch.setattr(module, "spoken_at", lambda port: spoken.get(port, "nothing"))
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.1)
    return spoken


def find(found: Endpoint, *, died: str | None = None, seconds: float = 5.0) -> Endpoint:
    found.find(died=lambda: died, seconds=seconds)
    return found


@pytest.mark.parametrize(
    ("spoken_there", "address"),
    [
        ({80: "http"}, "http://127.0.0.1:80"),
        ({80: "http", 443: "https"}, "http://127.0.0.1:80"),
        ({443: "https"}, "https://127.0.0.1:443"),
        ({80: "something else", 443: "http"}, "http://127.0.0.1:443"),
    ],
)
def test_it_is_the_first_port_at_which_http_is_spoken(
    spoken: dict[int, str], spoken_there: dict[int, str], address: str
) -> None:
    spoken.update(spoken_there)

    found = find(endpoint(with_ports(80, 443)))

    assert found.address() == address
    assert not found.unserved


def test_a_service_without_a_port_is_not_waited_for() -> None:
    assert find(endpoint(with_ports(), ports=())).unserved == "web publishes and exposes no port"


def test_a_port_that_speaks_something_else_is_reported_at_once(spoken: dict[int, str]) -> None:
    spoken[25] = "something else"

    found = find(endpoint(with_ports(25), ports=(25,)), seconds=0.0)

    assert found.unserved == "web publishes port 25, which speaks no HTTP"


def test_a_port_that_stays_closed_is_reported_once_the_container_had_its_time() -> None:
    found = find(endpoint(with_ports(80), ports=(80,)))

    assert found.unserved == "web publishes port 80, at which nothing answers"


@pytest.mark.parametrize("health", ["none", "healthy"])
def test_a_port_at_which_an_answer_is_promised_is_waited_for(health: str) -> None:
    found = endpoint(with_ports(80, health=health), ports=(80,))

    with pytest.raises(PromiseBroken, match="until web answers"):
        found.find(died=lambda: None, seconds=0.3, is_promised=True)


def test_a_healthy_container_has_opened_its_ports() -> None:
    assert find(endpoint(with_ports(80, health="healthy"), ports=(80,)), seconds=0.0).unserved


def test_of_several_replicas_the_one_that_is_asked_has_its_time(spoken: dict[int, str]) -> None:
    del spoken
    slow, quick = with_ports(80, health="starting"), with_ports(81, health="healthy")

    with pytest.raises(PromiseBroken, match="timed out"):
        find(endpoint(slow, quick, ports=(80,)), seconds=0.2)


@pytest.mark.parametrize("state", [{"health": "starting"}, {"health": "unhealthy"}, {"running": False}])
def test_a_container_that_may_still_come_is_waited_for(state: dict[str, Any]) -> None:
    with pytest.raises(PromiseBroken, match="until web answers"):
        find(endpoint(with_ports(80, **state), ports=(80,)), seconds=0.3)


def test_a_service_that_died_is_not_waited_for() -> None:
    with pytest.raises(PromiseBroken, match="pointless: it ended with status 3"):
        find(endpoint(ports=(80,)), died="it ended with status 3", seconds=60.0)


def test_a_port_that_is_not_published_yet_says_nothing() -> None:
    with pytest.raises(PromiseBroken, match="until web answers"):
        find(endpoint(with_ports(health="starting"), ports=(80,)), seconds=0.1)


def test_a_slow_starter_has_the_time_that_its_files_allow(caplog: pytest.LogCaptureFixture) -> None:
    slow = Endpoint("web", lambda: [with_ports(80, health="starting")], lambda: [80], lambda: 0.3)

    with caplog.at_level("INFO", "verify.progress"), pytest.raises(PromiseBroken, match=r"timed out after 0\.3 s"):
        find(slow, seconds=0.1)

    assert "waiting until web answers: its files allow 0.3 s for a start" in caplog.text


def test_what_was_found_out_is_so_on_another_engine_too(spoken: dict[int, str]) -> None:
    spoken[443] = "https"
    there = endpoint(with_ports(443))

    there.take_over(find(endpoint(with_ports(80, 443))))

    assert there.address() == "https://127.0.0.1:443"


def test_without_a_container_there_is_none_to_join() -> None:
    assert endpoint(one := with_ports(80)).container() is cast("Any", one)
    with pytest.raises(LookupError, match="web has no running container"):
        endpoint().container()
