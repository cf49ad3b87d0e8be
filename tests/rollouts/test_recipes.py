"""The recipes as an operator types them: a deploy with the gate around it, and the drill for cron and monitors."""

from __future__ import annotations

import subprocess
from pathlib import Path

from owner import ROOT, Owner, edit, run_to_end
from rollouts import MOUNT


def type_recipe(owner: Owner, name: str, **environment: object) -> subprocess.CompletedProcess[str]:
    """Run a recipe in the owner's folder."""
    known = {key: value for key, value in owner.environment.items() if not key.startswith(("PYTEST_", "MAKE"))}
    given = {"VERIFIER": str(ROOT), "GUIDE": str(owner.guide), **{k: str(v) for k, v in environment.items()}}
    return run_to_end([str(ROOT / "recipes" / name)], owner.folder, {**known, **given})


def test_the_recipes_of_a_deploy_and_of_a_drill_work(lasting_owner: Owner, tmp_path: Path) -> None:
    reports, metrics = tmp_path / "reports", tmp_path / "media.prom"

    deployed = type_recipe(lasting_owner, "deploy.sh", DEPLOY="docker-compose up --detach --force-recreate")
    drilled = type_recipe(lasting_owner, "restore-drill.sh", REPORT_DIR=reports, METRICS=metrics)
    checked = type_recipe(lasting_owner, "restore-drill.sh", REPORT_DIR=reports, CHECK=1, MAX_AGE_HOURS=0)

    assert deployed.returncode == 0, deployed.stdout
    assert "proved: 6 proved, 0 broken, 0 unproven" in deployed.stdout
    assert (drilled.returncode, drilled.stdout[:8]) == (0, "MEDIA OK"), drilled.stdout
    assert 'media_restore_drill_proved{guarantee="restore.disaster",verdict="proved"} 1' in metrics.read_text()
    assert (checked.returncode, checked.stdout[:13]) == (1, "MEDIA WARNING"), checked.stdout


def test_a_drill_on_a_server_that_is_down_is_unknown(lasting_owner: Owner, tmp_path: Path) -> None:
    said = type_recipe(lasting_owner, "restore-drill.sh", REPORT_DIR=tmp_path, DOCKER_HOST="unix:///nobody/docker.sock")

    assert (said.returncode, said.stdout[:13]) == (3, "MEDIA UNKNOWN"), said.stdout
    assert "no Docker engine answers" in (tmp_path / "last-drill.log").read_text()


def test_a_deploy_on_media_that_are_in_no_volume_is_not_begun(lasting_owner: Owner) -> None:
    edit(lasting_owner.compose_file, MOUNT, "")
    lasting_owner.up()

    stopped = type_recipe(lasting_owner, "deploy.sh", DEPLOY="touch deployed")

    assert stopped.returncode != 0
    assert "nothing is mounted at /usr/src/platform/media" in stopped.stdout
    assert not (lasting_owner.folder / "deployed").exists()
