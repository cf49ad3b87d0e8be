"""What a guide may ask of the run's engine, and what is refused because it would reach the machine."""

import json
from typing import Any

import pytest

from media_guarantees.guide.shell.engine_filter import Refused, check_request, needs_body


def mapped(path: str) -> str:
    return f"/run/here{path}"


def checked(target: str, asked: dict[str, Any]) -> dict[str, Any]:
    assert needs_body("POST", target)
    return dict(json.loads(check_request("POST", target, json.dumps(asked).encode(), mapped)))


def created(**settings: Any) -> dict[str, Any]:
    """What comes of a request to create a container with these settings."""
    return dict(checked("/v1.41/containers/create?name=x", {"Image": "ubuntu", "HostConfig": settings})["HostConfig"])


# What `docker run --rm -v media_volume:/source ubuntu true` sends, as a client of version 20.10 sends it.
USUAL: dict[str, Any] = {
    "Binds": ["media_volume:/source"], "ContainerIDFile": "", "LogConfig": {"Type": "", "Config": {}},
    "NetworkMode": "default", "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": True, "VolumeDriver": "", "VolumesFrom": None, "CapAdd": None, "CapDrop": None, "CgroupnsMode": "",
    "Dns": [], "DnsOptions": [], "DnsSearch": [], "ExtraHosts": None, "GroupAdd": None, "IpcMode": "", "Cgroup": "",
    "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False, "PublishAllPorts": False,
    "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "", "ShmSize": 0, "ConsoleSize": [0, 0],
    "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CgroupParent": "", "BlkioWeight": 0,
    "BlkioWeightDevice": [], "BlkioDeviceReadBps": None, "CpuPeriod": 0, "CpusetCpus": "", "Devices": [],
    "DeviceCgroupRules": None, "DeviceRequests": None, "KernelMemory": 0, "MemorySwap": 0, "MemorySwappiness": -1,
    "OomKillDisable": False, "PidsLimit": 0, "Ulimits": None, "MaskedPaths": None, "ReadonlyPaths": None,
}  # fmt: skip


def test_an_ordinary_container_is_created_as_asked() -> None:
    assert created(**USUAL) == USUAL


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"Privileged": True}, "Privileged true"),
        ({"CapAdd": ["SYS_ADMIN"]}, "CapAdd"),
        ({"Devices": [{"PathOnHost": "/dev/sda"}]}, "Devices"),
        ({"DeviceRequests": [{"Count": -1}]}, "DeviceRequests"),
        ({"DeviceCgroupRules": ["a *:* rwm"]}, "DeviceCgroupRules"),
        ({"NetworkMode": "host"}, "NetworkMode"),
        ({"PidMode": "host"}, "PidMode"),
        ({"IpcMode": "host"}, "IpcMode"),
        ({"UTSMode": "host"}, "UTSMode"),
        ({"UsernsMode": "host"}, "UsernsMode"),
        ({"CgroupnsMode": "host"}, "CgroupnsMode"),
        ({"CgroupParent": "/"}, "CgroupParent"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "SecurityOpt"),
        ({"SecurityOpt": ["apparmor=unconfined"]}, "SecurityOpt"),
        ({"MaskedPaths": []}, "MaskedPaths"),
        ({"ReadonlyPaths": []}, "ReadonlyPaths"),
        ({"Runtime": "elsewhere"}, "Runtime"),
        ({"Sysctls": {"kernel.shm_rmid_forced": "1"}}, "Sysctls"),
        ({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://192.0.2.1"}}}, "LogConfig"),
        ({"VolumeDriver": "sshfs"}, "VolumeDriver"),
        ({"OomScoreAdj": -1000}, "OomScoreAdj"),
        ({"ASettingOfTomorrow": "host"}, "ASettingOfTomorrow"),
        ({"privileged": True}, "privileged"),
        ({"PublishAllPorts": True}, "every address"),
        ({"Mounts": [{"Type": "npipe", "Source": "x"}]}, "type npipe"),
        ({"Mounts": [{"Type": "bind", "source": "/etc", "Target": "/x"}]}, "setting source"),
        ({"Mounts": [{"Type": "volume", "VolumeOptions": {"DriverConfig": {"Name": "sshfs"}}}]}, "driver sshfs"),
    ],
)
def test_what_reaches_the_machine_is_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(Refused, match=named):
        created(**{**USUAL, **settings})


