"""A hostile compose file for every way out of the sandbox that is known: none is left, and each is reported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.deployment.sandbox.private_mounts import privately_mounted
from media_guarantees.deployment.sandbox.sandboxed_model import sandboxed
from media_guarantees.system.run_id import Run

RUNS = [Run("0123abcd-1-2"), Run("0123abcd-1-2", "mine-")]
MEDIA_ROOT = "/srv/media"


class WayOut(NamedTuple):
    """What a hostile file says of its service `web`, or of everything, and the words that must be in no sandbox."""

    service: Model
    words: tuple[str, ...]
    top: Model = {}  # noqa: RUF012 - nothing writes there


def bind(source: str, **more: Any) -> Model:
    return {"volumes": [{"type": "bind", "source": source, "target": "/host", **more}]}


def volume(**options: str) -> Model:
    mount = {"type": "volume", "source": "v", "target": "/host"}
    return {"service": {"volumes": [mount]}, "top": {"volumes": {"v": {"name": "v", "driver_opts": options}}}}


def file_of(kind: str, **item: Any) -> Model:
    return {"service": {kind: [{"source": "x", "target": "/x"}]}, "top": {kind: {"x": item}}}


# {host} is another user's folder on this machine, {link} a symbolic link to it in the deployment's folder.
WAYS_OUT = {
    "all rights": WayOut({"privileged": True}, ("privileged",)),
    "one right": WayOut({"cap_add": ["SYS_ADMIN"]}, ("SYS_ADMIN",)),
    "every right": WayOut({"cap_add": ["ALL"]}, ('"ALL"',)),
    "a right by its long name": WayOut({"cap_add": ["CAP_SYS_PTRACE"]}, ("SYS_PTRACE",)),
    "no filter of system calls": WayOut({"security_opt": ["seccomp:unconfined"]}, ("unconfined",)),
    "no confinement": WayOut({"security_opt": ["apparmor=unconfined"]}, ("unconfined",)),
    "no masked paths": WayOut({"security_opt": ["systempaths=unconfined"]}, ("unconfined",)),
    "a filter of its own": WayOut({"security_opt": ["seccomp=/evil.json"]}, ("evil",)),
    "a device": WayOut({"devices": [{"source": "/dev/sda", "target": "/dev/sda"}]}, ("sda",)),
    "kinds of devices": WayOut({"device_cgroup_rules": ["b *:* rwm"]}, ("rwm",)),
    "graphics cards": WayOut({"gpus": [{"count": -1}]}, ("gpus",)),
    "reserved devices": WayOut(
        {"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}]}}}}, ("gpu",)
    ),
    "another runtime": WayOut({"runtime": "evil"}, ("evil",)),
    "annotations for a runtime": WayOut({"annotations": {"run.oci.hooks": "evil"}}, ("evil",)),
    "credentials of the machine": WayOut({"credential_spec": {"file": "evil.json"}}, ("evil",)),
    "the engine's socket by a key": WayOut({"use_api_socket": True}, ("use_api_socket",)),
    "the host's processes": WayOut({"pid": "host"}, ('"host"',)),
    "a stranger's processes": WayOut({"pid": "container:theirs"}, ("theirs",)),
    "the host's memory": WayOut({"ipc": "host"}, ('"host"',)),
    "the host's name": WayOut({"uts": "host"}, ('"host"',)),
    "the host's users": WayOut({"userns_mode": "host"}, ('"host"',)),
    "the host's control groups": WayOut({"cgroup": "host"}, ('"host"',)),
    "a control group": WayOut({"cgroup_parent": "/system.slice"}, ("system.slice",)),
    "the host's network": WayOut({"network_mode": "host"}, ('"host"',)),
    "a stranger's network": WayOut({"network_mode": "container:theirs"}, ("theirs",)),
    "the default network": WayOut({"network_mode": "bridge"}, ('"bridge"',)),
    "a network on the host's card": WayOut(
        {}, ("macvlan", "eth0"), {"networks": {"default": {"driver": "macvlan", "driver_opts": {"parent": "eth0"}}}}
    ),
    "the host's addresses": WayOut(
        {}, ("192.0.2",), {"networks": {"default": {"ipam": {"config": [{"subnet": "192.0.2.0/24"}]}}}}
    ),
    "an address by name": WayOut({"extra_hosts": ["db=host-gateway"]}, ("host-gateway",)),
    "a port of the whole machine": WayOut(
        {"ports": [{"target": 80, "published": "80", "host_ip": "0.0.0.0"}]},  # noqa: S104
        ('"80"', "0.0.0.0"),  # noqa: S104
    ),
    "a stranger's container": WayOut({"external_links": ["theirs"]}, ("theirs",)),
    "a stranger's volumes": WayOut({"volumes_from": ["container:theirs"]}, ("theirs",)),
    "logs to elsewhere": WayOut({"logging": {"driver": "syslog", "options": {"syslog-address": "evil"}}}, ("evil",)),
    "kernel settings": WayOut({"sysctls": {"kernel.core_pattern": "|/evil"}}, ("evil",)),
    "processes before others'": WayOut({"oom_score_adj": -1000, "oom_kill_disable": True}, ("oom_",)),
    "time before others'": WayOut({"cpu_rt_runtime": 95000}, ("cpu_rt",)),
    "disks of the host": WayOut({"blkio_config": {"device_read_bps": [{"path": "/dev/sda", "rate": 1}]}}, ("sda",)),
    "options of the storage": WayOut({"storage_opt": {"evil": "1"}}, ("evil",)),
    "a hook with all rights": WayOut({"post_start": [{"command": ["x"], "privileged": True}]}, ("privileged",)),
    "a last hook with all rights": WayOut({"pre_stop": [{"command": ["x"], "privileged": True}]}, ("privileged",)),
    "a program while it is developed": WayOut({"develop": {"watch": [{"path": "/", "action": "evil"}]}}, ("evil",)),
    "a model of the machine's": WayOut({"models": {"m": None}}, ("evil",), {"models": {"m": {"model": "evil"}}}),
    "a pull in the owner's name": WayOut({"pull_policy": "always"}, ("always",)),
    "the root": WayOut(bind("/"), ('"/"',)),
    "the engine's socket": WayOut(bind("/var/run/docker.sock"), ("docker.sock",)),
    "the engine's socket by its folder": WayOut(bind("/run"), ('"/run"',)),
    "the kernel's settings": WayOut(bind("/proc/sys"), ("/proc",)),
    "devices by their folder": WayOut(bind("/dev"), ('"/dev"',)),
    "another user's folder": WayOut(bind("{host}"), ("{host}",)),
    "a folder by a symbolic link": WayOut(bind("{link}"), ("{host}", "{link}")),
    "a folder that is seen outside": WayOut(bind("{host}", bind={"propagation": "rshared"}), ("rshared", "{host}")),
    "a pipe of another system": WayOut(bind("//./pipe/evil", type="npipe"), ("evil",)),
    "a folder as a volume": WayOut(**volume(type="none", o="bind", device="{host}"), words=("{host}",)),
    "a folder by a symbolic link as a volume": WayOut(
        **volume(type="none", o="bind", device="{link}"), words=("{host}", "{link}")
    ),
    "a path of unknown origin": WayOut(**volume(type="none", o="bind", device="evil"), words=("evil",)),
    "the root as a volume": WayOut(**volume(type="none", o="bind", device="/"), words=("device",)),
    "a disk as a volume": WayOut(**volume(type="ext4", device="/dev/sda1"), words=("sda1",)),
    "layers over the host as a volume": WayOut(**volume(type="overlay", o="lowerdir=/evil"), words=("evil",)),
    "a share as a volume": WayOut(**volume(type="nfs", o="addr=192.0.2.1", device=":/evil"), words=("192.0.2.1",)),
    "another program's volume": WayOut({}, ("evil",), {"volumes": {"v": {"driver": "evil"}}}),
    "a secret that is a socket": WayOut(**file_of("secrets", file="/run/docker.sock"), words=("docker.sock",)),
    "another user's secret": WayOut(**file_of("secrets", file="{host}/key"), words=("{host}",)),
    "a secret by a symbolic link": WayOut(**file_of("secrets", file="{link}/key"), words=("{host}", "{link}")),
    "a secret from a program": WayOut(**file_of("secrets", driver="evil"), words=("evil",)),
    "a config that is a device": WayOut(**file_of("configs", file="/dev/mem"), words=("/dev/mem",)),
    "another user's config": WayOut(**file_of("configs", file="{host}/key"), words=("{host}",)),
    "a build with all rights": WayOut({"build": {"privileged": True}}, ("privileged",)),
    "a build's entitlements": WayOut({"build": {"entitlements": ["security.insecure"]}}, ("insecure",)),
    "keys of the person's agent": WayOut({"build": {"ssh": ["default"]}}, ("ssh",)),
    "a secret of a build": WayOut(
        {"build": {"secrets": [{"source": "x"}]}}, ("{host}",), {"secrets": {"x": {"file": "{host}/key"}}}
    ),
    "a folder beside a build": WayOut({"build": {"additional_contexts": {"x": "{link}"}}}, ("{link}",)),
    "a repository beside a build": WayOut({"build": {"additional_contexts": {"x": "ssh://evil/x.git"}}}, ("evil",)),
    "a cache that is read": WayOut({"build": {"cache_from": ["type=local,src=/evil"]}}, ("evil",)),
    "a cache that is written": WayOut({"build": {"cache_to": ["type=local,dest=/evil"]}}, ("evil",)),
    "a program that lists what is built": WayOut({"build": {"sbom": "generator=evil"}}, ("evil",)),
    "another's image moved": WayOut({"build": {"tags": ["postgres:evil"]}, "image": "evil:live"}, ("evil",)),
}  # fmt: skip
# Nothing of the service is left without these, so the whole deployment is refused.
REFUSED: dict[str, Model] = {
    "a program as the service": {"provider": {"type": "evil"}},
    "a build of the root": {"build": {"context": "/"}},
    "a build of another user's folder": {"build": {"context": "{host}"}},
    "a build behind a symbolic link": {"build": {"context": "{link}"}},
    "a build of another machine's repository": {"build": {"context": "https://127.0.0.1:1/evil.git"}},
    "a build by another user's file": {"build": {"dockerfile": "{host}/key"}},
}

Fill = Callable[[Any], Any]


@pytest.fixture(name="fill")
def _fill(tmp_path: Path) -> Fill:
    """Lay out the deployment and the stranger's folder, and put their paths into what is given."""
    host, owner = tmp_path / "host", tmp_path / "owner"
    host.mkdir()
    owner.mkdir()
    (host / "key").write_text("private")
    (owner / "link").symlink_to(host)

    def fill(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("{host}", str(host)).replace("{link}", str(owner / "link")))

    return fill


