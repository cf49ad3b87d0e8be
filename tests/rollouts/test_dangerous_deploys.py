"""The gate reports, before a deploy, what in the compose file or the scripts beside it would lose the media."""

from __future__ import annotations

import pytest
from owner import Owner, edit
from rollouts import NAME

UP = "#!/bin/sh\ndocker-compose up --detach --build"


def look(owner: Owner, script: str) -> tuple[int, str, str]:
    """Look before a deploy by `script`; return the status, all that was said, and the verdict on the volume."""
    (owner.folder / "deploy.sh").write_text(f"{script}\n")
    before = owner.make("before-deploy", COMPOSE_FILE=str(owner.compose_file))
    (verdict,) = [each["verdict"] for each in owner.evidence()["guarantees"] if each["id"] == "volume.dedicated"]
    return before.returncode, before.stdout, verdict


def test_a_sound_deploy_is_let_through(owner: Owner) -> None:
    status, said, verdict = look(owner, UP)

    assert (status, verdict) == (0, "proved"), said


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "docker-compose down --volumes && docker-compose up -d",
            "deploy.sh:1: `docker-compose down --volumes` deletes",
        ),
        ("docker-compose -p platform up -d", "with an empty volume in place of connect_media_volume"),
        (
            "docker-compose down\ndocker volume prune --all --force\ndocker-compose up -d",
            "deploy.sh:2: `docker volume prune --all --force` deletes connect_media_volume",
        ),
    ],
    ids=["volumes removed", "another project", "unused volumes removed"],
)
def test_a_script_that_loses_them_is_named_with_its_line(owner: Owner, command: str, words: str) -> None:
    owner.compose("down")
    edit(owner.compose_file, NAME, "")
    owner.up()

    status, said, verdict = look(owner, command)

    assert (bool(status), verdict) == (True, "broken"), said
    assert words in said


def test_a_changed_label_is_reported_and_is_broken_where_a_script_says_yes_to_every_question(owner: Owner) -> None:
    edit(owner.compose_file, NAME, f"{NAME}    labels: {{kept: by us}}\n")

    asked = look(owner, UP)
    answered = look(owner, f"{UP} -y")

    assert asked[0] == 0, asked[1]
    assert "labels: {} became {'kept': 'by us'}" in asked[1]
    assert (bool(answered[0]), answered[2]) == (True, "broken"), answered[1]
    assert "deletes media_volume and recreates it, without asking" in answered[1]


def test_a_project_that_was_renamed_is_broken(owner: Owner) -> None:
    owner.compose("down")
    edit(owner.compose_file, NAME, "")
    owner.up()
    edit(owner.compose_file, "name: connect\n", "name: platform\n")

    status, said, verdict = look(owner, UP)

    assert (bool(status), verdict) == (True, "broken"), said
    assert "the project connect was renamed platform" in said
