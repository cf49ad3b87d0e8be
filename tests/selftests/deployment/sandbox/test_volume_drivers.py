"""Of a volume's driver options only tmpfs, and a directory that is replaced by a copy, are kept."""

from typing import Any

import pytest

from media_guarantees.deployment.sandbox.volume_drivers import restricted_driver


@pytest.mark.parametrize(
    "options",
    [
        {"type": "tmpfs", "device": "tmpfs"},
        {"type": "tmpfs", "o": "size=10m,mode=0755,noexec", "device": "tmpfs"},
        {"type": "none", "o": "bind", "device": "/srv"},
        {"type": "none", "o": "bind,ro", "device": "/srv"},
    ],
    ids=["memory", "memory of a size", "a directory", "a directory to read"],
)
@pytest.mark.parametrize("driver", [None, "local"])
def test_memory_and_a_directory_of_this_machine_are_kept(options: dict[str, str], driver: str | None) -> None:
    assert restricted_driver({"driver": driver, "driver_opts": options}) == {"driver_opts": options}


ELSEWHERE: dict[str, dict[str, Any]] = {
    "a network share": {"driver_opts": {"type": "nfs", "o": "addr=192.0.2.1", "device": ":/media"}},
    "another driver": {"driver": "rexray", "driver_opts": {"type": "tmpfs", "device": "tmpfs"}},
    "a disk": {"driver_opts": {"type": "ext4", "device": "/dev/sdb1"}},
    "a path of unknown origin": {"driver_opts": {"type": "none", "o": "bind", "device": "./srv"}},
    "layers over the host": {"driver_opts": {"type": "overlay", "o": "lowerdir=/,upperdir=/x", "device": "overlay"}},
    "a mount that others see": {"driver_opts": {"type": "none", "o": "bind,shared", "device": "/srv"}},
    "another mount changed": {"driver_opts": {"type": "tmpfs", "o": "remount,size=1m", "device": "tmpfs"}},
    "an option that is not known": {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "mountpoint": "/"}},
}


@pytest.mark.parametrize("volume", ELSEWHERE.values(), ids=ELSEWHERE)
def test_everything_else_is_a_plain_volume(volume: dict[str, Any]) -> None:
    assert restricted_driver(volume) == {}


@pytest.mark.parametrize("volume", [None, {}, {"name": "media_volume"}, {"driver": "local"}])
def test_a_plain_volume_stays_plain(volume: dict[str, Any] | None) -> None:
    assert restricted_driver(volume) == {}
