"""What a guide's commands may ask of the run's own engine: whatever ends at that engine and at the guide's own paths.

A container reaches the machine by what its creation asks for: a host directory, a device, a namespace of the host, a
privilege. Each setting has to be known to be harmless here; every other one is refused by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

MapPath = Callable[[str], str]
"""Gives, for a path as the guide's shell sees it, the path of the same thing on the machine."""

_VERSION = re.compile(r"^/v(\d+)\.(\d+)(?=/)")
# Before this version of the API, the settings of a container could come with its start.
_OLDEST_VERSION = (1, 24)
_ALLOWED_POSTS = re.compile(
    r"/containers/(create|prune|[^/]+/(start|stop|restart|kill|pause|unpause|wait|attach|resize|rename|exec))"
    r"|/exec/[^/]+/(start|resize)|/(volumes|networks)/(create|prune)|/networks/[^/]+/(connect|disconnect)"
    r"|/images/(create|load|prune|.+/tag)|/commit|/build|/build/prune|/session|/grpc"
)
_HARMLESS_SETTINGS = {
    "AutoRemove", "Binds", "BlkioWeight", "CapDrop", "ConsoleSize", "ContainerIDFile", "CpuCount", "CpuPercent",
    "CpuPeriod", "CpuQuota", "CpuShares", "CpusetCpus", "CpusetMems", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts",
    "GroupAdd", "IOMaximumBandwidth", "IOMaximumIOps", "Init", "Isolation", "Links", "Memory", "MemoryReservation",
    "MemorySwap", "MemorySwappiness", "Mounts", "NanoCpus", "OomKillDisable", "PidsLimit", "PortBindings",
    "PublishAllPorts", "ReadonlyRootfs", "RestartPolicy", "ShmSize", "StopTimeout", "Tmpfs", "Ulimits", "VolumesFrom",
    "Annotations",
}  # fmt: skip
# Those whose value decides, and the values that stay inside.
_HARMLESS_VALUES: dict[str, re.Pattern[str]] = {
    "NetworkMode": re.compile(r"(?!host$).*"),
    "PidMode": re.compile(r"|container:.+"),
    "IpcMode": re.compile(r"|none|private|shareable|container:.+"),
    "CgroupnsMode": re.compile(r"|private"),
    "UsernsMode": re.compile(r""),
    "UTSMode": re.compile(r""),
    "VolumeDriver": re.compile(r"|local"),
}
_HARMLESS_SECURITY = re.compile(r"no-new-privileges(?:[:=]true)?|label[:=].*")
_LOCAL_LOGS = {"", "json-file", "local", "none"}
# What Docker masks of /proc and /sys by default is sent as null; an empty list would mask nothing.
_MASKS = ("MaskedPaths", "ReadonlyPaths")
_CHECKED_KEYS = {
    name.lower(): name
    for name in ("HostConfig", "Privileged", "Driver", "DriverOpts", "Type", "Source", "VolumeOptions", "DriverConfig",
                 "Options", "Name", "HostIp")
}  # fmt: skip
_FREE_KEYS = {"Labels", "Options", "DriverOpts", "Env", "Tmpfs", "Annotations"}  # whose keys are people's own


class Refused(Exception):  # noqa: N818 - reads as the sentence it is
    """A request that would reach beyond the run's own engine; the message says which part of it."""


def check_request(method: str, target: str, body: bytes, map_path: MapPath) -> bytes:
    """Return the body to send in place of `body`, with host paths replaced. Raises `Refused` for what reaches further.

    `method` and `target` are those of an HTTP request of the Docker Engine API.
    """
    if method != "POST":
        return body
    url = urlsplit(target)
    version = _VERSION.match(url.path)
    path = _VERSION.sub("", url.path)
    if version and (int(version[1]), int(version[2])) < _OLDEST_VERSION:
        raise Refused(f"version {version[1]}.{version[2]} of its API")
    if not _ALLOWED_POSTS.fullmatch(path):
        raise Refused(f"`POST {path}`, which is not for a container of the run's own")
    if path == "/images/create" and "fromSrc" in parse_qs(url.query):
        raise Refused("an image from an address")
    if path == "/build" and (remote := parse_qs(url.query).get("remote", [""])[0]) not in ("", "client-session"):
        raise Refused(f"a build of {remote}")
    check = _CHECKS.get(path, _check_exec if path.endswith("/exec") else None)
    if check is None:
        return body
    return json.dumps(check(_parse(body), map_path)).encode()


