"""The keys of a compose file that may go into the sandbox; every other key is left out and reported.

Compose learns new keys every month, some of which run programs on the host or open it to a container. So this is a
list of what is known to be harmless, not of what is known to be dangerous: a new key stays out until it is reviewed.
Some keys here are harmless only once `sandbox` and `private_mounts` have restricted them; the comments say which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

# What Docker gives to every container anyway: to add one of these takes back what `cap_drop` took.
_DEFAULT_CAPABILITIES = """
    AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID
    SYS_CHROOT
"""
# Kernel settings that Linux keeps apart for each container: namespaces(7).
_OWN_SYSCTLS = ("net.", "fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm")


@dataclass(frozen=True)
class Each:
    """A list, or a mapping of free names, each of whose values follows `rule`."""

    rule: Rule


@dataclass(frozen=True)
class Only:
    """A list or a mapping of which those items stay that `allows` says yes to; the others are left out by name."""

    allows: Callable[[str], bool]


# A mapping allows the keys that it has; a function decides by the value.
Rule: TypeAlias = Mapping[str, "Rule"] | Each | Only | Callable[[Any], bool]


def anything(_value: object) -> bool:
    """Allow every value: it can't reach anything, whatever it is."""
    return True


def _all(keys: str) -> dict[str, Rule]:
    """Allow these keys, whatever their values."""
    return dict.fromkeys(keys.split(), anything)


def _is_default_capability(name: str) -> bool:
    return name.upper().removeprefix("CAP_") in _DEFAULT_CAPABILITIES.split()


def _only_takes_rights(option: str) -> bool:
    return bool(re.fullmatch(r"no-new-privileges([:=](true|false))?", option))


def _is_container_sysctl(setting: str) -> bool:
    return setting.startswith(_OWN_SYSCTLS)


def _is_no_address_of_the_host(entry: str) -> bool:
    return "host-gateway" not in entry


def _is_of_a_service(name: str) -> bool:
    return not name.startswith("container:")


def _stays_inside(mode: object) -> bool:
    """A namespace of the container's own, or of another service of the sandbox."""
    return mode in ("none", "private", "shareable") or str(mode).startswith("service:")


_HOOKS = Each(_all("command user working_dir environment"))
_GIVEN_FILE = Each(_all("source target uid gid mode"))  # sandbox: only what is there
_RESOURCES = _all("cpus memory pids")

_BUILD: Rule = {
    # sandbox: only below the deployment's own folder
    "context": anything,
    "dockerfile": anything,
    "additional_contexts": anything,
    "dockerfile_inline": anything,
    "args": anything,
    "labels": anything,
    "target": anything,
    "platforms": anything,
    "no_cache": anything,
    "shm_size": anything,
    "ulimits": anything,
    "extra_hosts": Only(_is_no_address_of_the_host),
    "network": anything,  # sandbox: replaced
    "secrets": _GIVEN_FILE,
}

_MOUNT: Rule = {
    "type": lambda kind: kind in ("volume", "bind", "tmpfs", "image"),
    "source": anything,  # private_mounts: a copy, where it is the host's
    "target": anything,
    "read_only": anything,
    "consistency": anything,
    "bind": {"create_host_path": anything, "recursive": anything, "selinux": anything},
    "volume": {"nocopy": anything, "subpath": anything, "labels": anything},
    "tmpfs": {"size": anything, "mode": anything},
    "image": {"subpath": anything},
}

_DEPLOY: Rule = {
    "mode": anything,
    "replicas": anything,
    "labels": anything,
    "restart_policy": _all("condition delay max_attempts window"),
    # What only a swarm looks at.
    "endpoint_mode": anything,
    "placement": anything,
    "rollback_config": anything,
    "update_config": anything,
    "resources": {"limits": _RESOURCES, "reservations": _RESOURCES},
}

# What a container is and does within its own walls.
_HARMLESS = """
    attach cap_drop command cpu_count cpu_percent cpu_period cpu_quota cpu_shares cpus cpuset dns dns_opt dns_search
    domainname entrypoint environment expose group_add hostname image init labels mem_limit mem_reservation
    mem_swappiness memswap_limit pids_limit platform read_only restart scale shm_size stdin_open stop_grace_period
    stop_signal tmpfs tty ulimits user working_dir
"""

