"""The plugins of the machine's client are found; a private engine's buildx lets builds use the network."""

import os
import subprocess
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.engine import client_plugins
from media_guarantees.engine.client_plugins import allow_builds_on_the_host, machines_plugins


def test_a_plugin_of_the_users_own_goes_before_one_of_the_system(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, system = tmp_path / "configuration/cli-plugins", tmp_path / "system"
    for folder in (own, system):
        folder.mkdir(parents=True)
        programs.add("docker-buildx", folder=folder)
    monkeypatch.setenv("DOCKER_CONFIG", str(own.parent))
    monkeypatch.setattr(client_plugins, "PLUGIN_FOLDERS", (tmp_path / "absent", system))

    assert list(machines_plugins("docker-buildx")) == [f"{own}/docker-buildx", f"{system}/docker-buildx"]


def test_a_file_that_is_no_program_is_no_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker-buildx").touch()
    monkeypatch.setattr(client_plugins, "PLUGIN_FOLDERS", (tmp_path,))

    assert list(machines_plugins("docker-buildx")) == []


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        (["bake", "--file", "-"], "bake --allow=network.host --file -"),
        (["buildx", "bake"], "buildx bake"),
        (["docker-cli-plugin-metadata"], "docker-cli-plugin-metadata"),
    ],
)
def test_only_a_build_of_composes_is_allowed_the_hosts_network(
    programs: Programs, tmp_path: Path, typed: list[str], runs: str
) -> None:
    plugin = tmp_path / "it's/cli-plugins/docker-buildx"

    allow_builds_on_the_host(plugin, programs.add("docker-buildx"))
    subprocess.run([str(plugin), *typed], check=True)

    assert programs.calls("docker-buildx") == [runs]


def test_a_build_that_fails_ends_with_its_status(programs: Programs, tmp_path: Path) -> None:
    plugin = tmp_path / "docker-buildx"
    allow_builds_on_the_host(plugin, programs.add("docker-buildx", "exit 17"))

    assert subprocess.run([str(plugin), "bake"], check=False).returncode == 17
    assert os.access(plugin, os.X_OK)