def needs_body(method: str, target: str) -> bool:
    """Whether `check_request` has to see the body of such a request."""
    path = _VERSION.sub("", urlsplit(target).path)
    return method == "POST" and (path in _CHECKS or path.endswith("/exec"))


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError as error:
        raise Refused("a request that is no JSON") from error
    if not isinstance(parsed, dict):
        raise Refused("a request that is no JSON object")
    _expect_exact_keys(parsed)
    return parsed


def _expect_exact_keys(parsed: Any) -> None:
    """Refuse a setting in another case: the engine takes it for the same, as Go's JSON does; the checks here don't."""
    for key, value in parsed.items() if isinstance(parsed, dict) else ():
        if key != _CHECKED_KEYS.get(key.lower(), key):
            raise Refused(f"the setting {key}")
        if key not in _FREE_KEYS:
            _expect_exact_keys(value)
    for value in parsed if isinstance(parsed, list) else ():
        _expect_exact_keys(value)


def _check_container(asked: dict[str, Any], map_path: MapPath) -> dict[str, Any]:
    settings = asked.get("HostConfig") or {}
    for name, value in settings.items():
        _expect_harmless(name, value)
    settings["Binds"] = [_map_bind(bind, map_path) for bind in settings.get("Binds") or ()]
    for mount in settings.get("Mounts") or ():
        _map_mount(mount, map_path)
    for bindings in (settings.get("PortBindings") or {}).values():
        for binding in bindings or ():
            binding["HostIp"] = "127.0.0.1"
    if settings.get("PublishAllPorts"):
        raise Refused("a published port on every address of this machine")
    asked["HostConfig"] = settings
    return asked


def _expect_harmless(name: str, value: Any) -> None:
    if name == "SecurityOpt" and all(_HARMLESS_SECURITY.fullmatch(option) for option in value or ()):
        return
    if name == "LogConfig" and (value or {}).get("Type", "") in _LOCAL_LOGS:
        return
    if name in _MASKS and value is None:
        return
    if name in _HARMLESS_VALUES and _HARMLESS_VALUES[name].fullmatch(str(value or "")):
        return
    is_left_to_the_engine = value in (None, False, "", 0, [], {}) and name not in _MASKS
    if name not in _HARMLESS_SETTINGS and not is_left_to_the_engine:
        raise Refused(f"a container with {name} {json.dumps(value)}")


def _map_bind(bind: str, map_path: MapPath) -> str:
    source, colon, rest = bind.partition(":")
    return f"{map_path(source)}{colon}{rest}" if source.startswith("/") else bind


def _map_mount(mount: dict[str, Any], map_path: MapPath) -> None:
    if mount.get("Type") == "bind":
        mount["Source"] = map_path(str(mount.get("Source", "")))
    elif mount.get("Type") not in ("volume", "tmpfs"):
        raise Refused(f"a mount of the type {mount.get('Type')}")
    options = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
    _map_driver(options.get("Name", ""), options.get("Options") or {}, map_path)


def _check_volume(asked: dict[str, Any], map_path: MapPath) -> dict[str, Any]:
    _map_driver(asked.get("Driver", ""), asked.get("DriverOpts") or {}, map_path)
    return asked


def _map_driver(driver: str, options: dict[str, str], map_path: MapPath) -> None:
    """Let a volume be memory, or a directory of the guide's own."""
    if driver not in ("", "local"):
        raise Refused(f"a volume of the driver {driver}")
    if not options or options.get("type") in ("tmpfs", "ramfs"):
        return
    if options.get("type", "none") not in ("none", "bind") or "bind" not in options.get("o", "").split(","):
        raise Refused(f"a volume on {options.get('type', '')} {options.get('device', '')}".rstrip())
    options["device"] = map_path(options.get("device", ""))


def _check_network(asked: dict[str, Any], _: MapPath) -> dict[str, Any]:
    if asked.get("Driver", "") not in ("", "bridge"):
        raise Refused(f"a network of the driver {asked['Driver']}")
    return asked


def _check_exec(asked: dict[str, Any], _: MapPath) -> dict[str, Any]:
    if asked.get("Privileged"):
        raise Refused("a privileged exec")
    return asked


_CHECKS: dict[str, Callable[[dict[str, Any], MapPath], dict[str, Any]]] = {
    "/containers/create": _check_container,
    "/volumes/create": _check_volume,
    "/networks/create": _check_network,
}
