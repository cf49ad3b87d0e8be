"""A backup run reports the archive that appeared, what else the command left behind, and failed health checks."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from fake_stack import FakeStack, manifest_of, sample

from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.events.copies import backup_run
from media_guarantees.events.copies.backup_run import (
    Backup,
    name_contains_date,
    poll_health,
    promises_day,
    take_backup,
)
from media_guarantees.events.copies.made_copy import Copy, archives_in
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.steps import Step
from media_guarantees.system import background_command
from media_guarantees.system.run_id import Run

NAME = "media_backup_20260131.tar.gz"
BEFORE = manifest_of(**{"1.png": "00"})

Take = Callable[[Callable[[], object]], Deferred[Backup]]


class FakeOperator:
    """An operator who does what the test wants instead of typing the guide's command."""

    shell_in = None
    media = None

    def __init__(self, folder: Path, happen: Callable[[], object]) -> None:
        self.folder = folder
        self.typed: list[str] = []
        self._happen = happen

    def step(self, procedure: str) -> Step:
        """Give a step of which nothing is known."""
        return Step(Path("guide.md"), 1, "./backup.sh", procedure)

    def run_checked(self, procedure: str) -> None:
        """Record the procedure, and do what the test wants."""
        self.typed.append(procedure)
        self._happen()


@pytest.fixture(name="stack")
def _stack(stack: FakeStack) -> FakeStack:
    stack.volumes, stack.containers = ["media_volume"], ["web-project"]
    stack.tree = manifest_of(**{"1.png": "00"})
    return stack


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


@pytest.fixture(name="seeded_media")
def _gallery() -> SeededMedia:
    return SeededMedia([sample("1.png")], seed=1)


@pytest.fixture(name="take")
def _take(stack: FakeStack, seeded_media: SeededMedia, tmp_path: Path) -> Take:
    def take(happen: Callable[[], object]) -> Deferred[Backup]:
        return take_backup(stack.as_stack(), seeded_media, cast("Operator", FakeOperator(tmp_path, happen)))

    return take


def test_a_backup_is_the_archive_that_appeared(take: Take, folder: Path) -> None:
    (folder / "media_backup_20260130.tar.gz").touch()

    backup = take((folder / NAME).touch).get()

    assert (backup.archive, backup.reference) == (folder / NAME, f"backups/{NAME}")


@pytest.mark.parametrize(
    ("place", "reference"),
    [
        ("deployment/backups/a.tgz", "backups/a.tgz"),
        ("deployment/outside/srv/a.tgz", "/srv/a.tgz"),
        ("mounts/0/backups/a.tgz", "backups/a.tgz"),
    ],
)
def test_a_backup_is_called_as_a_person_sees_it(tmp_path: Path, place: str, reference: str) -> None:
    copy = Copy("archive", tmp_path / place)

    assert Backup(copy, tmp_path / "deployment", date(2026, 1, 31), BEFORE, 3, 0, frozenset()).reference == reference


def test_the_folder_need_not_be_there_before(take: Take, folder: Path) -> None:
    folder.rmdir()

    def happen() -> None:
        folder.mkdir()
        (folder / NAME).touch()

    assert take(happen).get().archive.name == NAME


def test_an_archive_that_was_written_again_has_appeared(take: Take, folder: Path) -> None:
    archive = folder / NAME
    archive.touch()
    os.utime(archive, (0, 0))

    assert take(archive.touch).get().archive == archive


@pytest.mark.parametrize("names", [[], [NAME, "copy.tar"], ["notes.txt"]], ids=["none", "two", "no archive"])
def test_a_command_that_says_it_worked_and_left_no_archive_or_two_broke_its_promise(
    take: Take, folder: Path, names: list[str]
) -> None:
    backup = take(lambda: [(folder / name).write_bytes(b"") for name in names])
    archives = sorted(name for name in names if ".tar" in name)

    with pytest.raises(PromiseBroken) as broken:
        backup.get()

    assert broken.value.seen == (f"the backup command is over, and {len(archives)} archives appeared: {archives}")
    assert broken.value.means == "there is no backup, although the command says so"
    assert broken.value.next_step == f"ls -la {folder.parent}"


def test_an_archive_of_yesterday_is_no_backup_of_today(take: Take, folder: Path) -> None:
    (folder / "media_backup_20260130.tar.gz").touch()

    with pytest.raises(PromiseBroken, match="0 archives appeared"):
        take(lambda: None).get()


def test_a_command_that_failed_is_raised_for_each_who_asks(take: Take) -> None:
    def happen() -> None:
        raise PromiseBroken("the guide's backup command ended with status 2")

    backup = take(happen)

    for _ in range(2):
        with pytest.raises(PromiseBroken, match="status 2"):
            backup.get()


