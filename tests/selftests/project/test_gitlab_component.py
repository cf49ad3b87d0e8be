"""The component for GitLab runs in gitlab-ci-local, which reads it as GitLab does and runs its jobs in a shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ci_stand_in import write_stand_in

from media_guarantees.core.paths import ROOT

GITLAB = "gitlab-ci-local"
pytestmark = pytest.mark.skipif(not shutil.which(GITLAB), reason="needs gitlab-ci-local, of npm")

PIPELINE = """\
include:
  - local: component.yml
    inputs:
      verifier: "{verifier}"
      job: before
      mode: before-deploy
      stage: build
      guide: docs/a guide.md
      server: "'; touch hacked; '"
  - local: component.yml
    inputs:
      verifier: "{verifier}"
      job: after
      mode: after-deploy
      stage: deploy
"""


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    """Make a repository of a folder."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    """A project whose pipeline uses the component, and the verifier's repository, with a stand-in for its runs."""
    write_stand_in(tmp_path / "verifier", tmp_path)
    commit(tmp_path / "verifier")
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(ROOT / "templates/media-guarantees/template.yml", project / "component.yml")
    (project / ".gitlab-ci.yml").write_text(PIPELINE.format(verifier=tmp_path / "verifier"))
    commit(project)
    git(project, "remote", "add", "origin", "https://git.example.org/example/project.git")
    return project


def run(project: Path, *jobs: str, verdict: str = "proved") -> subprocess.CompletedProcess[str]:
    """Run jobs of the pipeline, with programs in place of those that a job would install."""
    programs = project.parent / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("docker", "ssh"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o700)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    variables = [f"--variable=CALLS={project.parent}", f"--variable=VERDICT={verdict}"]
    command = [GITLAB, "--force-shell-executor", "--shell-isolation", *variables, *jobs]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_a_record_is_carried_from_the_job_before_a_deploy_to_the_one_after(project: Path) -> None:
    ended = run(project)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    compose_file, guide, *_, server = (project.parent / "before-deploy.values").read_text().splitlines()
    assert (compose_file, server) == ("", "'; touch hacked; '")
    assert guide.endswith("/docs/a guide.md")
    assert not list(project.parent.rglob("hacked"))
    assert (project.parent / "after-deploy.values").exists()


def test_a_broken_promise_fails_the_job_and_keeps_its_report(project: Path) -> None:
    ended = run(project, "before", verdict="broken")

    assert ended.returncode == 1, ended.stdout + ended.stderr
    (report,) = (project / ".gitlab-ci-local").rglob("artifacts/before/media-guarantees/run/guarantees.json")
    assert json.loads(report.read_text())["verdict"] == "broken"
