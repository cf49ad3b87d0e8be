"""Reading from a service's container and writing into it, through a fake engine."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker.errors
import pytest
from docker.models.containers import Container
from fake_engine import container as engine_container
from fake_programs import Programs

from media_guarantees.core.errors import Unproven
from media_guarantees.deployment.service_container import ServiceContainer, _file_digest

DIRECTORY = 1 << 31  # Go's os.ModeDir
USER = "10001:10002"

ContainerOf = Callable[[SimpleNamespace], ServiceContainer]


def container(name: str = "c1", **attributes: Any) -> SimpleNamespace:
    """Return a container as the Docker SDK does; its main process is 100."""
    made = engine_container(name.removeprefix("c"))
    vars(made).update(attributes)
    return made


def top(ps_args: str) -> dict[str, list[list[str]]]:
    """List the processes of a container, as the engine does."""
    assert ps_args == "-eo pid,euid,egid"
    return {"Processes": [["101", "0", "0"], ["100", *USER.split(":")]]}


def holding(*members: tuple[str, bytes, bytes], mode: int = 0o644) -> Container:
    """Make a container that hands out an archive of these names, types and contents, in small pieces."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(content)
            archive.addfile(member, io.BytesIO(content))
    pieces = [stream.getvalue()[start : start + 100] for start in range(0, len(stream.getvalue()), 100)]
    return cast("Container", SimpleNamespace(get_archive=lambda _: (iter(pieces), {"mode": mode})))


@pytest.fixture(name="inside")
def _inside(programs: Programs) -> ContainerOf:
    del programs  # what the environment leads to
    return lambda running: ServiceContainer(lambda: cast("Container", running), "web-project", dict(os.environ))


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({}, "exec c1 id -u"),
        ({"user": "0"}, "exec --user=0 c1 id -u"),
        ({"stdin": b""}, "exec --interactive c1 id -u"),
        ({"user": "0", "stdin": b"x"}, "exec --user=0 --interactive c1 id -u"),
    ],
)
def test_a_program_runs_in_the_services_container_as_whom_one_says(
    inside: ContainerOf, programs: Programs, options: dict[str, Any], call: str
) -> None:
    assert inside(container()).execute(["id", "-u"], **options).ok
    assert programs.calls("docker") == [call]


def test_the_services_user_is_the_one_of_its_main_process_as_the_engine_sees_it(inside: ContainerOf) -> None:
    assert inside(container(top=top)).user() == USER


def test_what_an_image_lacks_is_unproven_and_asked_once(inside: ContainerOf, programs: Programs) -> None:
    programs.add("docker", "exit 127")
    service = inside(container())

    for _ in range(2):
        with pytest.raises(Unproven, match="the image of web-project lacks what it takes to look inside: sh, cat, rm"):
            service.expect_programs("cat", "rm")

    assert len(programs.calls("docker")) == 1


def test_without_a_shell_a_file_is_handed_to_the_engine_in_the_name_of_the_services_user(
    inside: ContainerOf, programs: Programs
) -> None:
    programs.add("docker", "exit 127")
    handed = dict[str, bytes]()
    running = container(top=top, put_archive=lambda path, content: handed.update({path: content}))

    assert inside(running).write("/srv/media", "avatars/x.png", b"picture").ok

    with tarfile.open(fileobj=io.BytesIO(handed["/srv/media"])) as archive:
        members = [(member.name, member.uid, member.gid, member.isdir()) for member in archive]
        assert archive.extractfile("avatars/x.png").read() == b"picture"  # type: ignore[union-attr]
    assert members == [("avatars", 10001, 10002, True), ("avatars/x.png", 10001, 10002, False)]


@pytest.fixture(name="writing")
def _writing(inside: ContainerOf, programs: Programs) -> ServiceContainer:
    """A service container whose programs run on this machine."""
    programs.add("docker", 'while [ "$1" != sh ]; do shift; done; exec "$@"')
    return inside(container(top=top))


@pytest.mark.parametrize("name", ["avatars/x.png", "avatars/a b'$(x).png", "-d/-x.png"])
def test_a_file_is_written_whole_with_its_folder(writing: ServiceContainer, tmp_path: Path, name: str) -> None:
    content = b"\x00\xff\n" * 1000

    assert writing.write(str(tmp_path / "media"), name, content).ok
    assert (tmp_path / "media" / name).read_bytes() == content


