"""A range of addresses belongs to one engine at a time, across checkouts, and is free when that engine ends."""

import itertools
import os
import socket
import subprocess
import sys
from ipaddress import IPv4Network

import pytest

from media_guarantees.engine import address_lease

ALL = address_lease.POOLS
CLAIM = """
import sys
from ipaddress import IPv4Network
from media_guarantees.engine import address_lease
address_lease.POOLS = tuple(map(IPv4Network, sys.argv[1:]))
mine = address_lease.claim()
print(mine.pool, flush=True)
input()
"""


@pytest.fixture(name="pools", autouse=True)
def _pools(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two ranges that nothing else on this machine claims, not even other runs of these tests."""
    pools = [f"10.{octet}.{os.getpid() // 256 % 256}.{os.getpid() % 256}/32" for octet in (1, 2)]
    monkeypatch.setattr(address_lease, "POOLS", tuple(map(IPv4Network, pools)))
    return pools


def test_two_claims_never_overlap() -> None:
    first, second = address_lease.claim(), address_lease.claim()

    assert first
    assert second
    first.release()
    second.release()
    assert not first.pool.overlaps(second.pool)
    assert not set(first.ports) & set(second.ports)


def test_a_released_range_can_be_claimed_again() -> None:
    first = address_lease.claim()
    assert first
    first.release()
    again = address_lease.claim()

    assert again
    again.release()
    assert again.pool == first.pool


def test_a_killed_process_holds_nothing(pools: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, *pools], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        theirs = other.stdout.readline().decode().strip()
        mine = address_lease.claim()
        other.kill()
        other.wait()
        freed = address_lease.claim()

    assert mine
    assert freed
    mine.release()
    freed.release()
    assert str(mine.pool) != theirs
    assert str(freed.pool) == theirs


def test_without_a_free_range_there_is_no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_lease, "POOLS", ())

    assert address_lease.claim() is None


def test_a_machine_that_refuses_for_another_reason_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(PermissionError, match="no"):
        address_lease.claim()


def test_no_range_reaches_into_another() -> None:
    assert not any(one.overlaps(other) for one, other in itertools.combinations(ALL, 2))


def test_every_port_is_one_that_linux_gives_to_no_outgoing_connection() -> None:
    last = address_lease.FIRST_PORT + len(ALL) * address_lease.PORTS - 1

    assert 60_999 < address_lease.FIRST_PORT < last < 65_536
