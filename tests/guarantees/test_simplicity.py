"""The whole solution works on one server: it needs no network access and no object store."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import pytest
import requests

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.compose.object_store import object_store_settings
from media_guarantees.deployment.endpoint import Endpoint
from media_guarantees.deployment.namespace_http import NamespaceAdapter, remove_default_route
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.deployment.sandbox.sandboxed_model import with_internal_networks
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine import helper_container
from media_guarantees.events.seeded_media import SeededMedia, is_stored
from media_guarantees.media.uploads.platform_protocol import Platform, Served, Upload
from media_guarantees.system import commands

pytestmark = pytest.mark.guarantee("simplicity.self_contained")

DEFAULT_ROUTE = "00000000"  # proc(5), net/route: the destination, in hexadecimal


class Isolated(NamedTuple):
    """What was seen of the stack while its networks had no way out.

    `served` is None if no service serves media; only then is the volume asked, and `stored` says what it holds.
    """

    routes: list[str]
    networks: list[str]
    open_networks: list[str]
    upload: Upload
    stored: bool
    served: Served | None


@pytest.fixture(scope="module", name="isolated_stack")
def _isolated_stack(session_stack: Stack, seeded_media: SeededMedia) -> Deferred[Isolated]:
    """The stack, for a while, with all of its networks cut off from the outside."""
    stack = session_stack
    with journal.step("event: cutting off every network's way out"):
        seen = Deferred(lambda: look_at_isolated(stack, seeded_media))
    stack.project.compose("down")
    write_model(stack.model, stack.folder)
    with suppress(PromiseBroken):
        stack.health.up()
    return seen


def look_at_isolated(stack: Stack, seeded_media: SeededMedia) -> Isolated:
    """Start the stack without a way out, give it a picture and ask for it back, all from inside its network."""
    stack.health.recover()
    seeded_media.ensure_uploaded(stack)
    stack.project.compose("down")
    write_model(with_internal_networks(stack.model), stack.folder)
    stack.project.compose("up", "--detach")
    container = stack.container()
    remove_default_route(str(container.id), stack.environment, stack.run.labels)
    networks = {
        name: stack.project.client.networks.get(name) for name in container.attrs["NetworkSettings"]["Networks"]
    }
    platform = stack.platform if stack.endpoint.unserved else asked_from_inside(stack, stack.endpoint)
    wait_until(platform.answers, what=f"{stack.service} answers inside its network", seconds=stack.health.start_seconds)
    upload = platform.upload(seeded_media.fresh(platform.kinds))
    is_asked = not seeded_media.are_unserved
    served = asked_from_inside(stack, stack.media_endpoint).fetch(upload.url) if is_asked else None
    open_networks = [name for name, network in networks.items() if not network.attrs["Internal"]]
    routes = routes_of(stack, str(container.id))
    stored = served is None and is_stored(stack, upload)
    return Isolated(routes, list(networks), open_networks, upload, stored, served)


def asked_from_inside(stack: Stack, endpoint: Endpoint) -> Platform:
    """Return the platform as it is reached from inside the network of the container that answers at `endpoint`."""
    if endpoint.scheme != "http":
        raise Unproven(f"{stack.service} speaks TLS, which can't be asked for from inside a network that is cut off")
    container = str(endpoint.container().id)
    session = requests.Session()
    session.mount("http://", NamespaceAdapter(container, stack.environment, stack.run.labels))
    return stack.platform.at_address(f"http://127.0.0.1:{endpoint.port}", session)


def routes_of(stack: Stack, container: str) -> list[str]:
    """Return the routes of a container, as the kernel lists them; the image needs no programs for that."""
    beside = helper_container.command(stack.run.labels, f"--network=container:{container}")
    return commands.check([*beside, "cat", "/proc/net/route"], env=stack.environment).text.splitlines()[1:]


def test_there_was_really_no_way_out(isolated_stack: Deferred[Isolated]) -> None:
    seen = isolated_stack.get()

    ways_out = [line for line in seen.routes if line.split()[1] == DEFAULT_ROUTE]

    assert seen.networks, "the service is in no network that could be cut off: it uses the host's"
    assert not seen.open_networks, f"networks that still have a way out: {seen.open_networks}"
    assert not ways_out, f"the container still has a default route: {ways_out}"
    journal.add_evidence(f"networks {', '.join(seen.networks)}: internal, no default route in the container")


def test_uploading_and_serving_work_without_a_way_out(isolated_stack: Deferred[Isolated]) -> None:
    seen = isolated_stack.get()

    assert seen.stored or seen.served, f"without a way out, {seen.upload.path} was accepted and is not in the volume"
    if seen.served is None:
        journal.add_evidence(f"{seen.upload.path} stored without a way out; no service was ever seen to serve media")
        return
    assert seen.served.status == 200, f"without a way out, {seen.upload.url} was answered {seen.served.status}"
    assert seen.served.content, f"without a way out, {seen.upload.url} was served empty"
    journal.add_evidence(f"{seen.upload.path} uploaded and served without a way out")


def test_no_container_asks_for_object_store_credentials(stack: Stack) -> None:
    asked = {}
    for service in stack.deployment.model["services"]:
        for container in stack.project.containers(service):
            asked[service] = object_store_settings(container.attrs["Config"]["Env"] or ())

    assert asked, "no container was looked at"
    assert not any(asked.values()), f"object-store credentials are asked for: {asked}"
    journal.add_evidence(f"{len(asked)} services, none of which asks for object-store credentials")