def test_a_file_is_written_as_the_services_user(writing: ServiceContainer, tmp_path: Path, programs: Programs) -> None:
    writing.write(str(tmp_path), "avatars/x.png", b"x")

    assert programs.calls("docker")[-1].startswith(f"exec --user={USER} --interactive c1 sh -c ")


def test_a_file_that_can_not_be_written_is_reported_by_status(writing: ServiceContainer, tmp_path: Path) -> None:
    (tmp_path / "media").touch()

    assert not writing.write(str(tmp_path / "media"), "avatars/x.png", b"x").ok


def test_each_container_is_opened_once(programs: Programs) -> None:
    del programs
    running = [container("c1")]
    service = ServiceContainer(lambda: cast("Container", running[-1]), "web-project", dict(os.environ))
    first, again = service.host(), service.host()
    running.append(container("c2"))

    assert first is again
    assert (first.backend.name, service.host().backend.name) == ("c1", "c2")


def test_the_digest_of_a_file_is_of_its_bytes() -> None:
    content = b"\x00\xff" * 1000

    assert _file_digest(holding(("x", tarfile.REGTYPE, content)), "/x") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        holding(("d", tarfile.DIRTYPE, b""), ("d/x", tarfile.REGTYPE, b"x"), mode=DIRECTORY | 0o755),
        holding(("l", tarfile.SYMTYPE, b""), mode=1 << 27 | 0o777),
        holding(("p", tarfile.FIFOTYPE, b""), mode=1 << 25 | 0o644),
    ],
    ids=["directory", "link", "fifo"],
)
def test_what_is_no_regular_file_has_no_digest(other: Container) -> None:
    assert _file_digest(other, "/x") == ""


def test_a_file_that_is_gone_since_it_was_listed_has_no_digest() -> None:
    def get_archive(path: str) -> None:
        raise docker.errors.NotFound(path)

    assert _file_digest(cast("Container", SimpleNamespace(get_archive=get_archive)), "/x") == ""


def test_the_writable_layer_is_the_files_that_were_added_or_changed(inside: ContainerOf) -> None:
    changes = [{"Path": "/changed", "Kind": 0}, {"Path": "/added", "Kind": 1}, {"Path": "/deleted", "Kind": 2}]
    get_archive = cast("Any", holding(("x", tarfile.REGTYPE, b"x"))).get_archive
    running = container(diff=lambda: changes, get_archive=get_archive)

    assert inside(running).written_layer() == dict.fromkeys(("/changed", "/added"), hashlib.sha256(b"x").hexdigest())


def test_a_container_that_wrote_nothing_has_an_empty_layer(inside: ContainerOf) -> None:
    assert inside(container(diff=lambda: None)).written_layer() == {}


def test_work_is_done_in_the_container_as_the_services_user(inside: ContainerOf, programs: Programs) -> None:
    inside(container(top=top)).work('echo "$1"', "a b", stdin=b"", needs=("cat",))

    assert programs.calls("docker")[-1] == f'exec --user={USER} --interactive c1 sh -c echo "$1" sh a b'


def test_where_an_image_has_no_shell_a_helper_works_among_the_same_mounts(
    inside: ContainerOf, programs: Programs
) -> None:
    programs.add("docker", '[ "$1" = run ]')

    assert inside(container(top=top)).work("true").ok
    call = programs.calls("docker")[-1]
    assert f"--volumes-from=c1 --user={USER} --network=none ubuntu sh -c true sh" in call


def test_the_mounts_are_those_that_the_main_process_sees(inside: ContainerOf, programs: Programs) -> None:
    programs.add("docker", r"echo '/dev/sda /media ext4 rw,relatime 0 0'; echo 'tmpfs /with\\040space tmpfs ro 0 0'")

    assert inside(container()).mount_table() == {"/media": ["rw", "relatime"], "/with space": ["ro"]}
    (call,) = programs.calls("docker")
    assert call.endswith(" ubuntu cat /proc/100/mounts")
    assert "--pid=host" in call
