"""A live service is found by Compose's labels and reported exactly as it is; reading it makes nothing."""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.compose.media_mount import Mount
from media_guarantees.deployment.container_proc import InnerMount, User
from media_guarantees.engine.connection import Engine
from media_guarantees.gate.live_deployment import (
    Live,
    Replica,
    Volume,
    live_engine,
    ports_of,
)
from media_guarantees.system.commands import CommandFailed
from media_guarantees.system.run_id import Run

RUN = Run("0badcafe-1-1")
ROOT_MOUNT = "36 35 98:0 /volumes/media_volume/_data /media rw,noatime shared:1 - ext4 /dev/sda1 rw"
VOLUME = {"Type": "volume", "Name": "media_volume", "Destination": "/media", "RW": True}


def container(name: str, *, project: str = "connect", mounts: Any = (VOLUME,), **labels: str) -> dict[str, Any]:
    """Return what the engine reports of a container."""
    names = {"service": "web-project", "project": project, **labels}
    return {
        "Id": name,
        "Name": f"/{name}",
        "Image": "sha256:1",
        "Created": name,
        "State": {"StartedAt": "09:00"},
        "NetworkSettings": {"Ports": {"8000/tcp": None}},
        "Config": {"Labels": {f"com.docker.compose.{key}": value for key, value in names.items()}},
        "Mounts": list(mounts),
    }


Answer = Callable[..., Live]


