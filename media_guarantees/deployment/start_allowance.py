"""How long a service may take to start, as its owner's files allow: by its health check and by what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from media_guarantees.deployment.compose_project import ComposeProject

_NANOSECONDS = 10**9
# Docker's defaults for a health check (Dockerfile reference, "HEALTHCHECK").
_CHECK_SECONDS, _CHECK_RETRIES = 30.0, 3


def start_allowance(project: ComposeProject, service: str) -> float:
    """Return the seconds until `service` must be healthy; 0 where no health check says anything of it.

    Services that must be healthy before it starts (``depends_on``) have their time first. The engine is asked, which
    knows the health check of an image too, and of a container that has ended.
    """
    return _allowance(project, service, ())


def _allowance(project: ComposeProject, service: str, above: tuple[str, ...]) -> float:
    awaited: dict[str, Any] = dict(project.model["services"].get(service, {}).get("depends_on") or {})
    first = [
        _allowance(project, name, (*above, service))
        for name, how in awaited.items()
        if (how or {}).get("condition") == "service_healthy" and name not in above
    ]
    containers = project.containers(service, running_only=False)
    own = [_seconds(container.attrs["Config"].get("Healthcheck") or {}) for container in containers]
    return max(own, default=0.0) + max(first, default=0.0)


def _seconds(check: dict[str, Any]) -> float:
    if not check or check.get("Test") == ["NONE"]:
        return 0.0
    period, interval = (check.get(name, 0) / _NANOSECONDS for name in ("StartPeriod", "Interval"))
    return float(period + (interval or _CHECK_SECONDS) * ((check.get("Retries") or _CHECK_RETRIES) + 1))
