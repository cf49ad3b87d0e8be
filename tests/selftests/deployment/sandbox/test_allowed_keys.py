"""Every key that the Compose specification has is known to be harmless, or it is left out and reported."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.deployment.sandbox.allowed_keys import MODEL, Each, Only, Rule, allowed

Keys = tuple[str, ...]
SPECIFICATION = Path(__file__).with_name("compose_keys.txt")
MARK = "a value that reaches something"
# What Compose does away with while it reads: whatever is left of them would be left out as well.
READ = {("include",), ("version",), *(("services", "*", key) for key in ("env_file", "extends", "label_file"))}
# To allow another key of the specification, take it off this list, after thinking of what it can reach.
LEFT_OUT = """
    services: annotations blkio_config cgroup_parent cpu_rt_period cpu_rt_runtime credential_spec develop
    device_cgroup_rules devices env_file extends external_links gpus isolation label_file logging mac_address models
    oom_kill_disable oom_score_adj privileged provider pull_policy pull_refresh_after runtime storage_opt use_api_socket
    userns_mode uts build.cache_from build.cache_to build.entitlements build.isolation build.privileged
    build.provenance build.pull build.sbom build.ssh build.tags
    deploy.resources.reservations.devices deploy.resources.reservations.generic_resources networks.*.driver_opts
    networks.*.ipv4_address networks.*.ipv6_address networks.*.link_local_ips networks.*.mac_address
    post_start.-.privileged pre_stop.-.privileged volumes.-.bind.propagation
    networks: attachable driver driver_opts enable_ipv4 enable_ipv6 ipam
    secrets: driver driver_opts external template_driver
    configs: external template_driver
"""


def specification() -> Iterator[Keys]:
    """Return the path of every key that the file lists."""
    path: list[str] = []
    for line in SPECIFICATION.read_text().splitlines():
        if not line.startswith("#"):
            depth = (len(line) - len(line.lstrip())) // 2
            path[depth:] = [line.strip()]
            yield tuple(path)


KEYS = tuple(path for path in specification() if path[-1] not in ("*", "-"))


def rule_of(path: Keys) -> Rule | None:
    """Return the rule for a key; None if it, or what it is a key of, is not in the list."""
    rule: Rule | None = MODEL
    for part in path:
        if isinstance(rule, Mapping):
            rule = rule.get(part)
        elif isinstance(rule, Each):
            rule = rule.rule if part in ("*", "-") else None
        else:  # a whole value is judged, whatever is in it
            return rule
    return rule


def written(path: Keys) -> dict[str, Any]:
    """Make a model in which the key of that path has a value of its own."""
    value: Any = MARK
    for part in reversed(path):
        value = [value] if part == "-" else {"web" if part == "*" else part: value}
    return dict(value)


def test_the_whole_specification_is_gone_through() -> None:
    assert len(KEYS) == len(set(KEYS)) == 344
    assert ("services", "*", "provider", "type") in KEYS


@pytest.mark.parametrize("path", [path for path in KEYS if rule_of(path) is None], ids=".".join)
def test_a_key_that_is_not_in_the_list_is_left_out_and_reported(path: Keys) -> None:
    model, left_out = allowed(written(path))

    assert MARK not in repr(model)
    owner, keys = left_out.sentences()[0].removesuffix(" left out").split(": ")
    assert owner in ("web", "network web", "secret web", "config web", "the file")
    named = [part for part in path if part not in ("*", "-")]
    assert keys.split(".")[-1] in named or keys in named, f"{left_out.sentences()} names none of {named}"


@pytest.mark.parametrize("path", [path for path in KEYS if callable(rule_of(path))], ids=".".join)
def test_what_becomes_of_a_key_in_the_list_is_kept_or_reported(path: Keys) -> None:
    model, left_out = allowed(written(path))

    assert (MARK in repr(model)) != bool(left_out.paths)


@pytest.mark.parametrize("path", [path for path in KEYS if isinstance(rule_of(path), Only)], ids=".".join)
def test_of_a_key_that_takes_some_values_the_others_are_left_out_and_reported(path: Keys) -> None:
    model, left_out = allowed(written((*path, "-")))

    assert (MARK in repr(model)) != bool(left_out.paths)


def test_each_key_that_is_left_out_was_left_out_on_purpose() -> None:
    kinds = ("services", "networks", "volumes", "secrets", "configs")
    purposely: set[Keys] = {("models",), ("include",), ("version",)}
    kind = ""
    for word in LEFT_OUT.split():
        if word.removesuffix(":") in kinds and word.endswith(":"):
            kind = word.removesuffix(":")
        else:
            purposely.add((kind, "*", *word.split(".")))

    first = {path for path in KEYS if rule_of(path) is None and (len(path) == 1 or rule_of(path[:-1]) is not None)}

    assert first == purposely
    assert first >= READ


def test_a_key_that_compose_learns_tomorrow_is_left_out_and_reported() -> None:
    model, left_out = allowed({"services": {"web": {"image": "x", "teleport": {"to": "host"}}}, "portals": ["host"]})

    assert model == {"services": {"web": {"image": "x"}}}
    assert left_out.sentences() == ["web: teleport left out", "the file: portals left out"]


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_what_is_switched_off_is_not_worth_a_word(value: object) -> None:
    model, left_out = allowed({"services": {"web": {"privileged": value}}, "x-theirs": 1})

    assert (model, left_out.sentences()) == ({"services": {"web": {}}}, [])


@pytest.mark.parametrize(
    ("key", "values", "kept"),
    [
        ("cap_add", ["NET_BIND_SERVICE", "CAP_CHOWN", "SYS_ADMIN", "ALL"], ["NET_BIND_SERVICE", "CAP_CHOWN"]),
        ("security_opt", ["no-new-privileges:true", "seccomp:unconfined"], ["no-new-privileges:true"]),
        ("extra_hosts", ["db=192.0.2.1", "host.docker.internal=host-gateway"], ["db=192.0.2.1"]),
        ("volumes_from", ["db:ro", "container:theirs"], ["db:ro"]),
        ("sysctls", {"net.core.somaxconn": "1024", "kernel.core_pattern": "|/x"}, {"net.core.somaxconn": "1024"}),
    ],
)
def test_of_some_keys_the_harmless_values_are_kept(key: str, values: object, kept: object) -> None:
    model, left_out = allowed({"services": {"web": {key: values}}})

    assert model["services"]["web"][key] == kept
    assert left_out.sentences()[0].startswith(f"web: {key}.")


@pytest.mark.parametrize("key", ["network_mode", "pid", "ipc", "cgroup"])
@pytest.mark.parametrize(("value", "kept"), [("host", False), ("container:theirs", False), ("service:db", True)])
def test_namespaces_are_those_of_the_sandbox(key: str, value: str, *, kept: bool) -> None:
    model, left_out = allowed({"services": {"web": {key: value}}})

    assert (model["services"]["web"], left_out.sentences()) == (
        ({key: value}, []) if kept else ({}, [f"web: {key} left out"])
    )


@pytest.mark.parametrize("value", ["everything", ["everything"], 1])
def test_a_value_of_another_kind_than_known_is_left_out(value: object) -> None:
    model, left_out = allowed({"services": {"web": {"deploy": value}}})

    assert (model["services"]["web"], left_out.sentences()) == ({}, ["web: deploy left out"])
