"""The model that runs in place of the owner's takes nothing of the owner's by name, and says whose it is."""

import copy
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.deployment.compose_model import Deployment, Model
from media_guarantees.deployment.sandbox import (
    deviations,
    host_ca_bundle,
    sandboxed,
    with_internal_networks,
    write_model,
    write_project_folder,
)
from media_guarantees.system.run_id import Run

PRIVATE = Run("0123abcd-1-2")
SHARED = Run("0123abcd-1-2", "mine-")
MODEL: Model = {
    "name": "connect",
    "services": {
        "web-project": {
            "container_name": "web-project",
            "build": {"context": "/srv", "labels": {"built": "yes"}, "secrets": [{"source": "theirs"}]},
            "image": "connect:live",
            "labels": {"kept": "yes"},
            "environment": {"CONNECT_API_TOKEN": "festa \N{PARTY POPPER} $$x"},
            "ports": [
                {"target": 8000, "published": "80", "host_ip": "192.0.2.1", "protocol": "tcp", "mode": "ingress"},
                {"target": 53, "published": "53", "protocol": "udp"},
            ],
        },
        "cache": {"image": "redis", "container_name": "cache"},
    },
    "volumes": {"media": {"name": "media_volume"}, "plain": None, "theirs": {"name": "their_data", "external": True}},
    "networks": {"default": {"name": "connect_default"}, "proxy": {"name": "proxy", "external": True}},
}
on_either = pytest.mark.parametrize("run", [PRIVATE, SHARED], ids=["private", "shared"])


@pytest.fixture(name="deployment")
def _deployment(tmp_path: Path) -> Deployment:
    folder = tmp_path / "owner"
    folder.mkdir()
    return Deployment((folder / "compose.yml",), copy.deepcopy(MODEL), "web-project")