def test_the_stack_is_well_and_has_its_pictures_before_the_command_is_typed(
    take: Take, folder: Path, stack: FakeStack
) -> None:
    seen: list[list[str]] = []
    stack.mends.append(lambda: seen.append([*stack.platform.pictures]))

    def happen() -> None:
        (folder / NAME).touch()
        seen.append([*stack.platform.pictures])

    take(happen).get()

    assert seen == [[], ["/media/1.png"]], "an empty volume is easily backed up"


def test_a_stack_that_can_not_be_mended_is_raised_for_each_who_asks_and_nothing_is_typed(
    stack: FakeStack, seeded_media: SeededMedia, tmp_path: Path
) -> None:
    def mend() -> None:
        raise PromiseBroken("timed out after 60 s waiting until web-project answers")

    stack.mends.append(mend)
    operator = FakeOperator(tmp_path, lambda: None)

    backup = take_backup(stack.as_stack(), seeded_media, cast("Operator", operator))

    for _ in range(2):
        with pytest.raises(PromiseBroken, match="timed out"):
            backup.get()
    assert operator.typed == []


def test_the_command_is_typed_once_for_all_who_ask(stack: FakeStack, seeded_media: SeededMedia, folder: Path) -> None:
    operator = FakeOperator(folder.parent, (folder / NAME).touch)

    backup = take_backup(stack.as_stack(), seeded_media, cast("Operator", operator))

    assert backup.get() is backup.get()
    assert operator.typed == ["backup"]


def test_volumes_and_containers_that_were_left_are_named(take: Take, folder: Path, stack: FakeStack) -> None:
    def happen() -> None:
        (folder / NAME).touch()
        stack.volumes.append("connect_media_volume")
        stack.containers.append("quirky_tar")

    assert take(happen).get().leftovers == {"volume connect_media_volume", "container quirky_tar"}


@pytest.mark.parametrize(("oneoff", "left"), [("False", set[str]()), ("True", {"volume 7f3a", "container web-2"})])
def test_a_service_that_the_guide_takes_down_has_new_containers_and_volumes_and_leaves_none(
    take: Take, folder: Path, stack: FakeStack, oneoff: str, left: set[str]
) -> None:
    stack.labels = {
        "web-2": {"com.docker.compose.project": stack.name, "com.docker.compose.oneoff": oneoff},
    }
    stack.mounts = {"web-2": [{"Name": "7f3a"}]}

    def happen() -> None:
        (folder / NAME).touch()
        stack.volumes.append("7f3a")
        stack.containers[:] = ["web-2"]

    assert take(happen).get().leftovers == left


def test_what_others_do_on_a_shared_engine_is_no_leftover(take: Take, folder: Path, stack: FakeStack) -> None:
    stack.run = Run("0123abcd-1-2", "media-verify-0123abcd-1-2-")
    stack.mounts = {"quirky_tar": [{"Name": "media-verify-0123abcd-1-2-media_volume"}]}

    def happen() -> None:
        (folder / NAME).touch()
        stack.volumes += ["another-users", "media-verify-0123abcd-1-2-other"]
        stack.containers += ["vigilant_bose", "quirky_tar"]

    assert take(happen).get().leftovers == {"volume media-verify-0123abcd-1-2-other", "container quirky_tar"}


def test_what_was_on_the_engine_before_is_no_stray(take: Take, folder: Path) -> None:
    assert take((folder / NAME).touch).get().leftovers == frozenset()


def test_the_volume_is_looked_at_before_the_command_starts(take: Take, folder: Path, stack: FakeStack) -> None:
    before = stack.tree

    def happen() -> None:
        (folder / NAME).touch()
        stack.tree = manifest_of(a="01")

    backup = take(happen).get()

    assert backup.before == before


def test_the_day_is_the_one_on_which_the_command_started(
    take: Take, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_run, "today", lambda: date(2026, 1, 31))

    def happen() -> None:
        (folder / NAME).touch()
        monkeypatch.setattr(backup_run, "today", lambda: date(2026, 2, 1))

    assert take(happen).get().day == date(2026, 1, 31)


def test_a_service_that_answers_all_the_time_is_not_counted_as_silent(take: Take, folder: Path) -> None:
    backup = take((folder / NAME).touch).get()

    assert backup.asked >= 3, "a short command must not pass for a harmless one because no probe ran"
    assert backup.unanswered == 0


def test_a_service_that_falls_silent_is_counted(take: Take, folder: Path, stack: FakeStack) -> None:
    def happen() -> None:
        (folder / NAME).touch()
        stack.platform.up = False

    backup = take(happen).get()

    assert 0 < backup.unanswered <= backup.asked


def test_a_service_that_runs_again_when_the_backup_is_over_has_no_remark(
    take: Take, folder: Path, stack: FakeStack
) -> None:
    def happen() -> None:
        (folder / NAME).touch()
        stack.running.clear()
        stack.running.append(stack.service)

    assert take(happen).get().not_running == ""
    assert stack.started == 0