def deployment_of(tmp_path: Path, service: Model, top: Model) -> Deployment:
    model = {"name": "connect", "services": {"web": {"image": "x", **service}}, **top}
    return Deployment((tmp_path / "owner" / "compose.yml",), model, "web")


@pytest.mark.parametrize("run", RUNS, ids=["private", "shared"])
@pytest.mark.parametrize("way", WAYS_OUT.values(), ids=WAYS_OUT.keys())
def test_no_way_out_is_left_in_what_is_run(way: WayOut, run: Run, fill: Fill, tmp_path: Path) -> None:
    sandbox = sandboxed(deployment_of(tmp_path, fill(way.service), fill(way.top)), run)
    model, notes = privately_mounted(sandbox.model, MEDIA_ROOT, tmp_path / "mounts")

    found = [word for word in fill(way.words) if word in json.dumps(model)]
    assert not found, f"{found} is still in {json.dumps(model, indent=1)}"
    copied = "{host}" in way.words or "{link}" in way.words
    assert [*sandbox.notes, *notes] or copied or "ports" in way.service, "nothing says that anything is different"


@pytest.mark.parametrize("service", REFUSED.values(), ids=REFUSED.keys())
def test_a_service_that_is_nothing_but_a_way_out_is_refused(service: Model, fill: Fill, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"should be a container|should be built from the deployment's own files"):
        sandboxed(deployment_of(tmp_path, fill(service), {}), RUNS[0])


def test_they_are_many() -> None:
    assert len(WAYS_OUT) + len(REFUSED) >= 60