@pytest.fixture(name="umask", params=[0o000, 0o077], ids=["open", "closed"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def web(model: Model) -> dict[str, Any]:
    return dict(model["services"]["web-project"])


def test_container_names_are_kept_where_nobody_else_has_any_and_the_runs_own_elsewhere(deployment: Deployment) -> None:
    names = [web(sandboxed(deployment, run))["container_name"] for run in (PRIVATE, SHARED)]

    assert names == ["web-project", "mine-web-project"]


@on_either
def test_ports_are_published_on_this_machine_alone_wherever_one_is_free(deployment: Deployment, run: Run) -> None:
    assert web(sandboxed(deployment, run))["ports"] == [
        {"target": 8000, "protocol": "tcp", "host_ip": "127.0.0.1"},
        {"target": 53, "protocol": "udp", "host_ip": "127.0.0.1"},
    ]


def test_a_service_that_published_nothing_still_does_not(deployment: Deployment) -> None:
    assert sandboxed(deployment, SHARED)["services"]["cache"]["ports"] == []


@on_either
@pytest.mark.parametrize(("kind", "name"), [("volumes", "theirs"), ("networks", "proxy")])
def test_what_was_external_is_made_inside_the_sandbox(deployment: Deployment, run: Run, kind: str, name: str) -> None:
    assert "external" not in sandboxed(deployment, run)[kind][name]


@pytest.mark.parametrize(
    ("kind", "key", "name"),
    [
        ("volumes", "media", "media_volume"),
        ("volumes", "plain", "connect_plain"),
        ("volumes", "theirs", "their_data"),
        ("networks", "default", "connect_default"),
        ("networks", "proxy", "proxy"),
    ],
)
def test_real_names_are_kept_on_a_private_engine_and_the_runs_on_a_shared_one(
    deployment: Deployment, kind: str, key: str, name: str
) -> None:
    private, shared = sandboxed(deployment, PRIVATE), sandboxed(deployment, SHARED)

    assert (private[kind][key]["name"], shared[kind][key]["name"]) == (name, f"mine-{name}")


def test_the_project_is_the_runs_own_on_a_shared_engine(deployment: Deployment) -> None:
    assert [sandboxed(deployment, run)["name"] for run in (PRIVATE, SHARED)] == ["connect", "mine-connect"]


@on_either
def test_everything_carries_the_runs_labels(deployment: Deployment, run: Run) -> None:
    model = sandboxed(deployment, run)
    things = [thing for kind in ("services", "volumes", "networks") for thing in model[kind].values()]

    bare = [thing for thing in things if not run.labels.items() <= thing["labels"].items()]

    assert len(things) == 7
    assert not bare, f"without the run's labels, and so never swept: {bare}"


@on_either
def test_what_is_built_is_known_for_ours_and_the_same_in_every_run(deployment: Deployment, run: Run) -> None:
    assert web(sandboxed(deployment, run))["build"]["labels"] == {"built": "yes", "media-verify": "build"}


def test_the_owners_own_labels_stay(deployment: Deployment) -> None:
    service = web(sandboxed(deployment, SHARED))

    assert (service["labels"]["kept"], service["build"]["labels"]["built"]) == ("yes", "yes")


def test_a_build_runs_on_the_hosts_network(deployment: Deployment) -> None:
    assert web(sandboxed(deployment, PRIVATE))["build"]["network"] == "host"


def test_a_build_does_not_move_the_owners_tag(deployment: Deployment) -> None:
    assert "image" not in web(sandboxed(deployment, SHARED))


def test_an_image_that_is_not_built_stays_what_it_is(deployment: Deployment) -> None:
    assert sandboxed(deployment, SHARED)["services"]["cache"]["image"] == "redis"


def test_certificate_authorities_reach_a_build_as_one_secret_more(deployment: Deployment) -> None:
    model = sandboxed(deployment, PRIVATE, ca_bundle="/etc/ca.pem")

    assert model["secrets"] == {"ca_bundle": {"file": "/etc/ca.pem"}}
    assert web(model)["build"]["secrets"] == [{"source": "theirs"}, {"source": "ca_bundle"}]


def test_without_certificate_authorities_there_is_no_secret(deployment: Deployment) -> None:
    model = sandboxed(deployment, PRIVATE)

    assert "secrets" not in model
    assert web(model)["build"]["secrets"] == [{"source": "theirs"}]


def test_a_model_without_volumes_and_networks_is_no_stumbling_block(deployment: Deployment) -> None:
    bare = Deployment(deployment.files, {"name": "x", "services": {"web-project": {}}, "volumes": None}, "web-project")

    assert sandboxed(bare, SHARED)["name"] == "mine-x"


@on_either
def test_the_owners_model_is_never_changed(deployment: Deployment, run: Run) -> None:
    with_internal_networks(sandboxed(deployment, run, ca_bundle="/etc/ca.pem"))

    assert deployment.model == MODEL


def test_without_a_way_out_every_network_is_internal(deployment: Deployment) -> None:
    model = sandboxed(deployment, PRIVATE)

    networks = with_internal_networks(model)["networks"]

    assert {name: network["internal"] for name, network in networks.items()} == {"default": True, "proxy": True}
    assert "internal" not in model["networks"]["proxy"], "the model that was given must stay as it was"


@pytest.mark.usefixtures("umask")
def test_a_written_model_is_for_its_owners_eyes_alone(tmp_path: Path) -> None:
    assert stat.S_IMODE(write_model(MODEL, tmp_path).stat().st_mode) == 0o600


def test_a_written_model_is_found_by_a_plain_docker_compose_and_reads_the_same(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["docker-compose.yml"]
    assert json.loads((tmp_path / "docker-compose.yml").read_text(encoding="utf-8")) == MODEL


def test_a_written_model_has_no_escapes_that_yaml_does_not_know(tmp_path: Path) -> None:
    written = write_model(MODEL, tmp_path).read_text(encoding="utf-8")

    assert "\N{PARTY POPPER}" in written, "Compose refuses an emoji that JSON has split into two escapes"


def test_a_model_may_be_written_again(tmp_path: Path) -> None:
    write_model({"name": "first"}, tmp_path)

    assert json.loads(write_model({"name": "second"}, tmp_path).read_text()) == {"name": "second"}


@pytest.mark.usefixtures("umask")
def test_the_deployments_folder_is_private(deployment: Deployment, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "deployment"
    write_project_folder(deployment, MODEL, folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_scripts_come_along_executable_and_nothing_else_does(deployment: Deployment, tmp_path: Path) -> None:
    script = deployment.folder / "migrate_media.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (deployment.folder / ".env").write_text("SECRET=x")
    (deployment.folder / "scripts").mkdir()
    shutil.copy2(script, deployment.folder / "scripts" / "backup.sh")

    write_project_folder(deployment, MODEL, tmp_path / "deployment")

    copied = {str(path.relative_to(tmp_path / "deployment")): path for path in (tmp_path / "deployment").rglob("*.*")}
    assert set(copied) == {"migrate_media.sh", "scripts/backup.sh", "docker-compose.yml"}
    assert copied["migrate_media.sh"].stat().st_mode & copied["scripts/backup.sh"].stat().st_mode & 0o111 == 0o111


def test_a_guide_may_call_the_compose_files_by_their_names(deployment: Deployment, tmp_path: Path) -> None:
    folder = tmp_path / "deployment"
    both = replace(deployment, files=(deployment.folder / "base.yml", deployment.folder / "prod.yml"))

    write_project_folder(both, MODEL, folder)

    assert [json.loads((folder / name).read_text()) for name in ("base.yml", "prod.yml")] == [
        MODEL,
        {"services": {}},
    ]
    write_model({"name": "changed"}, folder)
    assert json.loads((folder / "base.yml").read_text()) == {"name": "changed"}


WAYS_OUT: Model = {
    "profiles": ["prod"],
    "logging": {"driver": "syslog"},
    "external_links": ["other"],
    "devices": ["/dev/sda"],
    "privileged": True,
    "pid": "host",
    "network_mode": "host",
    "volumes_from": ["container:other", "db"],
}


def test_what_leads_out_of_the_sandbox_is_left_out_and_told(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"].update(WAYS_OUT)

    service = web(sandboxed(deployment, PRIVATE))

    assert service.keys() & WAYS_OUT.keys() == {"volumes_from"}
    assert service["volumes_from"] == ["db"]
    assert deviations(deployment) == [
        "web-project runs without privileged",
        "web-project runs without devices",
        "web-project runs without pid",
        "web-project is not on the host's network",
    ]


def test_a_network_gets_addresses_of_its_own_as_the_owners_may_be_in_use(deployment: Deployment) -> None:
    fixed = {"name": "n", "driver": "macvlan", "ipam": {"config": [{"subnet": "192.0.2.0/24"}]}, "internal": True}
    deployment.model["networks"]["default"] = fixed
    deployment.model["services"]["cache"]["networks"] = {"default": {"ipv4_address": "192.0.2.7", "aliases": ["a"]}}

    model = sandboxed(deployment, PRIVATE)

    assert model["networks"]["default"] == {"name": "n", "internal": True, "labels": PRIVATE.labels}
    assert model["services"]["cache"]["networks"] == {"default": {"aliases": ["a"]}}


@pytest.mark.parametrize(
    ("volume", "kept"),
    [
        ({"driver": "local", "driver_opts": {"type": "tmpfs", "device": "tmpfs"}}, True),
        ({"driver_opts": {"type": "none", "o": "bind,ro", "device": "/srv"}}, True),
        ({"driver": "local", "driver_opts": {"type": "nfs", "o": "addr=192.0.2.1", "device": ":/media"}}, False),
        ({"driver": "rexray"}, False),
        ({"driver_opts": {"type": "ext4", "device": "/dev/sdb1"}}, False),
    ],
    ids=["memory", "a directory", "a network share", "another driver", "a disk"],
)
def test_a_volume_on_storage_of_the_owners_is_a_plain_one_and_that_is_told(
    deployment: Deployment, volume: Model, *, kept: bool
) -> None:
    deployment.model["volumes"]["media"] = {"name": "media_volume", **volume}

    media = sandboxed(deployment, PRIVATE)["volumes"]["media"]

    assert media.get("driver_opts") == (volume["driver_opts"] if kept else None)
    assert "driver" not in media
    said = ["volume media is a plain one: its driver and options are left out"]
    assert deviations(deployment) == ([] if kept else said)


def test_a_service_that_is_only_exposed_can_be_asked_from_this_machine(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"].update(ports=None, expose=["8000", "9000/tcp"])

    ports = web(sandboxed(deployment, PRIVATE))["ports"]

    assert [(port["target"], port["host_ip"]) for port in ports] == [(8000, "127.0.0.1"), (9000, "127.0.0.1")]


def test_a_build_moves_no_tag_and_writes_no_cache_of_the_owners(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"]["build"].update(tags=["live"], cache_to=["type=local,dest=/srv"])

    assert not web(sandboxed(deployment, PRIVATE))["build"].keys() & {"tags", "cache_to"}


def test_a_folder_that_is_there_already_is_not_taken_over(deployment: Deployment, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        write_project_folder(deployment, MODEL, tmp_path)


@pytest.mark.parametrize(("set_to", "found"), [({}, ""), ({"PIP_CERT": "/no/such"}, "")])
def test_a_machine_that_names_no_certificate_authorities_has_none(
    monkeypatch: pytest.MonkeyPatch, set_to: dict[str, str], found: str
) -> None:
    for name in ("PIP_CERT", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)

    assert host_ca_bundle() == found


@pytest.mark.parametrize("name", ["PIP_CERT", "SSL_CERT_FILE"])
def test_the_certificate_authorities_that_this_machine_names_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    for variable in ("PIP_CERT", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, str(bundle))

    assert host_ca_bundle() == str(bundle)
