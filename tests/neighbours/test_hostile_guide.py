"""A hostile guide, typed on a private engine, gets nothing from the engine that reaches the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_guarantees.deployment.guide_operator import engine_side
from media_guarantees.engine.base_images import Image
from media_guarantees.engine.connection import Engine
from media_guarantees.guide.shell.confined_shell import ConfinedShell, confined_shells
from media_guarantees.system import commands


@pytest.fixture(scope="module", name="shell")
def _shell(engine: Engine, images: tuple[Image, ...], run_folder: Path) -> Iterator[ConfinedShell]:
    """A shell on an engine of the run's own that has an `ubuntu`."""
    del images
    if engine.private_engine is None:
        pytest.skip("it takes a private engine")
    folder = run_folder / "deployment"
    folder.mkdir()
    with confined_shells(run_folder, engine_side(engine.private_engine), engine.environment) as shell_in:
        yield shell_in(folder)


@pytest.fixture(name="treasure")
def _treasure(tmp_path: Path) -> Path:
    """A folder of the machine that doesn't belong to the run."""
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "picture.jpg").write_text("picture")
    return treasure


def typed(shell: ConfinedShell, script: str) -> commands.Outcome:
    environment = {**shell.environment, **shell.variables}
    return commands.run(["bash", "-c", script], cwd=shell.folder, env=environment, start=shell.popen, timeout=120)


def test_the_runs_engine_answers_whatever_is_forgotten(shell: ConfinedShell) -> None:
    for script in ("docker ps", "env -u DOCKER_HOST docker ps", "sudo docker ps", "docker-compose version"):
        assert typed(shell, script).ok, script


@pytest.mark.parametrize(
    "script",
    [
        "docker run --rm -v {t}:/x ubuntu rm -rf /x/picture.jpg",
        "docker run --rm -v /:/host ubuntu rm -rf /host{t}",
        "docker run --rm --mount type=bind,source=/,target=/host ubuntu rm -rf /host{t}",
        "ln -sfn / here && docker run --rm -v $PWD/here:/host ubuntu rm -rf /host{t}",
        "docker volume create -o type=none -o o=bind -o device=/ all && docker run --rm -v all:/h ubuntu rm -rf /h{t}",
        "docker run --rm -v /var/lib:/x ubuntu sh -c 'echo more > /x/media-verify-more'; rm -rf {t}",
        "docker run -d --name temp -v /:/h ubuntu sleep 60; docker exec temp rm -rf /h{t}; docker rm -f temp",
        "docker run --name temp ubuntu true; docker cp temp:/etc/passwd {t}/picture.jpg; docker rm -f temp",
    ],
)
def test_a_container_reaches_no_folder_of_the_machine(shell: ConfinedShell, treasure: Path, script: str) -> None:
    typed(shell, script.format(t=treasure))

    assert (treasure / "picture.jpg").read_text() == "picture"
    assert not Path("/var/lib/media-verify-more").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--privileged", "Privileged true"),
        ("--network host", 'NetworkMode "host"'),
        ("--pid host", 'PidMode "host"'),
        ("--ipc=host", 'IpcMode "host"'),
        ("--uts=host", 'UTSMode "host"'),
        ("--cap-add ALL", "CapAdd"),
        ("--cap-add SYS_ADMIN", "CapAdd"),
        ("--device /dev/null:/dev/x", "Devices"),
        ("--security-opt seccomp=unconfined", "SecurityOpt"),
        ("--log-driver syslog --log-opt syslog-address=udp://127.0.0.1:9", "LogConfig"),
        ("-P", "every address of this machine"),
        ("--volume-driver sshfs", "VolumeDriver"),
    ],
)
def test_what_would_reach_the_machine_is_refused_and_named(shell: ConfinedShell, options: str, named: str) -> None:
    outcome = typed(shell, f"docker run --rm {options} ubuntu true")

    assert not outcome.ok
    assert named in outcome.complaint
    assert [named in refusal for refusal in shell.take_refusals()] == [True]


@pytest.mark.parametrize(
    "script",
    ["docker swarm init", "docker plugin install --grant-all-permissions vieux/sshfs", "docker push ubuntu",
     "docker volume create -d sshfs x", "docker network create -d macvlan -o parent=eth0 x",
     "docker --context prod ps", "DOCKER_HOST=ssh://prod docker ps", "DOCKER_HOST=tcp://127.0.0.1:2375 docker ps",
     "docker -H unix:///var/run/other.sock ps"],
)  # fmt: skip
def test_no_other_engine_and_no_other_machine_answers(shell: ConfinedShell, script: str) -> None:
    assert not typed(shell, script).ok
    shell.take_refusals()


def test_a_compose_file_of_its_own_reaches_no_further(shell: ConfinedShell, treasure: Path) -> None:
    services = {
        "a": {"image": "ubuntu", "volumes": ["/:/host"], "command": ["rm", "-rf", f"/host{treasure}"]},
        "b": {"image": "ubuntu", "privileged": True, "command": ["true"]},
        "c": {"image": "ubuntu", "network_mode": "host", "command": ["true"]},
    }
    (shell.folder / "evil.yml").write_text(json.dumps({"name": "evil", "services": services}))

    outcomes = [typed(shell, f"docker-compose -f evil.yml up {service}").ok for service in services]
    typed(shell, "docker-compose -f evil.yml down --volumes")

    assert (treasure / "picture.jpg").read_text() == "picture"
    assert outcomes == [True, False, False]
    shell.take_refusals()


def test_an_ordinary_backup_works_as_printed(shell: ConfinedShell) -> None:
    script = (
        "docker volume create media_volume && docker run --rm -v media_volume:/source ubuntu touch /source/a.jpg && "
        "docker run --rm -v media_volume:/source -v /srv/backups:/backup ubuntu tar -czf /backup/x.tar.gz -C /source ."
    )

    assert typed(shell, f"{script} && tar -tzf /srv/backups/x.tar.gz").text.endswith("./a.jpg")
    assert not Path("/srv/backups/x.tar.gz").exists()
    assert typed(shell, "docker volume rm media_volume").ok
