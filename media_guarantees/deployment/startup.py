"""The first start of a deployment; a failure is reported with the last lines of the build or the container."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import requests

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.sandbox.build_sources import build_on_the_engines_network, host_ca_bundle
from media_guarantees.deployment.sandbox.private_mounts import privately_mounted
from media_guarantees.deployment.sandbox.project_folder import make_project_folder, write_model, write_project_folder
from media_guarantees.deployment.sandbox.sandboxed_model import published, sandboxed
from media_guarantees.deployment.stack import Stack, Uploads
from media_guarantees.engine.connection import Engine
from media_guarantees.media.uploads.platform_protocol import LoginFailed
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run

_MEANS = "nothing was tested: a service that doesn't run can neither keep nor lose media"
_LINES = 12
# What Compose and BuildKit say beside an error, before it or after it.
_NOTICE = re.compile(r"configured to build using Bake|\blevel=(?:debug|info|warning)\b|^WARN\[|^View build details")
_ERROR = re.compile(r"\berror\b|\bfail(?:ed|ure)\b|\bdenied\b|not found|no such", re.IGNORECASE)


def prepare_stack(deployment: Deployment, *, run: Run, engine: Engine, folder: Path, uploads: Uploads) -> Stack:
    """Return the deployment, laid out below `folder` for `engine`; nothing of it is built or up yet.

    Raises `BadInput` for one that can't be laid out in a sandbox.
    """
    sandbox = sandboxed(deployment, run, ca_bundle=host_ca_bundle())
    if engine.has_bridge:
        build_on_the_engines_network(sandbox.model)
    place = make_project_folder(folder / "deployment")
    model, notes = privately_mounted(
        sandbox.model, uploads.media_root, folder / "mounts", theirs=deployment.folder, operators=place
    )
    write_project_folder(deployment, model, place)
    project = ComposeProject(engine, model, place, run)
    return Stack(deployment, project, uploads, (*sandbox.notes, *notes))


def provide_images(stack: Stack) -> None:
    """Build and pull what the deployment needs. Raises `BadInput` with the last lines of what went wrong."""
    built = stack.project.try_compose("build", "--quiet")
    if not built.ok:
        raise BadInput(
            f"the images of {stack.deployment.project} should be built, but the build failed: {_last_lines(built)}",
            f"try: docker-compose -f {stack.deployment.files[0]} build",
            means=_MEANS,
        )
    if wanted := [image for image in _images(stack) if _configuration(stack, image) is None]:
        pulled = stack.project.try_compose("pull", "--quiet", "--ignore-buildable", "--policy", "missing")
        if missing := [image for image in wanted if _configuration(stack, image) is None]:
            raise BadInput(
                f"the image {', '.join(missing)} should be there, but can't be pulled: {_last_lines(pulled)}",
                "check the image's name, `docker login`, and the way to the registry; or load it: docker load",
                means=_MEANS,
            )


def publish_exposed_ports(stack: Stack) -> None:
    """Publish what the service's image exposes, where its compose file names no port: it is to be asked for media."""
    service = stack.model["services"][stack.service]
    if not service["ports"] and "network_mode" not in service:
        image = service.get("image") or f"{stack.project.name}-{stack.service}"
        ports = ((_configuration(stack, image) or {}).get("ExposedPorts") or {}).keys()
        service["ports"] = [published(int(port.partition("/")[0])) for port in ports if port.endswith("/tcp")]
        write_model(stack.model, stack.folder)
    _publish_media_server(stack)


def _publish_media_server(stack: Stack) -> None:
    if server := stack.uploads.media_server:
        service, port = stack.model["services"][server[0]], server[1]
        if port not in [published_port["target"] for published_port in service["ports"]]:
            service["ports"] = [*service["ports"], published(port)]
            write_model(stack.model, stack.folder)


