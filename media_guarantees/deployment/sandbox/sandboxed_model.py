"""The compose file that the suite runs: the owner's model, made harmless.

What `allowed_keys` doesn't name is left out. Nothing of the owner's is used by name: host ports go, external networks
and volumes are made inside the sandbox. Everything carries the run's label; on a shared engine every name carries it
as well, and no network leads out.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.deployment.sandbox.allowed_keys import allowed
from media_guarantees.deployment.sandbox.build_sources import CA_SECRET, restrict_build
from media_guarantees.deployment.sandbox.volume_drivers import restricted_driver
from media_guarantees.system.run_id import Run

# Without address translation no answer from another machine finds its way back, but a published port works.
_WITHOUT_WAY_BACK = {"com.docker.network.bridge.enable_ip_masquerade": "false"}


@dataclass(frozen=True)
class Sandbox:
    """The model to run, and in sentences how it differs from what the owner wrote."""

    model: Model
    notes: tuple[str, ...]


def sandboxed(deployment: Deployment, run: Run, *, ca_bundle: str = "") -> Sandbox:
    """Return what to run in place of the owner's model. `ca_bundle` is a file that builds may need for TLS.

    Raises `BadInput` for an image that would be built from files or addresses outside of the deployment's folder, and
    where nothing is left of the service under test.
    """
    model = copy.deepcopy(deployment.with_profiles or deployment.model)
    notes = _drop_provided(model, deployment.service)
    model, left_out = allowed(model)
    notes += left_out.sentences()
    model["name"] = run.name(deployment.project)
    notes += _drop_absent_files(model)
    notes += _restrict_builds(model, deployment, ca_bundle)
    for name, service in model["services"].items():
        if name in deployment.model["services"]:
            service.pop("profiles", None)
        if service.get("build") is not None:
            # As Compose would call it, said so that it is found from another project too: a guide's command that starts
            # one need not build it again, which no command of a guide can here.
            service["image"] = f"{model['name']}-{name}"
        notes += _restrict_service(name, service, run)
    _publish(model["services"][deployment.service])
    notes += _restrict_volumes(model, deployment.project, run)
    _restrict_networks(model, deployment.project, run)
    if run.prefix:
        notes += _close(model, deployment.project, run)
    if ca_bundle:
        model.setdefault("secrets", {})[CA_SECRET] = {"file": ca_bundle}
    return Sandbox(model, tuple(notes))


def _drop_provided(model: Model, under_test: str) -> list[str]:
    """Leave out the services that are no containers, with whatever refers to them."""
    services = model["services"]
    provided = {name: each for name, each in services.items() if each.get("provider") or not _is_container(each)}
    if under_test in provided:
        raise BadInput(
            f"{under_test} should be a container, but it has {_provider(provided[under_test])}",
            "name the service that keeps the media: SERVICE=…",
            means="there is nothing to test",
        )
    model["services"] = {name: each for name, each in services.items() if name not in provided}
    for service in model["services"].values():
        _drop_references(service, set(provided))
    return [f"{name} left out: it has {_provider(each)}" for name, each in provided.items()]


def _is_container(service: Model) -> bool:
    return bool(service.get("image")) or service.get("build") is not None


def _provider(service: Model) -> str:
    named = (service.get("provider") or {}).get("type")
    return f"the provider {named!r}, a program of this machine" if named else "neither an image nor a build"


def _drop_references(service: Model, gone: set[str]) -> None:
    for key in ("depends_on", "links", "volumes_from"):
        if key in service:
            service[key] = _without(service[key], gone)
    for key in ("network_mode", "pid", "ipc"):
        if str(service.get(key)).removeprefix("service:") in gone:
            del service[key]


def _without(references: Model | list[str], gone: set[str]) -> Model | list[str]:
    if isinstance(references, dict):
        return {name: each for name, each in references.items() if name not in gone}
    return [each for each in references if each.partition(":")[0] not in gone]


def _drop_absent_files(model: Model) -> list[str]:
    """Leave out the secrets and configs that nothing is left of, such as external ones, wherever they are used."""
    notes = []
    for kind in ("secrets", "configs"):
        there = {name: each for name, each in (model.get(kind) or {}).items() if _has_source(each)}
        notes += [f"{kind[:-1]} {name} left out" for name in (model.get(kind) or {}) if name not in there]
        if kind in model:
            model[kind] = there
        for service in model["services"].values():
            if kind in service:
                service[kind] = [given for given in service[kind] or () if given.get("source") in there]
    return notes


def _has_source(item: Model | None) -> bool:
    return any(key in (item or {}) for key in ("file", "environment", "content"))


def _restrict_builds(model: Model, deployment: Deployment, ca_bundle: str) -> list[str]:
    """Restrict what images are built from; a service of an inactive profile that can't be built here is left out.

    Only a command that names it needs such a service. Raises `BadInput` for an active one that can't be built.
    """
    return [note for name in list(model["services"]) for note in _restrict_build(name, model, deployment, ca_bundle)]


def _restrict_build(name: str, model: Model, deployment: Deployment, ca_bundle: str) -> list[str]:
    try:
        return restrict_build(name, model["services"][name], deployment, ca_bundle)
    except BadInput as refused:
        if name in deployment.model["services"]:
            raise
        del model["services"][name]
        return [f"{name}, of an inactive profile, left out: {refused.problem}"]


def _restrict_service(name: str, service: Model, run: Run) -> list[str]:
    service["volumes"] = [mount for mount in service.get("volumes") or () if "type" in mount]
    if container := service.get("container_name"):
        service["container_name"] = run.name(container)
    service["ports"] = [published(port["target"], port.get("protocol", "tcp")) for port in service.get("ports") or ()]
    # On an engine that others use, their programs act on labels: a proxy that takes in what says so, a scheduler.
    theirs = service.get("labels") or {}
    service["labels"] = run.labels if run.prefix else {**theirs, **run.labels}
    return [f"{name}: labels left out"] if run.prefix and theirs else []


def _restrict_volumes(model: Model, project: str, run: Run) -> list[str]:
    notes = []
    for name, volume in (model.get("volumes") or {}).items():
        options = restricted_driver(volume)
        if (volume or {}).keys() & {"driver", "driver_opts"} and not options:
            notes.append(f"volume {name} is a plain one: its driver and options are left out")
        model["volumes"][name] = {**_own_resource(name, volume, project, run), **options}
    return notes


def _restrict_networks(model: Model, project: str, run: Run) -> None:
    """Name and label every network, including the default one that Compose creates by itself."""
    networks = model.setdefault("networks", {}) or {}
    if any("network_mode" not in each and not each.get("networks") for each in model["services"].values()):
        networks.setdefault("default", None)
    for name, network in networks.items():
        internal = {"internal": True} if (network or {}).get("internal") else {}
        networks[name] = {**_own_resource(name, network, project, run), **internal}
    model["networks"] = networks


def _own_resource(key: str, item: Model | None, project: str, run: Run) -> Model:
    """Return the name and the labels of a volume or network in the sandbox, where it belongs to the run."""
    item = item or {}
    name = run.name(item.get("name") or f"{project}_{key}")
    return {"name": name, "labels": {**({} if run.prefix else item.get("labels") or {}), **run.labels}}


def _close(model: Model, project: str, run: Run) -> list[str]:
    """Let no service reach anything outside of the sandbox: the copy holds its owner's real credentials.

    Docker publishes no port of an internal network, so a service that publishes some gets one more network for that,
    which nothing else is in.
    """
    for network in model["networks"].values():
        network["internal"] = True
    for name, service in model["services"].items():
        if service["ports"] and "network_mode" not in service:
            key = f"published-{name}"
            own = {"driver_opts": dict(_WITHOUT_WAY_BACK)}
            model["networks"][key] = {**_own_resource(key, None, project, run), **own}
            service["networks"] = {**(service.get("networks") or {"default": None}), key: None}
    return ["no service reaches other machines, as on a private engine"]


def _publish(service: Model) -> None:
    """A service that only others of its network reach is asked from this machine: publish what it exposes."""
    if not service["ports"] and "network_mode" not in service:
        exposed = (str(port).partition("/")[0] for port in service.get("expose") or ())
        service["ports"] = [published(int(port)) for port in exposed if port.isdigit()]


def published(port: int, protocol: str = "tcp") -> Model:
    """Return a port of a service, to be reached from this machine alone, wherever one is free."""
    return {"target": port, "protocol": protocol, "host_ip": "127.0.0.1"}


def with_internal_networks(model: Model) -> Model:
    """Return `model` with every network internal: Docker gives those no gateway."""
    isolated = copy.deepcopy(model)
    for network in (isolated.get("networks") or {}).values():
        network["internal"] = True
    return isolated
