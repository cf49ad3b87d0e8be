"""An image is taken from the engine, else from a registry; else a labelled stand-in replaces it."""

import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.engine.base_images import (
    PYTHON_SLIM,
    UBUNTU,
    Image,
    ImageSpec,
    provide,
    release,
    root_file_system,
)
from media_guarantees.system import commands
from media_guarantees.system.commands import CommandFailed
from media_guarantees.system.run_id import Run

RUN = Run("0123abcd-1-2", "media-verify-0123abcd-1-2-")
MARKED = '{"media-verify.stand-in": "ubuntu"}'
WANTED = ImageSpec("ubuntu", "ubuntu@sha256:00")
NO_REGISTRY = 'echo "Error response from daemon" >&2; echo "dial tcp: no route to host" >&2; exit 1'
BUILD = 'for archive; do :; done; echo "root file system" > "$archive"'


@pytest.fixture(name="programs")
def _programs(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Programs:
    programs.add("dpkg")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"VERSION_CODENAME": "bookworm"})
    return programs


@pytest.fixture(name="cache")
def _cache(programs: Programs, tmp_path: Path) -> Path:
    """Put mmdebstrap's package into the cache, so that nothing is downloaded."""
    cache = tmp_path / "cache"
    unpacked = cache / "packages/mmdebstrap/usr/bin"
    unpacked.mkdir(parents=True)
    programs.add("mmdebstrap", BUILD, folder=unpacked)
    return cache


def docker(*args: str, **options: Any) -> commands.Outcome:
    return commands.run(["docker", *args], **options)


def engine(
    programs: Programs, *, image: str = "exit 1", pull: str = "", tag: str = "", imported: str = "", **others: str
) -> None:
    """Put a `docker` on the PATH that has no image, unless a script for one of its commands says otherwise."""
    verbs = {"image": image, "pull": pull, "tag": tag, "import": imported, **others}
    programs.add("docker", "\n".join(f'if [ "$1" = {verb} ]; then :; {script}\nfi' for verb, script in verbs.items()))


@pytest.mark.parametrize(
    ("labels", "stands_in"),
    [("null", False), ('{"maintainer": "x"}', False), (MARKED, True)],
)
def test_an_image_that_is_there_is_used_and_known_from_a_stand_in(
    programs: Programs, cache: Path, labels: str, *, stands_in: bool
) -> None:
    engine(programs, image=f"echo '{labels}'")

    assert provide(WANTED, docker, cache) == Image("ubuntu", stands_in)
    assert len(programs.calls("docker")) == 1, "nothing is pulled where the image is at hand"


def test_an_image_is_pulled_by_its_digest_and_given_the_name_that_others_use(programs: Programs, cache: Path) -> None:
    engine(programs)

    assert provide(WANTED, docker, cache) == Image("ubuntu", stands_in=False)
    assert programs.calls("docker")[1:] == ["pull --quiet ubuntu@sha256:00", "tag ubuntu@sha256:00 ubuntu"]


def test_a_stand_in_is_imported_under_the_name_with_labels_that_say_what_it_is(programs: Programs, cache: Path) -> None:
    engine(programs, pull=NO_REGISTRY)

    assert provide(WANTED, docker, cache) == Image("ubuntu", stands_in=True)
    assert programs.calls("docker")[-1] == (
        "import --change LABEL media-verify.stand-in=ubuntu --change LABEL media-verify=image "
        f"{cache}/images/root.tar ubuntu"
    )


def test_why_there_is_a_stand_in_is_reported(programs: Programs, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine(programs, pull=NO_REGISTRY)

    with caplog.at_level("INFO", "verify.progress"):
        provide(WANTED, docker, cache)

    assert "no registry gave ubuntu (dial tcp: no route to host); using a stand-in" in caplog.text


def test_a_pull_without_an_end_gives_a_stand_in_and_is_reported_in_words(
    programs: Programs, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine(programs)

    def hanging(*args: str, **options: Any) -> commands.Outcome:
        if args[0] == "pull":
            raise subprocess.TimeoutExpired(args, options["timeout"])
        return docker(*args, **options)

    with caplog.at_level("INFO", "verify.progress"):
        assert provide(WANTED, hanging, cache).stands_in

    assert "no registry gave ubuntu (no answer in 300 s); using a stand-in" in caplog.text


def test_a_pull_that_fails_without_a_word_gives_a_stand_in_too(programs: Programs, cache: Path) -> None:
    engine(programs, pull="exit 1")

    assert provide(WANTED, docker, cache).stands_in


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"tag": "echo no space >&2; exit 1"}, "docker tag .* status 1: no space"),
        ({"pull": NO_REGISTRY, "imported": "echo read-only >&2; exit 1"}, "docker import .* status 1: read-only"),
    ],
)
def test_an_engines_failure_is_reported_in_its_own_words(
    programs: Programs, cache: Path, broken: dict[str, str], words: str
) -> None:
    engine(programs, **broken)

    with pytest.raises(CommandFailed, match=words):
        provide(WANTED, docker, cache)


