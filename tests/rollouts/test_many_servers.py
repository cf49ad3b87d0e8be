"""One deploy to several servers, by context and by ssh, one of them down: a verdict for each, and one for all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from owner import CACHE, Owner, living_on, provided
from ssh_server import ssh_to

from media_guarantees.engine import connection as engines
from media_guarantees.engine.connection import Engine

NO_ENGINE = "unix:///nobody/docker.sock"


class Seen(NamedTuple):
    """What `make after-deploy` on all of them said, and the addresses of the two that answer."""

    status: int
    said: str
    hosts: dict[str, dict[str, Any]]
    verdict: str
    good: str
    bad: str


@pytest.fixture(scope="module", name="seen")
def _seen(server: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Two servers, one deployed to well, one badly, and a third that is down."""
    folder = tmp_path_factory.mktemp("servers")
    with engines.private(CACHE) as second, provided(second), ssh_to(second, folder / "ssh", CACHE) as way:
        with living_on(server, folder / "one") as one, living_on(second, folder / "two") as two:
            for name, address in (("web-1", server.environment["DOCKER_HOST"]), ("web-3", NO_ENGINE)):
                one.docker("context", "create", name, "--docker", f"host={address}")
            try:
                yield deploy_to_all(one, two, way.address, f"{way.programs}{os.pathsep}{one.environment['PATH']}")
            finally:
                one.docker("context", "rm", "web-1", "web-3")


def deploy_to_all(one: Owner, two: Owner, address: str, path: str) -> Seen:
    one.environment["PATH"] = path
    one.environment.pop("DOCKER_HOST")
    before = one.make("before-deploy", HOSTS=f"web-1,{address}")
    assert before.returncode == 0, before.stdout
    one.environment["DOCKER_HOST"] = one.engine.environment["DOCKER_HOST"]
    one.up("--force-recreate")
    del one.environment["DOCKER_HOST"]
    two.in_volume("rm avatars/festa*")
    two.up("--force-recreate")

    after = one.make("after-deploy", HOSTS=f"web-1,{address},web-3")

    report = json.loads((one.reports / "hosts.json").read_text(encoding="utf-8"))
    hosts = {each["host"]: each for each in report["hosts"]}
    return Seen(after.returncode, after.stdout, hosts, report["verdict"], "web-1", address)


def test_each_server_has_its_own_verdict(seen: Seen) -> None:
    verdicts = {host: verdict["verdict"] for host, verdict in seen.hosts.items()}

    assert verdicts == {seen.good: "proved", seen.bad: "broken", "web-3": "unproven"}, seen.said


def test_what_is_wrong_is_reported_by_server(seen: Seen) -> None:
    assert "persistence.update: seen: 1 gone" in seen.hosts[seen.bad]["reason"]
    assert seen.hosts[seen.good]["reason"] == ""


def test_a_server_that_does_not_answer_is_unproven_and_named(seen: Seen) -> None:
    assert not seen.hosts["web-3"]["answered"]
    assert "no Docker engine answers" in seen.hosts["web-3"]["reason"]


def test_there_is_one_verdict_for_all(seen: Seen) -> None:
    assert seen.verdict == "broken"
    assert seen.status != 0
    assert "broken: 3 hosts" in seen.said


def test_each_report_is_about_its_own_server(seen: Seen) -> None:
    for host in (seen.good, seen.bad):
        evidence = json.loads(Path(seen.hosts[host]["report"], "guarantees.json").read_text(encoding="utf-8"))
        assert evidence["target"]["server"] == host
