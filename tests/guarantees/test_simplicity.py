"""The whole solution works on one's own server: no way out is needed, and no object store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest
import requests

from media_guarantees.core import journal
from media_guarantees.core.deferred import once
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.namespace_http import NamespaceAdapter, remove_default_route
from media_guarantees.deployment.object_store import object_store_settings
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.deployment.sandbox.sandboxed_model import with_internal_networks
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.media.upload_client import Served, Upload

pytestmark = pytest.mark.guarantee("simplicity.self_contained")

ISOLATED_SECONDS = 20.0
DEFAULT_ROUTE = "00000000"  # proc(5), net/route: the destination, in hexadecimal


class Isolated(NamedTuple):
    """What was seen of the stack while no network of it had a way out."""

    routes: list[str]
    networks: list[str]
    open_networks: list[str]
    upload: Upload
    served: Served


@pytest.fixture(scope="module", name="isolated")
def _isolated(session_stack: Stack, seeded_media: SeededMedia) -> Callable[[], Isolated]:
    """The stack, for a while, with all of its networks cut off from the outside."""
    stack = session_stack
    with journal.step("event: cutting off every network's way out"):
        seen = once(lambda: look_at_isolated(stack, seeded_media))
    stack.compose("down")
    write_model(stack.model, stack.folder)
    with suppress(PromiseBroken):
        stack.up()
    return seen


def look_at_isolated(stack: Stack, seeded_media: SeededMedia) -> Isolated:
    """Start the stack without a way out, give it a picture and ask for it back, all from inside its network."""
    stack.recover()
    stack.compose("down")
    write_model(with_internal_networks(stack.model), stack.folder)
    stack.compose("up", "--detach")
    container = stack.container()
    remove_default_route(str(container.id), stack.environment, stack.run.labels)
    routes = stack.inside.host().file("/proc/net/route").content_string.splitlines()[1:]
    networks = {name: stack.client.networks.get(name) for name in container.attrs["NetworkSettings"]["Networks"]}
    session = requests.Session()
    session.mount("http://", NamespaceAdapter(str(container.id), stack.environment, stack.run.labels))
    platform = stack.platform.at(f"http://127.0.0.1:{stack.inner_port()}", session)
    wait_until(platform.answers, what=f"{stack.service} answers inside its network", seconds=ISOLATED_SECONDS)
    upload = platform.upload(seeded_media.fresh(platform.kinds))
    open_networks = [name for name, network in networks.items() if not network.attrs["Internal"]]
    return Isolated(routes, list(networks), open_networks, upload, platform.fetch(upload.url))


def test_there_was_really_no_way_out(isolated: Callable[[], Isolated]) -> None:
    seen = isolated()

    ways_out = [line for line in seen.routes if line.split()[1] == DEFAULT_ROUTE]

    assert seen.networks, "the service is in no network that could be cut off: it uses the host's"
    assert not seen.open_networks, f"networks that still have a way out: {seen.open_networks}"
    assert not ways_out, f"the container still has a default route: {ways_out}"
    journal.add_evidence(f"networks {', '.join(seen.networks)}: internal, no default route in the container")


def test_uploading_and_serving_work_without_a_way_out(isolated: Callable[[], Isolated]) -> None:
    seen = isolated()

    assert seen.served.status == 200, f"without a way out, {seen.upload.url} was answered {seen.served.status}"
    assert seen.served.content, f"without a way out, {seen.upload.url} was served empty"
    journal.add_evidence(f"{seen.upload.path} uploaded and served without a way out")


def test_no_container_asks_for_object_store_credentials(stack: Stack) -> None:
    asked = {}
    for service in stack.deployment.model["services"]:
        for container in stack.containers(service):
            asked[service] = object_store_settings(container.attrs["Config"]["Env"] or ())

    assert asked, "no container was looked at"
    assert not any(asked.values()), f"object-store credentials are asked for: {asked}"
    journal.add_evidence(f"{len(asked)} services, none of which asks for object-store credentials")
