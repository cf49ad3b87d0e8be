"""The model that runs in place of the owner's takes nothing of the owner's by name, and says whose it is."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.deployment.sandbox import sandboxed_model
from media_guarantees.deployment.sandbox.sandboxed_model import sandboxed, with_internal_networks
from media_guarantees.system.run_id import Run

PRIVATE = Run("0123abcd-1-2")
SHARED = Run("0123abcd-1-2", "mine-")
MODEL: Model = {
    "name": "connect",
    "services": {
        "web-project": {
            "container_name": "web-project",
            "build": {"labels": {"built": "yes"}, "secrets": [{"source": "theirs"}]},
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
    "secrets": {"theirs": {"name": "connect_theirs"}},
}
on_either = pytest.mark.parametrize("run", [PRIVATE, SHARED], ids=["private", "shared"])


@pytest.fixture(name="deployment")
def _deployment(tmp_path: Path) -> Deployment:
    folder = tmp_path / "owner"
    folder.mkdir()
    model = copy.deepcopy(MODEL)
    model["services"]["web-project"]["build"]["context"] = str(folder)
    model["secrets"]["theirs"]["file"] = str(folder / "theirs")
    return Deployment((folder / "compose.yml",), model, "web-project")


def model_of(deployment: Deployment, run: Run, **options: Any) -> Model:
    return sandboxed(deployment, run, **options).model


def notes_of(deployment: Deployment, run: Run = PRIVATE) -> list[str]:
    return list(sandboxed(deployment, run).notes)


def web(model: Model) -> dict[str, Any]:
    return dict(model["services"]["web-project"])


def test_container_names_are_kept_on_a_private_engine_and_the_runs_own_elsewhere(deployment: Deployment) -> None:
    names = [web(model_of(deployment, run))["container_name"] for run in (PRIVATE, SHARED)]

    assert names == ["web-project", "mine-web-project"]


@on_either
def test_ports_are_published_on_this_machine_alone_wherever_one_is_free(deployment: Deployment, run: Run) -> None:
    assert web(model_of(deployment, run))["ports"] == [
        {"target": 8000, "protocol": "tcp", "host_ip": "127.0.0.1"},
        {"target": 53, "protocol": "udp", "host_ip": "127.0.0.1"},
    ]


def test_a_service_that_published_nothing_still_does_not(deployment: Deployment) -> None:
    assert model_of(deployment, SHARED)["services"]["cache"]["ports"] == []


@on_either
@pytest.mark.parametrize(("kind", "name"), [("volumes", "theirs"), ("networks", "proxy")])
def test_what_was_external_is_made_inside_the_sandbox(deployment: Deployment, run: Run, kind: str, name: str) -> None:
    assert "external" not in model_of(deployment, run)[kind][name]


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
    private, shared = model_of(deployment, PRIVATE), model_of(deployment, SHARED)

    assert (private[kind][key]["name"], shared[kind][key]["name"]) == (name, f"mine-{name}")


def test_the_project_is_the_runs_own_on_a_shared_engine(deployment: Deployment) -> None:
    assert [model_of(deployment, run)["name"] for run in (PRIVATE, SHARED)] == ["connect", "mine-connect"]


@on_either
def test_everything_carries_the_runs_labels(deployment: Deployment, run: Run) -> None:
    model = model_of(deployment, run)
    things = [thing for kind in ("services", "volumes", "networks") for thing in model[kind].values()]

    bare = [thing for thing in things if not run.labels.items() <= thing["labels"].items()]

    assert len(things) == (8 if run.prefix else 7)
    assert not bare, f"without the run's labels, and so never swept: {bare}"


@on_either
def test_what_is_built_is_known_for_ours_and_the_same_in_every_run(deployment: Deployment, run: Run) -> None:
    assert web(model_of(deployment, run))["build"]["labels"] == {"built": "yes", "media-verify": "build"}


def test_the_owners_own_labels_stay_where_no_program_of_others_acts_on_them(deployment: Deployment) -> None:
    service = web(model_of(deployment, PRIVATE))

    assert (service["labels"]["kept"], service["build"]["labels"]["built"]) == ("yes", "yes")


def test_on_an_engine_that_others_use_nothing_carries_the_owners_labels(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"]["labels"] = {"traefik.enable": "true"}
    for kind in ("networks", "volumes"):
        deployment.model[kind]["theirs"] = {"labels": {"ofelia.enabled": "true"}}

    sandbox = sandboxed(deployment, SHARED)

    assert web(sandbox.model)["labels"] == SHARED.labels
    assert [sandbox.model[kind]["theirs"]["labels"] for kind in ("networks", "volumes")] == [SHARED.labels] * 2
    assert "web-project: labels left out" in sandbox.notes


def test_a_build_runs_on_the_hosts_network(deployment: Deployment) -> None:
    assert web(model_of(deployment, PRIVATE))["build"]["network"] == "host"


def test_a_build_does_not_move_the_owners_tag(deployment: Deployment) -> None:
    assert web(model_of(deployment, SHARED))["image"] == "mine-connect-web-project"


def test_an_image_that_is_not_built_stays_what_it_is(deployment: Deployment) -> None:
    assert model_of(deployment, SHARED)["services"]["cache"]["image"] == "redis"


def test_certificate_authorities_reach_a_build_as_one_secret_more(deployment: Deployment) -> None:
    model = model_of(deployment, PRIVATE, ca_bundle="/etc/ca.pem")

    assert model["secrets"]["ca_bundle"] == {"file": "/etc/ca.pem"}
    assert web(model)["build"]["secrets"] == [{"source": "theirs"}, {"source": "ca_bundle"}]


def test_without_certificate_authorities_there_is_no_secret(deployment: Deployment) -> None:
    model = model_of(deployment, PRIVATE)

    assert "ca_bundle" not in model["secrets"]
    assert web(model)["build"]["secrets"] == [{"source": "theirs"}]


def test_a_model_without_volumes_and_networks_is_no_stumbling_block(deployment: Deployment) -> None:
    bare = Deployment(
        deployment.files, {"name": "x", "services": {"web-project": {"image": "x"}}, "volumes": None}, "web-project"
    )

    assert model_of(bare, SHARED)["name"] == "mine-x"


@on_either
def test_the_owners_model_is_never_changed(deployment: Deployment, run: Run) -> None:
    before = copy.deepcopy(deployment.model)

    with_internal_networks(model_of(deployment, run, ca_bundle="/etc/ca.pem"))

    assert deployment.model == before


def test_without_a_way_out_every_network_is_internal(deployment: Deployment) -> None:
    model = model_of(deployment, PRIVATE)

    networks = with_internal_networks(model)["networks"]

    assert {name: network["internal"] for name, network in networks.items()} == {"default": True, "proxy": True}
    assert "internal" not in model["networks"]["proxy"], "the model that was given must stay as it was"


WAYS_OUT: Model = {
    "logging": {"driver": "syslog"},
    "external_links": ["other"],
    "devices": ["/dev/sda"],
    "privileged": True,
    "pid": "host",
    "network_mode": "host",
    "volumes_from": ["container:other", "db"],
}


def test_what_leads_out_of_the_sandbox_is_left_out_and_reported(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"].update(WAYS_OUT)

    service = web(model_of(deployment, PRIVATE))

    assert service.keys() & WAYS_OUT.keys() == {"volumes_from"}
    assert service["volumes_from"] == ["db"]
    (note,) = notes_of(deployment)
    assert note.startswith("web-project: logging, external_links, devices, privileged, pid, network_mode, ")
    assert note.endswith("volumes_from.container:other left out")


def with_inactive(deployment: Deployment, **backup: Any) -> Deployment:
    """Return the deployment with a service `backup` in a profile that isn't active."""
    whole = copy.deepcopy(deployment.model)
    whole["services"]["backup"] = {"profiles": ["tools"], **backup}
    return replace(deployment, with_profiles=whole)


