"""A service has the time to start that its owner's files allow, after what it waits for."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import container

from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.health.readiness import start_allowance

SECOND = 10**9
CHECK = {"Test": ["CMD", "x"], "StartPeriod": 180 * SECOND, "Interval": 5 * SECOND, "Retries": 2}
HEALTHY = {"condition": "service_healthy"}


def project(checks: dict[str, Any], waits: dict[str, dict[str, Any]] | None = None) -> ComposeProject:
    """A project in which each service has one health check, and waits for others."""
    services = {name: {"depends_on": (waits or {}).get(name)} for name in checks}

    def containers(service: str, *, running_only: bool = True) -> list[Any]:
        return [] if running_only else [container(Config={"Healthcheck": checks[service]})]

    return cast("ComposeProject", SimpleNamespace(model={"services": services}, containers=containers))


@pytest.mark.parametrize(
    ("check", "seconds"),
    [(None, 0.0), ({"Test": ["NONE"], "StartPeriod": 180 * SECOND}, 0.0), (CHECK, 195.0), ({"Test": ["CMD"]}, 120.0)],
)
def test_a_health_check_allows_its_start_period_and_its_retries(check: Any, seconds: float) -> None:
    assert start_allowance(project({"web": check}), "web") == seconds


@pytest.mark.parametrize(
    ("condition", "seconds"), [(HEALTHY, 315.0), ({"condition": "service_started"}, 120.0), (None, 120.0)]
)
def test_a_service_that_must_be_healthy_first_has_its_time_too(condition: Any, seconds: float) -> None:
    both = project({"web": {"Test": ["CMD"]}, "db": CHECK}, {"web": {"db": condition}})

    assert start_allowance(both, "web") == seconds


def test_services_that_wait_for_each_other_are_each_counted_once() -> None:
    both = project({"web": CHECK, "db": CHECK}, {"web": {"db": HEALTHY}, "db": {"web": HEALTHY}})

    assert start_allowance(both, "web") == 390.0
