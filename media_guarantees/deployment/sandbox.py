"""The compose file that the suite runs: the owner's model, made harmless.

Nothing of the owner's is used by name: host ports go, external networks and volumes are made inside the sandbox, and
what leads out of it is left out. Everything carries the run's label; on a shared engine every name carries it as well.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
from pathlib import Path

from media_guarantees.core.files import atomic_write
from media_guarantees.deployment.compose_model import Deployment, Model
from media_guarantees.system.run_id import LABEL, Run

CA_SECRET = "ca_bundle"  # noqa: S105 - its name
COMPOSE_FILE = "docker-compose.yml"
_FOUND_ANYWAY = {"compose.yaml", "compose.yml", "docker-compose.yaml", COMPOSE_FILE}
# What is of no use in the sandbox, or leads out of it: to another container, another log server, a device.
_LEFT_OUT = ("profiles", "develop", "logging", "external_links", "cgroup_parent", "mac_address", "use_api_socket")
_HOST_ACCESS = ("privileged", "devices", "device_cgroup_rules", "pid", "ipc", "uts", "userns_mode")
# What would move a tag or write a cache of the owner's.
_BUILD_LEFT_OUT = ("tags", "cache_to", "pull")
# Memory is as good here as there; a network share or a disk is the owner's own.
_VOLUME_TYPES = {"tmpfs", "ramfs"}


def sandboxed(deployment: Deployment, run: Run, *, ca_bundle: str = "") -> Model:
    """Return the model to run in place of the owner's. `ca_bundle` is a file that builds may need for TLS."""
    model = copy.deepcopy(deployment.model)
    model["name"] = run.name(model["name"])
    for service in model["services"].values():
        _tame_service(service, run, ca_bundle)
    _publish(model["services"][deployment.service])
    for name, item in (model.get("volumes") or {}).items():
        model["volumes"][name] = {**_tame_resource(name, item, deployment.project, run), **_tame_driver(item)}
    for name, item in (model.get("networks") or {}).items():
        model["networks"][name] = {**_tame_resource(name, item, deployment.project, run), **_tame_network(item)}
    if ca_bundle:
        model.setdefault("secrets", {})[CA_SECRET] = {"file": ca_bundle}
    return model


def _tame_service(service: Model, run: Run, ca_bundle: str) -> None:
    for key in (*_LEFT_OUT, *_HOST_ACCESS):
        service.pop(key, None)
    if name := service.get("container_name"):
        service["container_name"] = run.name(name)
    _tame_networks(service)
    service["labels"] = {**(service.get("labels") or {}), **run.labels}
    service["ports"] = [published(port["target"], port.get("protocol", "tcp")) for port in service.get("ports") or ()]
    if build := service.get("build"):
        # Our build must not move a tag that the owner's engine may know.
        service.pop("image", None)
        for key in _BUILD_LEFT_OUT:
            build.pop(key, None)
        build["network"] = "host"
        # No label of this run alone: an image that is the same needs no building again.
        build["labels"] = {**(build.get("labels") or {}), LABEL: "build"}
        if ca_bundle:
            build["secrets"] = [*(build.get("secrets") or ()), {"source": CA_SECRET}]


def _tame_resource(key: str, item: Model | None, project: str, run: Run) -> Model:
    """The name and the labels of a volume or network that is the run's own, whoever owned it outside."""
    item = item or {}
    name = run.name(item.get("name") or f"{project}_{key}")
    return {"name": name, "labels": {**(item.get("labels") or {}), **run.labels}}


def _tame_driver(volume: Model | None) -> Model:
    """Keep memory and a directory of this machine, which is replaced in its turn; all else is a plain volume here."""
    options = (volume or {}).get("driver_opts") or {}
    is_here = options.get("type") in _VOLUME_TYPES or "bind" in str(options.get("o", "")).split(",")
    return {"driver_opts": dict(options)} if is_here and (volume or {}).get("driver") in (None, "local") else {}


def _tame_network(network: Model | None) -> Model:
    """An address range or an interface that is fixed may be in use: the owner's deployment may run on this machine."""
    return {"internal": True} if (network or {}).get("internal") else {}


def _tame_networks(service: Model) -> None:
    if not str(service.get("network_mode", "none")).startswith(("none", "service:")):
        service.pop("network_mode")
    for network in (service.get("networks") or {}).values():
        for key in ("ipv4_address", "ipv6_address", "mac_address", "link_local_ips", "driver_opts"):
            (network or {}).pop(key, None)
    if "volumes_from" in service:
        service["volumes_from"] = [name for name in service["volumes_from"] if not name.startswith("container:")]


def _publish(service: Model) -> None:
    """A service that only others of its network reach is asked from this machine: publish what it exposes."""
    if not service["ports"] and "network_mode" not in service:
        exposed = (str(port).partition("/")[0] for port in service.get("expose") or ())
        service["ports"] = [published(int(port)) for port in exposed if port.isdigit()]


def published(port: int, protocol: str = "tcp") -> Model:
    """Return a port of a service, to be reached from this machine alone, wherever one is free."""
    return {"target": port, "protocol": protocol, "host_ip": "127.0.0.1"}


def deviations(deployment: Deployment) -> list[str]:
    """Say where the sandbox differs from what the owner wrote in a way that may matter to a service or its media."""
    services = deployment.model["services"].items()
    said = [f"{name} runs without {key}" for name, service in services for key in _HOST_ACCESS if service.get(key)]
    said += [f"{name} is not on the host's network" for name, each in services if each.get("network_mode") == "host"]
    for name, volume in (deployment.model.get("volumes") or {}).items():
        if (volume or {}).keys() & {"driver", "driver_opts"} and not _tame_driver(volume):
            said.append(f"volume {name} is a plain one: its driver and options are left out")
    return said


def with_internal_networks(model: Model) -> Model:
    """Return `model` with every network internal: Docker gives those no gateway."""
    isolated = copy.deepcopy(model)
    for network in (isolated.get("networks") or {}).values():
        network["internal"] = True
    return isolated


def write_model(model: Model, folder: Path) -> Path:
    """Write `model` where an operator's plain `docker-compose` in `folder` finds it. It may hold tokens: 0600."""
    file = folder / COMPOSE_FILE
    # YAML holds JSON, but for its pairs of escapes that stand for one character, such as an emoji.
    atomic_write(file, json.dumps(model, indent=2, ensure_ascii=False))
    return file


def write_project_folder(deployment: Deployment, model: Model, folder: Path) -> None:
    """Make `folder` the deployment's folder as an operator would find it: compose files by their names, and scripts.

    What is in all of the owner's files is in the first; the others change nothing any more.
    """
    folder.mkdir(mode=0o700, parents=True)
    write_model(model, folder)
    for script in (*deployment.folder.glob("*.sh"), *deployment.folder.glob("[!.]*/*.sh")):
        place = folder / script.relative_to(deployment.folder)
        place.parent.mkdir(exist_ok=True)
        shutil.copy2(script, place)
    for number, file in enumerate(deployment.files):
        place = folder / file.name
        if file.name in _FOUND_ANYWAY:  # nobody names those, and Compose would complain of two
            continue
        if not place.exists() and number == 0:
            place.symlink_to(COMPOSE_FILE)
        elif not place.exists():
            place.write_text(json.dumps({"services": {}}))


def host_ca_bundle() -> str:
    """The file of certificate authorities that this machine was told to use, if it was told."""
    told = (os.environ.get(name, "") for name in ("PIP_CERT", "SSL_CERT_FILE"))
    return next((path for path in told if path and Path(path).is_file()), "")
