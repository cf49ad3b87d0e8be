"""The refusals of migrate_media.sh that need no engine: exit status and message of each."""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "migrate_media.sh"
BASH = shutil.which("bash") or "/bin/bash"
UBUNTU = ("cat", "sh")

HEALTHY_DOCKER = """#!/bin/sh
case "$1 $2" in
    "version --format") echo 20.10.24 ;;
    *) echo "unexpected: docker $*" >&2; exit 99 ;;
esac
"""


@dataclass
class Deployment:
    """A deployment's directory and the only folder that is on PATH when the script runs in it."""

    directory: Path
    programs: Path
    environment: dict[str, str] = field(default_factory=dict)

    def install(self, name: str, script: str) -> None:
        """Put an executable script on PATH."""
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)

    def link(self, *names: str) -> None:
        """Put real programs of this machine on PATH."""
        for name in names:
            if found := shutil.which(name):
                (self.programs / name).symlink_to(found)

    def migrate(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the script with these options."""
        return subprocess.run(
            [BASH, str(SCRIPT), *options],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": str(self.programs), **self.environment},
        )


@pytest.fixture(name="bare")
def _bare(tmp_path: Path) -> Deployment:
    """Only the most basic tools on PATH, and an empty directory."""
    deployment = Deployment(tmp_path / "deployment", tmp_path / "programs")
    deployment.directory.mkdir()
    deployment.programs.mkdir()
    deployment.link(*UBUNTU)
    return deployment


@pytest.fixture(name="deployment")
def _deployment(bare: Deployment) -> Deployment:
    """All tools, a Docker whose engine answers, a Compose that knows no service, and media to migrate."""
    bare.link("find", "flock", "mkdir", "mv", "rm", "rmdir", "sha256sum", "tar", "xargs")
    bare.install("docker", HEALTHY_DOCKER)
    bare.install("docker-compose", "#!/bin/sh\n")
    (bare.directory / "media").mkdir()
    return bare


def assert_refused(ended: subprocess.CompletedProcess[str], *words: str, status: int = 1) -> None:
    """Check the status, that each of the words is on standard error, and that nothing is on standard output."""
    assert ended.returncode == status, f"status {ended.returncode} instead of {status}: {ended.stderr}"
    missing = [word for word in words if word not in ended.stderr]
    assert not missing, f"the message lacks {missing}: {ended.stderr}"
    assert ended.stderr.startswith("migrate_media.sh: "), f"the message doesn't say who speaks: {ended.stderr}"
    assert not ended.stdout, f"a refusal belongs on standard error only: {ended.stdout}"


def test_script_can_be_run_as_the_guide_prints_it() -> None:
    assert os.access(SCRIPT, os.X_OK), f"{SCRIPT} is not executable, so ./migrate_media.sh fails"


@pytest.mark.parametrize(
    "word", ["--dry-run", "--overwrite", "SERVICE", "MEDIA_ROOT", "SOURCE", "web-project", "Exit status", "./media"]
)
def test_help_explains_every_option_and_variable(bare: Deployment, word: str) -> None:
    ended = bare.migrate("--help")

    assert ended.returncode == 0, f"asking for help is no error: {ended.stderr}"
    assert word in ended.stdout, f"--help doesn't mention {word}: {ended.stdout}"


@pytest.mark.parametrize("option", ["--force", "media", "-x", "--dry-run=yes", ""])
def test_unknown_option_is_wrong_usage_and_named(bare: Deployment, option: str) -> None:
    assert_refused(bare.migrate(option), "unknown option", option, "--help", status=2)


def test_without_docker_it_asks_for_docker(bare: Deployment) -> None:
    assert_refused(bare.migrate(), "docker was not found on PATH", "Install Docker")


def test_without_compose_it_asks_for_compose(deployment: Deployment) -> None:
    (deployment.programs / "docker-compose").unlink()

    assert_refused(deployment.migrate(), "Docker Compose was not found", "Install Docker Compose")


def test_compose_as_a_plugin_of_docker_works(deployment: Deployment) -> None:
    (deployment.programs / "docker-compose").unlink()
    plugin = '#!/bin/sh\n[ "$1" = compose ] || [ "$1" = version ]\n'
    deployment.install("docker", plugin)

    assert_refused(deployment.migrate(), "'web-project' is not running", "docker compose up -d web-project")


def test_engine_that_does_not_answer_is_reported_in_its_own_words(deployment: Deployment) -> None:
    deployment.install("docker", "#!/bin/sh\necho 'Cannot connect to the daemon' >&2\nexit 1\n")

    assert_refused(deployment.migrate(), "engine does not answer", "Cannot connect to the daemon", "Start Docker")


def test_without_media_it_says_what_it_looked_for(deployment: Deployment) -> None:
    (deployment.directory / "media").rmdir()

    assert_refused(deployment.migrate(), "there is no folder ./media here", str(deployment.directory), "SOURCE")


def test_media_that_is_a_file_is_no_folder(deployment: Deployment) -> None:
    (deployment.directory / "media").rmdir()
    (deployment.directory / "media").write_text("not a folder")

    assert_refused(deployment.migrate(), "there is no folder ./media here")


def test_source_names_another_folder(deployment: Deployment) -> None:
    deployment.environment["SOURCE"] = "old media"

    assert_refused(deployment.migrate(), r"there is no folder old\ media here")


@pytest.mark.parametrize("tool", ["tar", "find", "sha256sum", "flock"])
def test_tool_missing_on_the_host_is_named(deployment: Deployment, tool: str) -> None:
    (deployment.programs / tool).unlink()

    assert_refused(deployment.migrate(), "missing on this host", tool, "Install")


def test_without_compose_file_it_repeats_what_compose_says(deployment: Deployment) -> None:
    deployment.install("docker-compose", "#!/bin/sh\necho 'no configuration file provided' >&2\nexit 14\n")

    assert_refused(
        deployment.migrate(),
        "could not look up the service 'web-project'",
        "no configuration file provided",
        "deployment's directory",
    )


def test_service_that_is_not_running_is_named_with_the_command_to_start_it(deployment: Deployment) -> None:
    deployment.environment["SERVICE"] = "site"

    assert_refused(deployment.migrate(), "the service 'site' is not running", "docker-compose up -d site")


def test_container_that_has_stopped_does_not_count_as_running(deployment: Deployment) -> None:
    deployment.install("docker-compose", "#!/bin/sh\necho 0123abcd\n")
    deployment.install("docker", HEALTHY_DOCKER.replace("    *)", '    "container inspect") echo exited ;;\n    *)'))

    assert_refused(deployment.migrate(), "'web-project' is not running", "its container is exited")


def test_media_root_that_no_volume_backs_is_refused(deployment: Deployment) -> None:
    deployment.install("docker-compose", "#!/bin/sh\necho 0123abcd\n")
    inspected = '    "container inspect") case $* in *State*) echo running ;; esac ;;\n    *)'
    deployment.install("docker", HEALTHY_DOCKER.replace("    *)", inspected))

    assert_refused(
        deployment.migrate(), "no volume is mounted at /usr/src/platform/media", "would be lost with the container"
    )


def test_second_run_at_the_same_time_is_refused(deployment: Deployment) -> None:
    held = os.open(deployment.directory / "media", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert_refused(deployment.migrate(), "another run", "is in progress")
    finally:
        os.close(held)


def test_refused_run_leaves_nothing_behind(deployment: Deployment, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    deployment.environment["TMPDIR"] = str(temporary)

    assert_refused(deployment.migrate(), "is not running")

    left = [*temporary.iterdir(), *(deployment.directory / "media").iterdir()]
    assert not left, f"these were left behind: {left}"