def test_another_spelling_of_the_settings_is_refused() -> None:
    with pytest.raises(Refused, match="the setting hostconfig"):
        checked("/containers/create", {"hostconfig": {"Privileged": True}})


def test_a_labels_name_may_be_anything() -> None:
    assert checked("/volumes/create", {"Labels": {"source": "x", "privileged": "y"}})


def test_a_host_directory_is_the_one_that_the_shell_sees() -> None:
    mounts = [{"Type": "bind", "Source": "/srv", "Target": "/x"}, {"Type": "volume", "Source": "media_volume"}]

    settings = created(Binds=["/etc:/x:ro", "media_volume:/y"], Mounts=mounts)

    assert settings["Binds"] == ["/run/here/etc:/x:ro", "media_volume:/y"]
    assert [mount["Source"] for mount in settings["Mounts"]] == ["/run/here/srv", "media_volume"]


def test_a_published_port_answers_on_this_machine_alone() -> None:
    settings = created(PortBindings={"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "81/tcp": None})

    assert settings["PortBindings"]["80/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": "8080"}]


def test_a_volume_of_memory_or_of_a_directory_is_made() -> None:
    memory = {"Name": "a", "DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}}
    directory = {"Name": "a", "Driver": "local", "DriverOpts": {"type": "none", "o": "bind", "device": "/srv/media"}}

    assert checked("/volumes/create", memory) == memory
    assert checked("/volumes/create", directory)["DriverOpts"]["device"] == "/run/here/srv/media"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"DriverOpts": {"type": "nfs", "o": "addr=192.0.2.1", "device": ":/media"}}, "nfs :/media"),
        ({"DriverOpts": {"type": "ext4", "device": "/dev/sda1"}}, "ext4 /dev/sda1"),
        ({"DriverOpts": {"type": "ext4", "o": "bind", "device": "/dev/sda1"}}, "ext4"),
        ({"Driver": "sshfs"}, "driver sshfs"),
        ({"driver": "sshfs"}, "setting driver"),
    ],
)
def test_a_volume_on_something_else_is_refused(asked: dict[str, Any], named: str) -> None:
    with pytest.raises(Refused, match=named):
        checked("/volumes/create", asked)


def test_a_network_on_an_interface_of_the_machine_is_refused() -> None:
    with pytest.raises(Refused, match="driver macvlan"):
        checked("/networks/create", {"Name": "x", "Driver": "macvlan", "Options": {"parent": "eth0"}})


def test_a_privileged_exec_is_refused() -> None:
    assert checked("/containers/web/exec", {"Cmd": ["ls"], "Privileged": False})
    with pytest.raises(Refused, match="privileged exec"):
        checked("/containers/web/exec", {"Cmd": ["ls"], "Privileged": True})


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("/plugins/pull?remote=x", "POST /plugins/pull"),
        ("/swarm/init", "POST /swarm/init"),
        ("/services/create", "POST /services/create"),
        ("/auth", "POST /auth"),
        ("/images/web/push", "POST /images/web/push"),
        ("/%63ontainers/create", "POST /%63ontainers"),
        ("//containers/create", "POST "),
        ("/containers/../plugins/pull", "POST "),
        ("/v1.23/containers/x/start", "version 1.23"),
        ("/images/create?fromSrc=http://192.0.2.1/x.tar", "image from an address"),
        ("/build?remote=https://example.org/x.git", "build of https://example.org/x.git"),
    ],
)
def test_a_request_that_is_not_for_a_container_is_refused(target: str, named: str) -> None:
    with pytest.raises(Refused, match=named):
        check_request("POST", target, b"", mapped)


@pytest.mark.parametrize(
    "target", ["/v1.41/containers/x/start", "/build?t=x", "/images/create?fromImage=alpine", "/exec/x/start"]
)
def test_other_requests_pass_unread(target: str) -> None:
    assert not needs_body("POST", target)
    assert check_request("POST", target, b"", mapped) == b""


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_what_can_not_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="no JSON"):
        check_request("POST", "/containers/create", body, mapped)