def wait_for_first_start(stack: Stack) -> None:
    """Wait until the service is ready. Raises `BadInput` with its last log lines if it never comes up.

    A service that answers with an error is up, and so is one without a port whose health check fails: the tests find
    what is wrong with it.
    """
    try:
        stack.find_endpoints()
        stack.health.wait_until_ready()
    except PromiseBroken as broken:
        if ailment := _ailment(stack):
            journal.progress(f"stack: {stack.service} is up, but {ailment}; going on without waiting longer")
            stack.health.stop_recovering()
            return
        raise _not_up(stack, broken) from broken


def choose_platform(stack: Stack, upload: str) -> None:
    """Decide how media are given to the service.

    Raises `BadInput` if it ended as soon as it had started, or refuses the login for uploads.
    """
    try:
        stack.choose_platform(upload)
    except LoginFailed as failed:
        raise BadInput(failed.seen, failed.next_step, means=failed.means) from failed
    except PromiseBroken as broken:
        raise _not_up(stack, broken) from broken


def _not_up(stack: Stack, broken: PromiseBroken) -> BadInput:
    return BadInput(
        f"{stack.service} should come up and answer: {broken.seen}; {_state(stack)}",
        f"try: docker-compose -f {stack.deployment.files[0]} up {stack.service}",
        means=_MEANS,
    )


def explain_failed_start(stack: Stack, error: Exception) -> BadInput:
    """Return in words why Compose could not bring the deployment up."""
    said = "\n".join(str(error).strip().splitlines()[-_LINES:])
    return BadInput(
        f"{stack.deployment.project} should come up, but Compose gave up: {_without_notices(str(error)) or said}",
        f"try: docker-compose -f {stack.deployment.files[0]} up",
        means=_MEANS,
    )


def _last_lines(outcome: commands.Outcome) -> str:
    """What went wrong. Compose writes some errors to its standard output, and notices to the other stream."""
    printed = (outcome.stdout + b"\n" + outcome.stderr).decode(errors="replace")
    return journal.redact(_without_notices(printed)) or outcome.complaint


def _without_notices(printed: str) -> str:
    """Return the last lines, and the errors before them, without what is only a notice."""
    lines = [line for line in printed.splitlines() if line.strip() and not _NOTICE.search(line)]
    errors = [line for line in lines[:-_LINES] if _ERROR.search(line)]
    return "\n".join([*errors[-_LINES:], *lines[-_LINES:]])


def _images(stack: Stack) -> list[str]:
    services = [service for service in stack.model["services"].values() if not service.get("profiles")]
    return sorted({service["image"] for service in services if service.get("image") and not service.get("build")})


def _configuration(stack: Stack, image: str) -> dict[str, Any] | None:
    """What an image that is there says of itself; None without it."""
    command = ["docker", "image", "inspect", "--format", "{{json .Config}}", image]
    inspected = commands.run(command, env=stack.environment)
    return dict(json.loads(inspected.text) or {}) if inspected.ok else None


def _state(stack: Stack) -> str:
    """How the service's container is, and the last lines that it said."""
    containers = stack.project.containers(stack.service, running_only=False)
    if not containers:
        return "it has no container"
    newest = containers[-1]
    state, restarts = newest.attrs["State"], newest.attrs.get("RestartCount", 0)
    said = newest.logs(tail=_LINES).decode(errors="replace").strip() or "(nothing)"
    return (
        f"its container is {newest.status}, exit status {state['ExitCode']}, started again {restarts} times, and "
        f"gives no answer; it said last:\n{said}"
    )


def _ailment(stack: Stack) -> str:
    """What is wrong with a service that is up; empty if it isn't up."""
    if status := _status(stack):
        return f"answers {status}"
    states = [container.attrs["State"] for container in stack.project.containers(stack.service)]
    is_unhealthy = any(state.get("Health", {}).get("Status") == "unhealthy" for state in states)
    return "its health check fails" if stack.endpoint.unserved and is_unhealthy else ""


def _status(stack: Stack) -> int:
    """The HTTP status with which the service answers now; 0 without an answer."""
    try:
        return stack.platform.probe()
    except (requests.RequestException, LookupError):
        return 0
