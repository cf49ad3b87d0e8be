"""A command that would delete the media is reported with its line; one that may or can't is not."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from media_guarantees.gate.dangerous_commands import Danger, MediaVolume, search_file, search_folder, search_text

VOLUME = MediaVolume("media_volume", "connect", "28.5.2", frozenset({"docker-compose.yml"}), diverges=False)
OLD = replace(VOLUME, engine="20.10.24")
DEPLOY = Path("deploy.sh")


def found(text: str, name: str = "deploy.sh", volume: MediaVolume = VOLUME) -> list[Danger]:
    return search_text(Path(name), text, volume)


def accused(text: str, name: str = "deploy.sh", volume: MediaVolume = VOLUME) -> bool:
    return any(danger.is_accused for danger in found(text, name, volume))


@pytest.mark.parametrize(
    "text",
    [
        "docker compose down -v",
        "docker-compose down --volumes",
        "cd /srv/app && sudo docker compose -f docker-compose.yml down -v --remove-orphans || true",
        "docker --context live compose --project-name connect down -v",
        "docker compose down \\\n    --timeout 5 \\\n    -v",
        "@docker-compose down -vt 5",
        "/usr/bin/docker volume rm media_volume",
        "docker compose down; docker volume prune -a -f; docker compose up -d",
        "docker compose down\ndocker volume prune --force --all\ndocker compose up -d",
    ],
)
def test_a_deploy_that_deletes_the_volume_is_accused(text: str) -> None:
    assert accused(text)


@pytest.mark.parametrize(
    "text",
    [
        "docker compose down",
        "docker compose down --remove-orphans -t 5",
        "docker compose up -d --build",
        "docker volume rm cache_volume",
        "docker volume prune -f",
        "docker system prune -af",
        "docker system prune -af --volumes",
        "# docker compose down -v",
        "echo 'docker compose down -v'",
        "docker compose exec web-project rm -v x",
        "docker run -v media_volume:/x ubuntu tar -v",
        "docker compose run --rm web-project down -v",
        "docker compose -p connect up -d",
    ],
)
def test_what_deletes_no_named_volume_is_not_even_named(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("docker compose -f tests/docker-compose.test.yml down -v", "deletes media_volume"),
        ("docker compose -p connect-tests down -v", "deletes media_volume"),
        ("COMPOSE_PROJECT_NAME=other docker compose down -v", "deletes media_volume"),
        ("docker volume prune -af", "deletes media_volume if nothing uses it at that moment"),
        ("docker compose down\ndocker compose up -d\ndocker volume prune -af", "deletes media_volume if nothing uses"),
        ("docker compose up -d -y", "deletes media_volume and recreates it, without asking once its labels"),
    ],
)
def test_what_need_not_be_about_the_media_is_named_and_not_accused(text: str, effect: str) -> None:
    (danger,) = found(text)

    assert effect in danger.effect
    assert not danger.is_accused


@pytest.mark.parametrize("text", ["docker volume prune -f", "docker system prune -f --volumes"])
def test_what_a_prune_spares_depends_on_the_engine(text: str) -> None:
    after_down = f"docker compose down\n{text}\n"

    assert accused(after_down, volume=OLD), "engines before 23.0 take named volumes too"
    assert not found(after_down)


def test_yes_to_every_question_deletes_a_volume_that_the_file_describes_otherwise() -> None:
    text = "docker compose up --detach --yes"

    assert accused(text, volume=replace(VOLUME, diverges=True))
    assert not accused(text, volume=replace(VOLUME, diverges=None))


def test_an_external_volume_outlives_a_down_with_volumes() -> None:
    assert not accused("docker compose down -v", volume=replace(VOLUME, external=True))


def test_another_project_starts_with_an_empty_volume() -> None:
    prefixed = replace(VOLUME, name="connect_media_volume")

    assert accused("docker compose -p platform up -d", volume=prefixed)
    assert accused("COMPOSE_PROJECT_NAME=platform docker compose up -d", volume=prefixed)
    assert not found("docker compose -p connect up -d", volume=prefixed)
    assert not found('docker compose -p "$PROJECT" up -d', volume=prefixed)
    assert not found("docker compose -p platform up -d"), "a literal name is the same in every project"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deploy.sh", "export COMPOSE_PROJECT_NAME=platform\ncd /srv/app\ndocker compose up -d"),
        (
            "deploy.sh",
            'COMPOSE_PROJECT_NAME="platform"  # the new name\nexport COMPOSE_PROJECT_NAME\ndocker compose up -d',
        ),
        ("Makefile", "export COMPOSE_PROJECT_NAME := platform\n\nup:\n\tdocker compose up -d\n"),
        (
            ".github/workflows/deploy.yml",
            "env:\n  COMPOSE_PROJECT_NAME: platform\njobs:\n  - run: docker compose up -d",
        ),
    ],
)
def test_another_project_may_be_named_in_a_line_above_the_command(name: str, text: str) -> None:
    (danger,) = found(text, name, replace(VOLUME, name="connect_media_volume"))

    assert danger.is_accused
    assert (danger.line, danger.command) == (len(text.splitlines()), "docker compose up -d")
    assert "starts the project platform, with an empty volume in place of connect_media_volume" in danger.effect
    assert not found(text, name), "a literal name is the same in every project"
    assert not found(text.replace("platform", "connect"), name, replace(VOLUME, name="connect_media_volume"))


@pytest.mark.parametrize(
    "text",
    [
        "# COMPOSE_PROJECT_NAME=platform\ndocker compose up -d",
        "export COMPOSE_PROJECT_NAME=platform\ndocker compose -p connect up -d",
        "export COMPOSE_PROJECT_NAME=$PROJECT\ndocker compose up -d",
        "echo COMPOSE_PROJECT_NAME=platform\ndocker compose up -d",
        "docker compose up -d\nexport COMPOSE_PROJECT_NAME=platform",
    ],
)
def test_a_name_that_is_not_the_commands_is_no_other_project(text: str) -> None:
    assert found(text, volume=replace(VOLUME, name="connect_media_volume")) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reset.sh", "docker compose down -v"),
        ("scripts/test-all.sh", "docker compose down -v"),
        ("deploy.sh", "# This deletes all data.\ndocker compose down -v"),
        ("deploy.sh", "docker compose down -v  # wipe everything"),
        ("Makefile", "deploy:\n\tdocker compose up -d\n\nclean:\n\tdocker compose down -v\n"),
        ("guide.md", "## Remover tudo\n\n```\ndocker compose down -v\n```\n"),
        ("guide.md", "## Fim\n\nIsto apaga todos os dados:\n\n```\ndocker compose down -v\n```\n"),
    ],
)
def test_what_is_meant_to_delete_is_named_and_not_accused(name: str, text: str) -> None:
    (danger,) = found(text, name)

    assert danger.intended
    assert not danger.is_accused


def test_what_another_target_deletes_excuses_no_deploy() -> None:
    text = "clean:\n\tdocker compose down -v\n\ndeploy:\n\tdocker compose down -v && docker compose up -d\n"

    assert [(danger.line, danger.is_accused) for danger in found(text, "Makefile")] == [(2, False), (5, True)]


WORKFLOW = """\
jobs:
  {job}:
    steps:
      - name: {step}
        run: |
          docker compose up -d
          docker compose down -v