@pytest.mark.parametrize(
    ("stopped", "said"),
    [
        ("web-project", "web-project ran before the backup, and is stopped now"),
        ("db", "db ran before the backup, and is stopped now"),
        ("job", ""),
    ],
)
def test_what_the_backup_left_stopped_is_named_and_started_again(
    take: Take, folder: Path, stack: FakeStack, monkeypatch: pytest.MonkeyPatch, stopped: str, said: str
) -> None:
    monkeypatch.setattr(stack, "restart_policy", {"web-project": "no", "db": "always", "job": "no"}.get)
    stack.running = ["web-project", "db", "job"]

    def happen() -> None:
        (folder / NAME).touch()
        stack.running.remove(stopped)

    assert take(happen).get().not_running == said
    assert stack.started == bool(said), "what comes next has to find the deployment as it was"


def test_a_service_that_does_not_answer_any_more_when_the_backup_is_over_is_named(
    take: Take, folder: Path, stack: FakeStack
) -> None:
    def fail() -> None:
        raise PromiseBroken("timed out after 60 s waiting until web-project answers")

    stack.waits.append(fail)

    assert take((folder / NAME).touch).get().not_running.startswith("after the backup, timed out after 60 s waiting")
    assert stack.started == 1


def test_the_asking_ends_with_its_block(stack: FakeStack) -> None:
    before = set(threading.enumerate())

    with poll_health(stack.as_stack()):
        assert set(threading.enumerate()) - before, "a probe must run for this test to prove anything"

    assert not set(threading.enumerate()) - before


def test_the_asking_ends_if_it_is_interrupted_while_it_begins(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(ThreadPoolExecutor):
        def submit(self, *args: Any, **options: Any) -> Any:
            super().submit(*args, **options)
            raise KeyboardInterrupt

    monkeypatch.setattr(background_command, "ThreadPoolExecutor", Interrupted)
    before = set(threading.enumerate())

    with pytest.raises(KeyboardInterrupt), poll_health(stack.as_stack()):
        pass

    assert set(threading.enumerate()) == before, "Ctrl-C would wait for ever"


def test_the_asking_ends_even_with_a_block_that_fails(stack: FakeStack) -> None:
    before = set(threading.enumerate())

    with pytest.raises(ZeroDivisionError), poll_health(stack.as_stack()) as answers:
        raise ZeroDivisionError

    assert not set(threading.enumerate()) - before
    assert len(answers) >= 3


def test_a_platform_that_can_not_be_reached_at_all_is_reported(stack: FakeStack) -> None:
    def answers(**_: object) -> bool:
        raise OSError("no such engine")

    stack.platform.answers = answers  # type: ignore[method-assign]

    with pytest.raises(OSError, match="no such engine"), poll_health(stack.as_stack()):
        pass


@pytest.mark.parametrize("name", ["m_20260131.tar.gz", "m-2026-01-31.tgz", "31-01-2026.tar", "31.01.2026_m.tar.gz"])
def test_a_name_bears_its_day_in_whatever_way_people_write_days(name: str) -> None:
    assert name_contains_date(name, date(2026, 1, 31))
    assert not name_contains_date(name, date(2026, 1, 30))


@pytest.mark.parametrize(
    ("script", "body", "promised"),
    [
        ("tar -czf m_$(date +%Y%m%d).tar.gz .", "", True),
        ("./backup.sh", "tar -czf m_`date +%F`.tgz .", True),
        ("tar -czf updated.tar.gz .", "", False),
    ],
)
def test_a_day_is_promised_where_the_command_asks_for_it(script: str, body: str, promised: bool) -> None:
    assert promises_day(Step(Path("guide.md"), 1, script, "backup", body)) is promised


@pytest.mark.parametrize(
    ("script", "body", "stops"),
    [
        ("docker compose stop web\ntar -czf m.tgz media\ndocker compose start web", "", True),
        ("docker-compose down && tar -czf m.tgz media && docker-compose up -d", "", True),
        ("sudo docker stop web-project", "", True),
        ("./backup.sh", "docker compose pause web", True),
        ("docker run --rm -v media_volume:/s ubuntu tar -cz -C /s . > stop.tgz", "", False),
        ("docker compose exec web tar -cz media > m.tgz", "", False),
    ],
)
def test_a_guide_that_stops_services_for_its_backup_says_so(script: str, body: str, *, stops: bool) -> None:
    assert Step(Path("guide.md"), 1, script, "backup", body).stops_services is stops


def test_archives_are_found_wherever_the_operator_has_them(tmp_path: Path) -> None:
    names = ["a.tgz", "b.tar", "backups/c.tar.gz", "outside/d.tar.zst", "e.txt", "f.tart", "tar"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert sorted(path.name for path in archives_in(tmp_path)) == ["a.tgz", "b.tar", "c.tar.gz", "d.tar.zst"]