@pytest.fixture(name="live")
def _live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Make a live service on an engine that has these containers, and whose containers see this in /proc."""

    def answer(
        *containers: dict[str, Any], mountinfo: str = ROOT_MOUNT, project: str = "", link: str = "", **asked: bool
    ) -> Live:
        programs = Programs(tmp_path, monkeypatch)
        status = "Uid:\t10001\t10002\t10003\t10004\nGid:\t1\t2\t3\t4\nGroups:\t7 8\n"
        reported = {
            "'ps '*": "\n".join(each["Id"] for each in containers),
            "'container inspect '*": json.dumps(containers),
            "'volume inspect media_volume'": json.dumps(
                [{"Name": "media_volume", "CreatedAt": "just now", "Driver": "local", "Options": None}]
            ),
            "*mountinfo*": mountinfo,
            "*status*": status,
            "'info '*": "E1",
            "'image inspect ubuntu'": "[]",
            "*'--format=%w'*": "2026-01-01 00:00:00.5 +0000, inode 7",
        }
        if link:
            reported["*readlink*"] = f"{link}\n"
        if asked:
            reported["*'test -d'*"] = "there" if asked["has_folder"] else ""
        cases = "\n".join(f"{case}) printf %s {shlex.quote(text)};;" for case, text in reported.items())
        programs.add("docker", f'case "$*" in\n{cases}\n*) echo "no such thing: $*" >&2; exit 1;;\nesac')
        engine = Engine("live", {**os.environ, "PATH": programs.path}, (), "1", "")
        return Live(engine, RUN, service="web-project", media_root="/media/", project=project)

    return answer


def test_the_service_is_found_with_what_backs_its_media(live: Answer) -> None:
    (replica,) = live(container("c1")).replicas

    assert replica == Replica(
        identifier="c1",
        name="c1",
        image="sha256:1",
        started="09:00",
        project="connect",
        ports=(8000,),
        mounts=(Mount("volume", "media_volume", "/media", read_only=False),),
        inner=(InnerMount("/media", "/volumes/media_volume/_data", "ext4", writable=True),),
    )


def test_the_volume_is_known_by_its_creation_and_not_only_by_its_name(live: Answer) -> None:
    service = live(container("c1"))

    born = "2026-01-01 00:00:00.5 +0000, inode 7"
    assert service.volume_of(service.replicas[0]) == Volume("media_volume", born, "local", {})


def test_the_user_is_the_effective_one_with_all_groups(live: Answer) -> None:
    assert live(container("c1")).user("c1") == User(10002, (2, 7, 8))


def test_a_container_of_one_command_is_not_the_service(live: Answer) -> None:
    found = live(container("c1"), container("c2", oneoff="True")).replicas

    assert [replica.name for replica in found] == ["c1"]


def test_several_projects_with_such_a_service_must_be_chosen_from(live: Answer) -> None:
    with pytest.raises(BadInput, match=r"2 Compose projects .*: connect, staging\n  hint: .*PROJECT=connect"):
        live(container("c1"), container("c2", project="staging")).running("web-project")


def test_the_project_that_was_chosen_is_looked_at(live: Answer) -> None:
    found = live(container("c1"), container("c2", project="staging"), project="staging").replicas

    assert [replica.name for replica in found] == ["c2"]


def test_a_service_that_does_not_run_is_a_broken_promise(live: Answer) -> None:
    with pytest.raises(PromiseBroken, match="web-project has no running container"):
        assert live().replicas


@pytest.mark.parametrize(
    ("mounts", "mountinfo", "said"),
    [
        ([], "", "nothing is mounted at /media in c1, or above it; it mounts nothing"),
        (
            [{**VOLUME, "Destination": "/data"}],
            "",
            "nothing is mounted at /media in c1, or above it; it mounts media_volume at /data",
        ),
        ([{"Type": "bind", "Source": "/srv", "Destination": "/media/", "RW": True}], "", "is backed by a bind"),
        ([], ROOT_MOUNT.replace("ext4", "tmpfs"), "is backed by a tmpfs"),
    ],
)
def test_what_is_no_volume_is_reported_as_what_it_is(live: Answer, mounts: Any, mountinfo: str, said: str) -> None:
    service = live(container("c1", mounts=mounts), mountinfo=mountinfo)

    with pytest.raises(PromiseBroken) as broken:
        service.volume_of(service.replicas[0])
    assert said in broken.value.seen


def test_a_media_root_that_is_a_symbolic_link_is_followed(live: Answer) -> None:
    mount = {**VOLUME, "Destination": "/var/www/html"}
    inside = ROOT_MOUNT.replace(" /media rw", " /var/www/html rw")
    service = live(container("c1", mounts=[mount]), mountinfo=inside, link="/var/www/html/data")
    (replica,) = service.replicas

    assert (service.volume_of(replica).name, service.folder_of(replica)) == ("media_volume", "data")
    assert service.is_writable(replica)
    assert service.mount_root(replica) == "/volumes/media_volume/_data/data"
    assert service.overmounts(replica) == ()


def test_a_media_root_stays_as_it_was_given_where_no_container_can_say_more(live: Answer) -> None:
    assert live(container("c1")).place == "/media"


def test_a_media_root_stays_as_it_was_given_where_no_container_runs(live: Answer) -> None:
    assert live().place == "/media"


PARENT = {**VOLUME, "Destination": "/srv/"}
INSIDE_PARENT = ROOT_MOUNT.replace(" /media rw", " /srv rw")


def below_srv(live: Answer, *mounts: dict[str, Any], mountinfo: str = INSIDE_PARENT, **asked: Any) -> Live:
    """Return a live service that keeps its media at /srv/data/media."""
    service = live({**container("c1", mounts=mounts), **asked}, mountinfo=mountinfo)
    service.media_root = "/srv/data/media"
    return service


def test_a_volume_that_is_mounted_above_the_media_root_keeps_the_media(live: Answer) -> None:
    service = below_srv(live, PARENT)
    (replica,) = service.replicas

    assert (service.volume_of(replica).name, service.folder_of(replica)) == ("media_volume", "data/media")
    assert service.mount_root(replica) == "/volumes/media_volume/_data/data/media"
    assert service.is_writable(replica)


def test_the_innermost_mount_keeps_the_media(live: Answer) -> None:
    bind = {"Type": "bind", "Source": "/home/media", "Destination": "/srv/data", "RW": True}
    service = below_srv(live, PARENT, bind)

    with pytest.raises(PromiseBroken, match="/srv/data/media in c1 is backed by a bind, not by a named volume"):
        service.volume_of(service.replicas[0])


def test_memory_between_a_volume_and_the_media_root_keeps_the_media(live: Answer) -> None:
    """An engine doesn't list what the compose file mounts as `tmpfs`: the container's processes see it."""
    memory = f"{INSIDE_PARENT}\n37 36 0:1 / /srv/data rw - tmpfs tmpfs rw"
    service = below_srv(live, PARENT, mountinfo=memory)

    with pytest.raises(PromiseBroken, match="/srv/data/media in c1 is backed by a tmpfs, not by a named volume"):
        service.volume_of(service.replicas[0])


def test_a_folder_of_a_volume_that_is_mounted_is_where_the_media_lie(live: Answer) -> None:
    asked = [{"Target": "/srv/data/media", "VolumeOptions": {"Subpath": "site/media"}}]
    service = below_srv(live, {**VOLUME, "Destination": "/srv/data/media"}, HostConfig={"Mounts": asked})

    assert service.folder_of(service.replicas[0]) == "site/media"


def test_a_parent_mount_that_is_read_only_takes_no_uploads(live: Answer) -> None:
    service = below_srv(live, {**PARENT, "RW": False})

    assert not service.is_writable(service.replicas[0])


@pytest.mark.parametrize(
    ("mount", "mountinfo", "writable"),
    [
        (VOLUME, ROOT_MOUNT, True),
        ({**VOLUME, "RW": False}, ROOT_MOUNT, False),
        (VOLUME, ROOT_MOUNT.replace("rw,noatime", "ro,noatime"), False),
    ],
)
def test_a_mount_is_writable_for_engine_and_processes_alike(
    live: Answer, mount: Any, mountinfo: str, writable: bool
) -> None:
    service = live(container("c1", mounts=[mount]), mountinfo=mountinfo)

    assert service.is_writable(service.replicas[0]) is writable


def test_a_mount_over_a_part_of_the_media_is_seen_from_outside_and_from_inside(live: Answer) -> None:
    over = {"Type": "bind", "Source": "/srv", "Destination": "/media/avatars", "RW": True}
    inside = f"{ROOT_MOUNT}\n37 36 0:1 / /media/a\\040b rw - tmpfs tmpfs rw\n38 35 0:1 / /media2 rw - tmpfs tmpfs rw"
    service = live(container("c1", mounts=[VOLUME, over]), mountinfo=inside)

    assert service.overmounts(service.replicas[0]) == ("/media/a b", "/media/avatars")


def test_what_is_mounted_last_is_what_is_shown(live: Answer) -> None:
    twice = f"{ROOT_MOUNT}\n37 36 98:0 /elsewhere /media rw - ext4 /dev/sda1 rw"
    service = live(container("c1"), mountinfo=twice)

    assert service.mount_root(service.replicas[0]) == "/elsewhere"


def test_the_volume_is_read_and_nothing_else_can_be_done(live: Answer) -> None:
    command = live(container("c1")).volume_helper("media_volume")(["ls"])

    assert "--volume=media_volume:/volume:ro,nocopy" in command
    assert {"--network=none", "--cap-drop=ALL", "--pull=never", "--rm"} <= {*command}
    assert "--label=media-verify.run=0badcafe-1-1" in command
    assert command[-2:] == ["ubuntu", "ls"]


def test_only_the_folder_of_the_media_is_read(live: Answer) -> None:
    command = live(container("c1")).volume_helper("media_volume", "data/media")(["ls"])

    assert "--workdir=/volume/data/media" in command


def test_a_folder_that_is_not_in_the_volume_holds_no_media(live: Answer) -> None:
    assert live(container("c1"), has_folder=False).scan("media_volume", "data/media").entries == {}


def test_a_server_that_can_not_say_whether_the_folder_is_there_has_lost_no_media(live: Answer) -> None:
    with pytest.raises(CommandFailed, match="no such thing"):
        live(container("c1")).scan("media_volume", "data/media")


def test_a_volume_that_is_gone_is_not_made_by_looking_at_it(live: Answer) -> None:
    with pytest.raises(PromiseBroken, match="there is no volume lost_volume"):
        live(container("c1")).volume_helper("lost_volume")


def test_published_ports_come_first() -> None:
    reported = {
        "NetworkSettings": {"Ports": {"53/udp": None, "9000/tcp": None, "8000/tcp": [{"HostPort": "1"}]}},
        "Config": {"ExposedPorts": {"9000/tcp": {}, "7000/tcp": {}}},
    }

    assert ports_of(reported) == (8000, 9000, 7000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ssh://web-1", {"DOCKER_HOST": "ssh://web-1"}),
        ("web-1", {"DOCKER_CONTEXT": "web-1"}),
        ("", {"DOCKER_HOST": "unix:///x"}),
    ],
)
def test_an_engine_is_reached_by_address_or_context(
    host: str, expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(tmp_path, monkeypatch)
    programs.add("docker", '[ "$1" != version ] || echo 28.0.1')
    monkeypatch.setenv("DOCKER_HOST", "unix:///x")

    with live_engine(RUN, host) as engine:
        reached = {
            name: engine.environment[name] for name in engine.environment if name in ("DOCKER_HOST", "DOCKER_CONTEXT")
        }

    assert (engine.kind, engine.version, reached) == ("live", "28.0.1", expected)


def test_an_engine_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(tmp_path, monkeypatch).add("docker", "echo no route to host >&2; exit 1")

    with pytest.raises(BadInput, match="ssh://web-9: no route to host"):
        with live_engine(RUN, "ssh://web-9"):
            pytest.fail("there is no engine")
