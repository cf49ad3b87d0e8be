"""Options with which a run is impossible are refused before anything starts, each with a hint."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from refusals import error_of

from media_guarantees import settings as settings_module
from media_guarantees.core.errors import BadInput
from media_guarantees.settings import DISK_BYTES, Settings, read_seed
from media_guarantees.system.debian_packages import PackageArchive

ROOT = Path(__file__).parents[2]
UseMachine = Callable[..., None]


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    compose_file = tmp_path / "compose.yml"
    compose_file.touch()
    return Settings(
        engine="shared",
        compose_files=(compose_file,),
        guide=tmp_path / "guide.md",
        service="web-project",
        media_root="/media",
        upload="auto",
        report_dir=tmp_path / "reports",
        cache=tmp_path / "cache",
    )


@pytest.fixture(name="use_machine")
def _use_machine(monkeypatch: pytest.MonkeyPatch) -> UseMachine:
    """Make this look like a machine that can run a private engine, except for what a test removes."""

    def use(
        *, system: str = "Linux", user: int = 0, dockerd: bool = True, archive: bool = True, free: int = DISK_BYTES
    ) -> None:
        monkeypatch.setattr(platform, "system", lambda: system)
        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if dockerd else None)
        monkeypatch.setattr(PackageArchive, "available", staticmethod(lambda: archive))
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))

    return use


def refusal(settings: Settings) -> BadInput:
    return error_of(BadInput, settings.check)


def test_good_settings_are_let_through(settings: Settings) -> None:
    settings.check()


@pytest.mark.parametrize(
    ("change", "problem", "hint"),
    [
        ({"engine": "public"}, "--engine is 'public'", "choose one of auto, private, shared"),
        ({"engine": "private:"}, "--engine is 'private:'", "choose one of auto, private, shared"),
        ({"engine": "shared:26.1"}, "--engine is 'shared:26.1'", "choose one of auto, private, shared"),
        ({"upload": "ftp"}, "--upload is 'ftp'", "choose one of auto, http, exec"),
        (
            {"media_root": "media"},
            "the media root 'media' is not an absolute path",
            "MEDIA_ROOT=… as the service's container",
        ),
        ({"compose_files": ()}, "no compose file is named", "give COMPOSE_FILE=…"),
        ({"compose_files": (Path("/nowhere.yml"),)}, "there is no compose file /nowhere.yml", "give COMPOSE_FILE=…"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    settings: Settings, change: dict[str, object], problem: str, hint: str
) -> None:
    refused = refusal(replace(settings, **change))  # type: ignore[arg-type]

    assert problem in refused.problem
    assert hint in refused.hint


def test_keeping_the_stack_until_enter_is_pressed_needs_a_terminal(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_module, "TERMINAL", str(tmp_path / "no terminal"))

    refused = refusal(replace(settings, keep=True))

    assert "until Enter is pressed, and there is no terminal to press it at" in refused.problem
    assert refused.hint == "leave KEEP=1 out, or run it at a terminal"


def test_a_path_that_the_guides_commands_would_fall_apart_in_is_refused(settings: Settings, tmp_path: Path) -> None:
    refused = refusal(replace(settings, cache=tmp_path / "my checkout" / ".cache"))

    assert "would fall apart at $(pwd)" in refused.problem
    assert "without spaces" in refused.hint


def test_at_a_terminal_the_stack_may_be_kept(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = tmp_path / "terminal"
    terminal.touch()
    monkeypatch.setattr(settings_module, "TERMINAL", str(terminal))

    replace(settings, keep=True).check()


def test_a_run_that_keeps_nothing_needs_no_terminal(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: False)

    settings.check()


def test_each_of_several_compose_files_must_be_there(settings: Settings, tmp_path: Path) -> None:
    files = (*settings.compose_files, tmp_path / "override.yml")

    assert "override.yml" in refusal(replace(settings, compose_files=files)).problem


@pytest.mark.parametrize("name", ["report_dir", "cache"])
def test_a_folder_that_can_not_be_written_is_refused_by_name(settings: Settings, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "folder"

    refused = refusal(replace(settings, **{name: folder}))  # type: ignore[arg-type]

    assert refused.problem == f"{folder} can't be written: Not a directory"
    assert "give REPORT_DIR=…" in refused.hint


def test_looking_whether_a_folder_can_be_written_leaves_nothing_in_it(settings: Settings) -> None:
    settings.check()

    assert [*settings.report_dir.iterdir(), *settings.cache.iterdir()] == []


@pytest.mark.parametrize(
    ("machine", "problem", "hint"),
    [
        (
            {"user": 1000},
            "needs root on Linux",
            "run as root (sudo make verify), or use an engine that is there: ENGINE=shared",
        ),
        ({"system": "Darwin"}, "needs root on Linux", "ENGINE=shared"),
        (
            {"dockerd": False, "archive": False},
            "no dockerd on PATH, and no apt-get and dpkg",
            "DOCKER_HOST=… ENGINE=shared",
        ),
        ({"free": 10**9}, "cache has 1.0 GB free", "free some space, or put the checkout on a larger disk"),
    ],
)
def test_a_machine_that_can_hold_no_private_engine_is_refused(
    settings: Settings, use_machine: UseMachine, machine: dict[str, object], problem: str, hint: str
) -> None:
    use_machine(**machine)

    refused = refusal(replace(settings, engine="private"))

    assert problem in refused.problem
    assert hint in refused.hint


@pytest.mark.parametrize("source", [{"dockerd": False}, {"archive": False}])
def test_a_private_engine_needs_dockerd_or_the_archive_but_not_both(
    settings: Settings, use_machine: UseMachine, source: dict[str, object]
) -> None:
    use_machine(**source)

    replace(settings, engine="private").check()


def test_a_shared_engine_asks_nothing_of_this_machine(settings: Settings, use_machine: UseMachine) -> None:
    use_machine(system="Darwin", user=501, dockerd=False, archive=False, free=0)

    settings.check()


def test_a_seed_that_was_given_is_taken() -> None:
    assert read_seed("0271828") == 271828


def test_without_a_seed_each_run_draws_its_own() -> None:
    assert len({read_seed("") for _ in range(100)}) > 50


@pytest.mark.parametrize("given", ["abc", "-1", "1.5", "²", "1 2"])
def test_a_seed_that_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_seed(given)

    assert refused.value.problem == f"--seed is {given!r}"
    assert "SEED=271828" in refused.value.hint


def collected(*options: str) -> subprocess.CompletedProcess[str]:
    """Collect the tests of one guarantee in a separate process."""
    target = ("tests/guarantees/test_simplicity.py", "--collect-only")
    command = [sys.executable, "-m", "pytest", *target, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_seed_is_printed_before_anything_else_is() -> None:
    assert "\nseed: 271828\n" in collected("--seed=271828").stdout


def test_a_seed_in_the_ini_file_is_one_too() -> None:
    assert "\nseed: 271828\n" in collected("--override-ini=seed=271828").stdout


def test_a_seed_that_is_no_number_ends_the_run_in_words() -> None:
    refused = collected("--seed=abc")

    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --seed is 'abc'\n  hint: give a whole number" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("system", "user", "kind"), [("Linux", 0, "private"), ("Linux", 1000, "shared"), ("Darwin", 0, "shared")]
)
def test_auto_is_private_only_for_root_on_linux(
    settings: Settings, use_machine: UseMachine, system: str, user: int, kind: str
) -> None:
    use_machine(system=system, user=user)

    assert replace(settings, engine="auto").engine_kind == kind


def test_a_private_engine_may_be_of_a_chosen_version(settings: Settings) -> None:
    chosen = replace(settings, engine="private:26.1")

    assert (chosen.engine_kind, chosen.engine_version) == ("private", "26.1")
    assert replace(settings, engine="private").engine_version == "", "the default one"


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("/usr/src/platform/media/", "/usr/src/platform/media"),
        ("/usr/src/platform//media/.", "/usr/src/platform/media"),
        ("//media", "/media"),
        ("/media", "/media"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_a_media_root_is_written_as_the_engine_writes_it(settings: Settings, given: str, root: str) -> None:
    """If "…/media/" were compared as typed, no mount would match and a sound deployment would be called broken."""
    assert replace(settings, media_root=given).media_root == root