def test_a_service_that_is_active_has_no_profile_any_more(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"]["profiles"] = ["prod"]

    assert "profiles" not in web(model_of(with_inactive(deployment, image="alpine"), PRIVATE))


def test_a_service_that_is_not_active_keeps_its_profile_so_that_nothing_starts_it(deployment: Deployment) -> None:
    model = model_of(with_inactive(deployment, image="alpine"), PRIVATE)

    assert model["services"]["backup"]["profiles"] == ["tools"]


def test_a_service_that_is_not_active_and_can_not_be_built_is_left_out_and_reported(deployment: Deployment) -> None:
    elsewhere = with_inactive(deployment, build={"context": str(deployment.folder.parent)})

    assert "backup" not in model_of(elsewhere, PRIVATE)["services"]
    assert any(
        note.startswith("backup, of an inactive profile, left out: backup should be built from")
        for note in notes_of(elsewhere)
    )


def test_what_each_service_is_built_from_is_looked_at_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def look(name: str, *_: object) -> list[str]:
        looked_at.append(name)
        return []

    monkeypatch.setattr(sandboxed_model, "restrict_build", look)
    model_of(with_inactive(deployment, build={"context": str(deployment.folder)}), PRIVATE)

    assert sorted(looked_at) == sorted([*deployment.model["services"], "backup"])


def test_the_default_network_of_compose_is_the_runs_own_too(deployment: Deployment) -> None:
    del deployment.model["networks"]

    assert model_of(deployment, SHARED)["networks"]["default"] == {
        "name": "mine-connect_default",
        "labels": SHARED.labels,
        "internal": True,
    }


def test_on_an_engine_that_others_use_no_network_leads_out_but_a_port_is_published(deployment: Deployment) -> None:
    sandbox = sandboxed(deployment, SHARED)

    networks = sandbox.model["networks"]
    own = networks.pop("published-web-project")
    assert {name: network["internal"] for name, network in networks.items()} == {"default": True, "proxy": True}
    assert own["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert web(sandbox.model)["networks"] == {"default": None, "published-web-project": None}
    assert "networks" not in sandbox.model["services"]["cache"], "it publishes nothing"
    assert "no service reaches other machines, as on a private engine" in sandbox.notes


def test_on_a_private_engine_networks_stay_as_they_are_as_it_routes_nothing(deployment: Deployment) -> None:
    model = model_of(deployment, PRIVATE)

    assert model["networks"].keys() == {"default", "proxy"}
    assert not any("internal" in network for network in model["networks"].values())


PROVIDED: Model = {"provider": {"type": "evil", "options": {"x": "1"}}, "image": "of-no-use"}


def test_a_service_that_a_program_of_this_machine_provides_is_left_out_with_what_refers_to_it(
    deployment: Deployment,
) -> None:
    deployment.model["services"]["db"] = PROVIDED
    deployment.model["services"]["web-project"].update(
        depends_on={"db": {"condition": "service_started"}, "cache": {"condition": "service_started"}},
        links=["db:database"],
        volumes_from=["db:ro"],
        network_mode="service:db",
        pid="service:cache",
    )

    sandbox = sandboxed(deployment, PRIVATE)

    service = web(sandbox.model)
    assert sandbox.model["services"].keys() == {"web-project", "cache"}
    assert (service["depends_on"].keys(), service["links"], service["volumes_from"]) == ({"cache"}, [], [])
    assert "network_mode" not in service
    assert service["pid"] == "service:cache"
    assert sandbox.notes == ("db left out: it has the provider 'evil', a program of this machine",)


def test_a_service_under_test_that_is_no_container_is_refused(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"] = PROVIDED

    with pytest.raises(BadInput, match="web-project should be a container, but it has the provider 'evil'") as refused:
        sandboxed(deployment, PRIVATE)

    assert refused.value.hint == "name the service that keeps the media: SERVICE=…"


def test_a_secret_that_is_kept_elsewhere_is_left_out_wherever_it_is_used(deployment: Deployment) -> None:
    deployment.model["secrets"]["elsewhere"] = {"external": True, "name": "elsewhere"}
    deployment.model["secrets"]["variable"] = {"environment": "HOME"}
    deployment.model["services"]["cache"]["secrets"] = [{"source": "elsewhere"}, {"source": "variable"}]

    sandbox = sandboxed(deployment, PRIVATE)

    assert sandbox.model["services"]["cache"]["secrets"] == [{"source": "variable"}]
    assert sandbox.model["secrets"].keys() == {"theirs", "variable"}
    assert "secret elsewhere left out" in sandbox.notes


def test_a_network_gets_addresses_of_its_own_as_the_owners_may_be_in_use(deployment: Deployment) -> None:
    fixed = {"name": "n", "driver": "macvlan", "ipam": {"config": [{"subnet": "192.0.2.0/24"}]}, "internal": True}
    deployment.model["networks"]["default"] = fixed
    deployment.model["services"]["cache"]["networks"] = {"default": {"ipv4_address": "192.0.2.7", "aliases": ["a"]}}

    model = model_of(deployment, PRIVATE)

    assert model["networks"]["default"] == {"name": "n", "internal": True, "labels": PRIVATE.labels}
    assert model["services"]["cache"]["networks"] == {"default": {"aliases": ["a"]}}


def test_a_volume_on_storage_of_the_owners_is_a_plain_one_and_that_is_reported(deployment: Deployment) -> None:
    share = {"type": "nfs", "o": "addr=192.0.2.1", "device": ":/media"}
    memory = {"type": "tmpfs", "device": "tmpfs"}
    deployment.model["volumes"]["media"].update(driver_opts=share)
    deployment.model["volumes"]["plain"] = {"driver": "local", "driver_opts": memory}

    volumes = model_of(deployment, PRIVATE)["volumes"]

    assert (volumes["media"].keys(), volumes["plain"]["driver_opts"]) == ({"name", "labels"}, memory)
    assert notes_of(deployment) == ["volume media is a plain one: its driver and options are left out"]


def test_a_service_that_is_only_exposed_can_be_asked_from_this_machine(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"].update(ports=None, expose=["8000", "9000/tcp"])

    ports = web(model_of(deployment, PRIVATE))["ports"]

    assert [(port["target"], port["host_ip"]) for port in ports] == [(8000, "127.0.0.1"), (9000, "127.0.0.1")]


def test_a_build_moves_no_tag_and_writes_no_cache_of_the_owners(deployment: Deployment) -> None:
    deployment.model["services"]["web-project"]["build"].update(tags=["live"], cache_to=["type=local,dest=/srv"])

    assert not web(model_of(deployment, PRIVATE))["build"].keys() & {"tags", "cache_to"}
