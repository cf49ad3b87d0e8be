"""An engine that answers is described by its version; the links in a run's bin folder are never missing or wrong."""

import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.engine import connection as engines
from media_guarantees.engine.connection import (
    bin_folder,
    check_reachable,
    describe,
    endpoint,
    link,
    own_environment,
    private,
    server_version,
    shared,
)
from media_guarantees.engine.toolchain import EngineTools
from media_guarantees.system.run_id import Run

RUN = Run("0123abcd-1-2", "media-verify-0123abcd-1-2-")


@pytest.fixture(name="programs")
def _programs(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    return programs


@pytest.fixture(name="engine")
def _engine(programs: Programs) -> Programs:
    """Put an engine of version 20.10.24 and a Compose of 2.40.3 on the PATH."""
    programs.add("docker", '[ "$1" != version ] || echo 20.10.24')
    programs.add("docker-compose", "echo v2.40.3")
    return programs


def test_a_link_is_made_with_its_folder(tmp_path: Path) -> None:
    link(tmp_path / "a/b/docker", Path("/opt/docker"))

    assert (tmp_path / "a/b/docker").readlink() == Path("/opt/docker")


def test_a_link_replaces_what_was_there_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for target in ("/opt/old", "/opt/new"):
        link(tmp_path / "docker", Path(target))

    assert [path.readlink() for path in tmp_path.iterdir()] == [Path("/opt/new")]


def test_a_link_is_made_despite_what_a_killed_run_left(tmp_path: Path) -> None:
    (tmp_path / f".docker-{os.getpid()}").symlink_to("/opt/half")

    link(tmp_path / "docker", Path("/opt/new"))

    assert (tmp_path / "docker").readlink() == Path("/opt/new")


def test_programs_are_found_under_the_names_that_a_guide_uses(tmp_path: Path) -> None:
    folder = bin_folder(tmp_path, {"docker": "/opt/docker-20", "docker-compose": "/opt/compose-v2"})

    assert {path.name: str(path.readlink()) for path in folder.iterdir()} == {
        "docker": "/opt/docker-20",
        "docker-compose": "/opt/compose-v2",
    }


def test_runs_with_other_programs_do_not_share_a_folder(tmp_path: Path) -> None:
    both = bin_folder(tmp_path, {"docker": "/opt/docker-20", "docker-compose": "/opt/compose-v2"})
    compose = bin_folder(tmp_path, {"docker-compose": "/opt/compose-v2"})

    older = bin_folder(tmp_path, {"docker": "/opt/docker-20", "docker-compose": "/opt/compose-older"})

    assert len({both, compose, older}) == 3, "one run would type its guide's commands with the other's Compose"
    assert [path.name for path in compose.iterdir()] == ["docker-compose"], "a shared engine's client is the machine's"


def test_docker_host_names_the_engine(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    programs.add("docker", "echo unix:///context.sock")
    monkeypatch.setenv("DOCKER_HOST", "unix:///host.sock")

    assert endpoint() == "unix:///host.sock"


@pytest.mark.parametrize(
    ("script", "address"),
    [
        ("echo unix:///context.sock", "unix:///context.sock"),
        ("exit 1", "unix:///var/run/docker.sock"),
        ("echo", "unix:///var/run/docker.sock"),
    ],
)
def test_without_docker_host_the_context_or_else_the_default_names_it(
    programs: Programs, script: str, address: str
) -> None:
    programs.add("docker", script)

    assert endpoint() == address


def test_an_engine_that_answers_is_described(engine: Programs) -> None:
    compose = str(engine.folder / "docker-compose")

    described = describe("shared", os.environ, compose)

    assert described.compose == (compose,)
    assert described.facts == {"kind": "shared", "version": "20.10.24", "compose": "2.40.3", "stand_ins": []}


def test_a_distributions_suffix_is_no_part_of_the_version(engine: Programs) -> None:
    engine.add("docker", "echo 20.10.24+dfsg1")

    assert server_version(os.environ) == "20.10.24"


@pytest.mark.parametrize("name", ["COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "DOCKER_CONTEXT"])
def test_no_variable_makes_compose_or_docker_use_another_engine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "kept")

    assert name not in own_environment()
    assert own_environment()["HTTPS_PROXY"] == "kept"


def test_an_engine_that_does_not_answer_is_reported_with_its_address(programs: Programs) -> None:
    programs.add("docker", 'echo "Cannot connect to the Docker daemon" >&2; exit 1')

    with pytest.raises(BadInput) as refused:
        describe("shared", {**os.environ, "DOCKER_HOST": "unix:///no.sock"}, "docker-compose")

    assert refused.value.problem == "no Docker engine answers at unix:///no.sock: Cannot connect to the Docker daemon"
    assert "set DOCKER_HOST or a context, or run as root on Linux with ENGINE=private" in refused.value.hint


def test_an_engine_that_never_answers_is_reported_in_words(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    programs.add("docker", "exec sleep 60")
    monkeypatch.setattr(engines, "ENGINE_SECONDS", 0.1)

    with pytest.raises(BadInput) as refused:
        server_version({**os.environ, "DOCKER_HOST": "unix:///silent.sock"})

    assert refused.value.problem == "no Docker engine answers at unix:///silent.sock: nothing came in 0.1 s"
    assert "set DOCKER_HOST or a context" in refused.value.hint


def test_docker_is_run_against_this_engine(engine: Programs) -> None:
    engine.add("docker", 'echo "$DOCKER_HOST"')
    described = describe(
        "shared", {**os.environ, "DOCKER_HOST": "unix:///it.sock"}, str(engine.folder / "docker-compose")
    )

    assert described.docker("info").text == "unix:///it.sock"


def test_a_private_engine_is_reached_with_nothing_of_the_persons_own_configuration(
    engine: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///theirs.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "theirs")
    engine.add("dockerd")
    private_engine = SimpleNamespace(host="unix:///ours.sock")
    monkeypatch.setattr(engines, "running_engine", lambda *_: nullcontext(private_engine))

    with private(tmp_path / "cache") as described:
        environment = described.environment

    assert (environment["DOCKER_HOST"], environment.get("DOCKER_CONTEXT")) == ("unix:///ours.sock", None)
    configuration = Path(environment["DOCKER_CONFIG"])
    assert configuration.is_relative_to(tmp_path / "cache")
    assert (configuration / "cli-plugins/docker-compose").readlink() == engine.folder / "docker-compose"
    assert described.private_engine == private_engine


def test_a_private_engine_has_the_buildx_of_its_version_in_a_configuration_of_its_own(
    engine: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buildx = engine.add("docker-buildx")
    monkeypatch.setattr(engines, "engine_tools", lambda *_: EngineTools({"PATH": engine.path}, buildx=str(buildx)))
    monkeypatch.setattr(engines, "running_engine", lambda *_: nullcontext(SimpleNamespace(host="unix:///ours.sock")))

    with private(tmp_path / "cache") as described:
        plugin = Path(described.environment["DOCKER_CONFIG"], "cli-plugins/docker-buildx")
        first = Path(described.environment["PATH"].split(os.pathsep)[0])

    assert f"exec {first}/docker-buildx " in plugin.read_text()
    assert (first / "docker-buildx").readlink() == buildx, "the guide's shell sees the programs of this folder"


@pytest.mark.parametrize(("script", "has_one"), [("exit 0", True), ("echo no such network >&2; exit 1", False)])
def test_an_engine_with_dockers_own_network_is_told_from_one_without(
    engine: Programs, script: str, *, has_one: bool
) -> None:
    engine.add("docker", f'[ "$1" = version ] && {{ echo 28.5.2; exit; }}\n{script}')

    described = describe("shared", os.environ, str(engine.folder / "docker-compose"))

    assert described.has_bridge is has_one
    assert engine.calls("docker")[-1] == "network inspect bridge"


def test_a_shared_engine_needs_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(tmp_path, monkeypatch, alone=True)

    with pytest.raises(BadInput, match="no `docker` client on PATH") as refused:
        check_reachable()

    assert "ENGINE=private" in refused.value.hint


def test_a_shared_engine_that_answers_is_in_reach(engine: Programs) -> None:
    check_reachable()

    assert engine.calls("docker") == ["version --format {{.Server.Version}} {{.Server.MinAPIVersion}}"], (
        "it is asked, and nothing else is done"
    )


def test_a_shared_engine_that_does_not_answer_is_out_of_reach(programs: Programs) -> None:
    programs.add("docker", "echo refused >&2; exit 1")

    with pytest.raises(BadInput, match=r"no Docker engine answers .*: refused"):
        check_reachable()


def test_a_shared_engine_is_reached_with_a_compose_of_version_2_first_on_the_path(
    engine: Programs, tmp_path: Path
) -> None:
    with shared(tmp_path / "cache", RUN) as described:
        first = Path(described.environment["PATH"].split(os.pathsep)[0])

    assert (first / "docker-compose").readlink() == engine.folder / "docker-compose"
    assert described.environment["DOCKER_HOST"] == "unix:///var/run/docker.sock", "pinned, should the context change"
    assert described.private_engine is None, "a shared engine must not be crashed"


@pytest.mark.usefixtures("engine")
def test_what_killed_runs_left_on_a_shared_engine_is_swept_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Mapping[str, str]] = []
    monkeypatch.setattr(engines, "sweep_engine", lambda environment, *_: swept.append(environment))

    with shared(tmp_path / "cache", RUN) as described:
        assert swept == [described.environment]


def test_what_this_run_made_on_a_shared_engine_is_removed_even_after_a_failure_and_nothing_else(
    engine: Programs, tmp_path: Path
) -> None:
    things = f"{RUN.prefix}media_volume\nmedia_volume\n"
    engine.add("docker", f'case "$1 $2" in version*) echo 20;; "volume ls") printf \'{things}\';; esac')

    with pytest.raises(ZeroDivisionError), shared(tmp_path / "cache", RUN):
        raise ZeroDivisionError

    removals = [call for call in engine.calls("docker") if "rm" in call.split()]
    assert removals[-1] == f"volume rm --force {RUN.prefix}media_volume"