SERVICE: Mapping[str, Rule] = {
    **_all(_HARMLESS),
    "build": _BUILD,
    "cap_add": Only(_is_default_capability),
    "cgroup": _stays_inside,
    "configs": _GIVEN_FILE,
    "container_name": anything,  # sandbox: the run's own
    # sandbox: only on services that are there
    "depends_on": Each(_all("condition required restart")),
    "deploy": _DEPLOY,
    "extra_hosts": Only(_is_no_address_of_the_host),
    "healthcheck": _all("test interval timeout retries start_period start_interval disable"),
    "ipc": _stays_inside,
    "links": anything,  # sandbox: only to services that are there
    "network_mode": _stays_inside,
    "networks": Each(_all("aliases interface_name priority gw_priority")),
    "pid": _stays_inside,
    "ports": anything,  # sandbox: on 127.0.0.1, wherever one is free
    "post_start": _HOOKS,
    "pre_stop": _HOOKS,
    "profiles": anything,  # sandbox: kept for what isn't active, so that nothing starts it
    "secrets": _GIVEN_FILE,
    "security_opt": Only(_only_takes_rights),
    "sysctls": Only(_is_container_sysctl),
    "volumes": Each(_MOUNT),
    "volumes_from": Only(_is_of_a_service),
}

MODEL: Mapping[str, Rule] = {
    "name": anything,  # sandbox: the run's own
    "services": Each(SERVICE),
    # sandbox: created inside, external ones too
    "networks": Each(_all("name external internal labels")),
    "volumes": Each(_all("name external labels driver driver_opts")),
    # private_mounts: a copy of the file
    "secrets": Each(_all("name environment file labels")),
    "configs": Each(_all("name environment file content labels")),
}

_NOTHING: tuple[object, ...] = (None, False, "", [], {})


@dataclass
class LeftOut:
    """Where in the model something was left out, as paths such as ``services web build ssh``, in order."""

    paths: list[tuple[str, ...]]

    def sentences(self) -> list[str]:
        """Return one sentence for each service, volume and the like."""
        found: dict[str, list[str]] = {}
        for path in self.paths:
            owner, inner = _owner(path)
            if (key := ".".join(inner)) not in found.setdefault(owner, []):
                found[owner].append(key)
        return [f"{owner}: {', '.join(keys)} left out" for owner, keys in found.items()]


def _owner(path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Say whose key it is, and which: ``web``, ``("build", "ssh")``."""
    if len(path) < 3 or path[0] not in MODEL:
        return "the file", path
    return (path[1] if path[0] == "services" else f"{path[0].removesuffix('s')} {path[1]}"), path[2:]


def allowed(model: Mapping[str, Any]) -> tuple[dict[str, Any], LeftOut]:
    """Return a copy of `model` that holds what `MODEL` allows, and what is not in it any more.

    Keys that are switched off or empty, and keys that begin with ``x-``, are dropped without a report.
    """
    left_out = LeftOut([])
    return dict(_kept(model, MODEL, (), left_out)), left_out


def _kept(value: Any, rule: Rule, path: tuple[str, ...], left_out: LeftOut) -> Any:
    """Return what `rule` allows of `value`; None for nothing."""
    if value is None:
        return None
    if isinstance(rule, Mapping):
        return _kept_keys(value, rule, path, left_out)
    if isinstance(rule, Each):
        return _kept_each(value, rule.rule, path, left_out)
    if isinstance(rule, Only):
        return _kept_only(value, rule.allows, path, left_out)
    if rule(value):
        return value
    left_out.paths.append(path)
    return None


def _kept_keys(value: Any, rule: Mapping[str, Rule], path: tuple[str, ...], left_out: LeftOut) -> Any:
    if not isinstance(value, Mapping):
        left_out.paths.append(path)
        return None
    kept = {}
    for key, inner in value.items():
        if key in rule:
            of_it = _kept(inner, rule[key], (*path, key), left_out)
            if of_it is not None or inner is None:
                kept[key] = of_it
        elif inner not in _NOTHING and not key.startswith("x-"):
            left_out.paths.append((*path, key))
    return kept


def _kept_each(value: Any, rule: Rule, path: tuple[str, ...], left_out: LeftOut) -> Any:
    if isinstance(value, Mapping):
        return {name: _kept(inner, rule, (*path, name), left_out) for name, inner in value.items()}
    if isinstance(value, list):
        items = [_kept(inner, rule, path, left_out) for inner in value]
        return [item for item in items if item is not None]
    left_out.paths.append(path)
    return None


def _kept_only(value: Any, allows: Callable[[str], bool], path: tuple[str, ...], left_out: LeftOut) -> Any:
    entries = [f"{key}={inner}" for key, inner in value.items()] if isinstance(value, Mapping) else value
    if not isinstance(entries, list):
        left_out.paths.append(path)
        return None
    refused = [str(entry) for entry in entries if not allows(str(entry))]
    left_out.paths.extend((*path, entry) for entry in refused)
    if isinstance(value, Mapping):
        return {key: inner for key, inner in value.items() if f"{key}={inner}" not in refused}
    return [entry for entry in entries if str(entry) not in refused]
