"""The action for GitHub does what its inputs say, reports the verdict, and carries the record over a deploy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from ci_stand_in import write_stand_in
from github_runner import Runner, UnknownSyntax

from media_guarantees.core.paths import ROOT


@dataclass
class Artifacts:
    """The artifacts of a run, as the actions of GitHub keep and fetch them."""

    folder: Path
    kept: list[str] = field(default_factory=list)

    def upload(self, given: Mapping[str, str]) -> None:
        """Keep a file."""
        self.kept.append(given["name"])
        shutil.copy(given["path"], self.folder / given["name"])

    def download(self, given: Mapping[str, str]) -> None:
        """Fetch it into a folder, under the name that it had."""
        target = Path(given["path"])
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / given["name"], target / "before-deploy.media")


@dataclass
class Jobs:
    """Jobs that use the action; each has a machine of its own, and all share the artifacts."""

    folder: Path
    artifacts: Artifacts

    def new(self, **environment: str) -> Runner:
        """Return the machine of a new job, with what its stand-in for the verification is to do."""
        place = self.folder / f"job{len(list(self.folder.glob('job*')))}"
        (place / "workspace").mkdir(parents=True)
        (place / "temp").mkdir()
        return Runner(
            place / "workspace",
            place / "temp",
            {"PATH": os.environ["PATH"], "CALLS": str(self.folder), "VERDICT": "proved", **environment},
            {
                "actions/upload-artifact": self.artifacts.upload,
                "actions/download-artifact": self.artifacts.download,
            },
        )

    def values(self, mode: str) -> list[str]:
        """Return what the verification was asked for: compose file, guide, service, media root, server."""
        return (self.folder / f"{mode}.values").read_text().splitlines()


@pytest.fixture(name="jobs")
def _jobs(tmp_path: Path) -> Jobs:
    (tmp_path / "artifacts").mkdir()
    return Jobs(tmp_path, Artifacts(tmp_path / "artifacts"))


@pytest.fixture(name="action")
def _action(tmp_path: Path) -> Path:
    """The action in a checkout whose verification is a stand-in."""
    folder = tmp_path / "the action"
    write_stand_in(folder, tmp_path)
    shutil.copy(ROOT / "action.yml", folder)
    return folder


def test_a_run_reports_its_verdict_its_report_and_its_file_for_code_scanning(jobs: Jobs, action: Path) -> None:
    job = jobs.new()

    succeeded, outputs = job.run(action)

    report = job.workspace / "media-guarantees" / "run"
    assert succeeded, job.log
    assert outputs == {"verdict": "proved", "report": str(report), "sarif": str(report / "results.sarif")}
    assert job.summary.read_text() == "# verdicts\n"
    assert "::notice::annotated" in job.log.splitlines()


def test_a_broken_promise_fails_the_job_and_is_reported(jobs: Jobs, action: Path) -> None:
    succeeded, outputs = jobs.new(VERDICT="broken").run(action)

    assert (succeeded, outputs["verdict"]) == (False, "broken")
    assert Path(outputs["sarif"]).is_file()


def test_inputs_become_options_and_paths_are_seen_from_the_workspace(jobs: Jobs, action: Path) -> None:
    job = jobs.new()

    job.run(
        action,
        **{"compose-file": "a.yml:/srv/b.yml", "guide": "docs/a guide.md", "service": "web", "media-root": "/media"},
        server="ssh://deploy@web-1",
    )

    place = job.workspace
    assert jobs.values("verify") == [
        f"{place}/a.yml:/srv/b.yml",
        f"{place}/docs/a guide.md",
        "web",
        "/media",
        "ssh://deploy@web-1",
    ]


def test_inputs_that_were_not_given_leave_the_defaults(jobs: Jobs, action: Path) -> None:
    jobs.new().run(action)

    assert jobs.values("verify") == [""] * 5
    environment = (jobs.folder / "verify.env").read_text()
    assert "\nCOMPOSE_FILE=" not in environment, "Compose itself would heed it"
    assert (jobs.folder / "verify.origin").read_text() == "undefined\n", "an empty one would replace make's default"


def test_no_input_is_run_as_a_command(jobs: Jobs, action: Path) -> None:
    job = jobs.new()

    service, server = "it's $(shell touch hacked) $HOME", "'; touch hacked; '"
    job.run(action, service=service, server=server, guide="`touch hacked`", **{"media-root": '"; touch hacked; "'})

    assert not list(jobs.folder.rglob("hacked"))
    assert jobs.values("verify")[2] == service
    assert jobs.values("verify")[4] == server


def test_an_unknown_mode_is_refused_in_words(jobs: Jobs, action: Path) -> None:
    job = jobs.new()

    succeeded, outputs = job.run(action, mode="clean")

    assert (succeeded, outputs) == (False, {"verdict": "", "report": "", "sarif": ""})
    assert "mode is clean\n  hint: choose one of verify, before-deploy" in job.log


def test_a_run_that_was_refused_does_not_report_an_older_one(jobs: Jobs, action: Path) -> None:
    job = jobs.new()
    job.run(action)
    job.environment = {**job.environment, "REFUSED": "1"}

    succeeded, outputs = job.run(action)

    assert (succeeded, outputs) == (False, {"verdict": "unproven", "report": "", "sarif": ""})


def test_a_record_is_carried_to_a_job_on_another_machine(jobs: Jobs, action: Path) -> None:
    assert jobs.new().run(action, mode="before-deploy", state="record")[0]
    after = jobs.new()

    assert after.run(action, mode="after-deploy", state="record")[0], after.log
    assert jobs.artifacts.kept == ["record"]
    assert "record" in after.log.splitlines()


def test_one_job_needs_no_artifact(jobs: Jobs, action: Path) -> None:
    job = jobs.new()

    assert job.run(action, mode="before-deploy")[0]
    assert job.run(action, mode="after-deploy")[0], job.log
    assert jobs.artifacts.kept == []


def test_a_deploy_that_must_not_start_leaves_no_record_for_another_job(jobs: Jobs, action: Path) -> None:
    assert not jobs.new(VERDICT="broken").run(action, mode="before-deploy", state="record")[0]
    assert jobs.artifacts.kept == []


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (("'\"$GITHUB_ACTION_PATH/", "'echo ${{ inputs.guide }}; \"$GITHUB_ACTION_PATH/"), "an expression in a script"),
        (("@b7c566a772e6b6bfb58ed0dc250532a479d7789f", "@v6"), "is not pinned"),
        (("inputs.mode == 'before-deploy'", "failure()"), r"failure\(\)"),
        (("${{ inputs.server }}", "${{ github.event.issue.title }}"), "github.event"),
        (("shell: bash", "shell: pwsh"), "pwsh"),
    ],
)
def test_the_runner_refuses_what_it_does_not_know(
    jobs: Jobs, action: Path, change: tuple[str, str], refused: str
) -> None:
    text = (action / "action.yml").read_text()
    assert text.count(change[0]) == 1
    (action / "action.yml").write_text(text.replace(*change))

    with pytest.raises(UnknownSyntax, match=refused):
        jobs.new().run(action, mode="before-deploy", state="record")


def test_the_component_for_gitlab_has_the_inputs_of_the_action() -> None:
    spec, job = yaml.safe_load_all((ROOT / "templates/media-guarantees/template.yml").read_text())
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    assert {*action["inputs"]} - {"state"} <= {*spec["spec"]["inputs"]}
    assert job["$[[ inputs.job ]]"]["script"] == [".verifier/recipes/ci-job.sh"]