STAND_IN = Image("ubuntu", stands_in=True)
HOLDER = f"media-verify-{RUN.identifier}-holds-ubuntu"


def test_a_stand_in_on_a_shared_engine_is_held_for_as_long_as_the_run_needs_it(programs: Programs, cache: Path) -> None:
    engine(programs, image=f"echo '{MARKED}'")

    provide(WANTED, docker, cache, RUN)

    labels = f"--label=media-verify=run --label=media-verify.run={RUN.identifier}"
    assert programs.calls("docker")[-1] == f"create --pull=never --name={HOLDER} {labels} ubuntu true"


def test_the_real_image_needs_no_holding(programs: Programs, cache: Path) -> None:
    engine(programs, image="echo null")

    provide(WANTED, docker, cache, RUN)

    assert len(programs.calls("docker")) == 1


def test_a_stand_in_that_another_run_removes_is_created_again(programs: Programs, cache: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    create = f"[ -e {gone} ] || {{ : > {gone}; echo No such image >&2; exit 1; }}"
    engine(programs, image=f"[ ! -e {gone} ] && echo '{MARKED}' || exit 1", pull=NO_REGISTRY, create=create)

    assert provide(WANTED, docker, cache, RUN).stands_in
    assert [call.split()[0] for call in programs.calls("docker")] == [
        "image",
        "create",
        "image",
        "pull",
        "import",
        "create",
    ]


def test_a_stand_in_that_can_never_be_held_is_reported_in_the_engines_words(programs: Programs, cache: Path) -> None:
    engine(programs, image=f"echo '{MARKED}'", create="echo no space >&2; exit 1")

    with pytest.raises(CommandFailed, match=r"docker create .* ended with status 1: no space"):
        provide(WANTED, docker, cache, RUN)


def test_a_stand_in_is_taken_off_the_engine_when_the_run_is_over(programs: Programs) -> None:
    engine(programs, container="echo sha256:00", image=f"echo '{MARKED}'")

    release([STAND_IN], docker, RUN)

    assert programs.calls("docker")[1] == f"rm {HOLDER}"
    assert programs.calls("docker")[-1] == "image rm sha256:00", "unforced: an engine keeps what another run holds"


@pytest.mark.parametrize("image", ["echo null", "exit 1"], ids=["the real one", "gone already"])
def test_what_is_no_stand_in_any_more_is_left_alone(programs: Programs, image: str) -> None:
    engine(programs, container="echo sha256:00", image=image)

    release([STAND_IN], docker, RUN)

    assert not [call for call in programs.calls("docker") if call.startswith("image rm")]


def test_what_the_run_did_not_hold_is_left_alone(programs: Programs) -> None:
    engine(programs, container="exit 1")

    release([STAND_IN], docker, RUN)

    assert len(programs.calls("docker")) == 1


def test_the_root_file_system_is_built_once(programs: Programs, cache: Path) -> None:
    archives = [root_file_system(cache) for _ in range(2)]

    assert [archive.read_text() for archive in archives] == ["root file system\n"] * 2
    assert len(programs.calls("mmdebstrap")) == 1


def test_the_root_file_system_is_of_this_machines_release_and_has_python(programs: Programs, cache: Path) -> None:
    root_file_system(cache)

    (call,) = programs.calls("mmdebstrap")
    assert "python3,python3-venv" in call
    assert call.split()[-2] == "bookworm"


def test_a_build_that_fails_is_reported_in_its_words_and_leaves_nothing(programs: Programs, cache: Path) -> None:
    unpacked = cache / "packages/mmdebstrap/usr/bin"
    programs.add("mmdebstrap", f"{BUILD}; echo 'E: cannot chroot' >&2; exit 25", folder=unpacked)

    with pytest.raises(BadInput, match="no stand-in image could be built: E: cannot chroot") as refused:
        root_file_system(cache)

    assert "perl, root" in refused.value.hint
    assert not list((cache / "images").iterdir()), "half a root file system would be taken for a whole one"


@pytest.mark.parametrize("release", [{}, {"ID": "gentoo"}])
def test_a_machine_without_a_debian_release_has_to_load_the_images(
    cache: Path, monkeypatch: pytest.MonkeyPatch, release: dict[str, str]
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)

    with pytest.raises(BadInput, match="can only be built on Debian or Ubuntu") as refused:
        root_file_system(cache)

    assert "load the images `ubuntu` and `python:3.12-slim-bookworm`" in refused.value.hint


@pytest.mark.parametrize("wanted", [UBUNTU, PYTHON_SLIM], ids=lambda wanted: wanted.name)
def test_what_is_pulled_is_pinned_by_digest(wanted: ImageSpec) -> None:
    name, _, digest = wanted.digest.partition("@sha256:")

    assert (name, len(digest)) == (wanted.name, 64)