"""


def test_a_workflow_is_about_the_live_server_only_if_it_says_so() -> None:
    name = ".github/workflows/{}.yml"

    assert accused(WORKFLOW.format(job="deploy", step="Restart"), name.format("main"))
    assert not accused(WORKFLOW.format(job="check", step="Stop"), name.format("main"))
    assert not accused(WORKFLOW.format(job="deploy", step="Clean up after the tests"), name.format("deploy"))


def test_in_a_guide_only_what_is_printed_as_code_counts() -> None:
    guide = "# Guide\n\nNever type docker compose down -v here.\n\n```bash\ndocker-compose down -v\n```\n"

    (danger,) = found(guide, "guide.md")

    assert str(danger) == "guide.md:6: `docker-compose down -v` deletes media_volume"
    assert danger.is_accused


def test_a_heading_that_is_over_excuses_nothing() -> None:
    guide = "## Remove everything\n\n```\nls\n```\n\n## Restart\n\n```\ndocker compose down -v\n```\n"

    assert accused(guide, "guide.md")


def test_a_deployments_folder_is_searched_for_scripts_and_workflows(tmp_path: Path) -> None:
    names = ["deploy.sh", ".github/workflows/deploy.yml", "Makefile", "scripts/a/release.bash", "notes.txt", "x.md"]
    skipped = ["node_modules/x.sh", ".git/hooks/x.sh", "media/x.sh", "a/b/c/d/e/deep.sh"]
    for name in names + skipped:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("docker compose down -v\n")
    (tmp_path / "link.sh").symlink_to(tmp_path / "notes.txt")
    (tmp_path / "binary.sh").write_bytes(b"\xff\xfe docker compose down -v")
    (tmp_path / "huge.sh").write_bytes(b"docker compose down -v\n" * 20_000)
    os.mkfifo(tmp_path / "pipe.sh")

    dangers, files = search_folder(tmp_path, VOLUME)

    assert sorted(str(danger.file) for danger in dangers) == sorted(names[:4])
    assert files == 5, "the binary one was opened"


def test_a_file_that_can_not_be_read_holds_no_commands(tmp_path: Path) -> None:
    assert search_file(tmp_path / "gone.sh", tmp_path, VOLUME) == []
