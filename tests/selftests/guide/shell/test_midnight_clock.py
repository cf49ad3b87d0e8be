"""The clock shows the evening of a day until docker is called, and the next morning from then on."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.guide.shell.midnight_clock import MidnightClock, at_midnight
from media_guarantees.system import commands

Type = Callable[[str], str]


@pytest.fixture(name="programs")
def _programs(programs: Programs) -> Programs:
    programs.add("docker", 'echo "docker was given $# words: $*"; exit 7')
    return programs


@pytest.fixture(name="clock")
def _clock(programs: Programs, tmp_path: Path) -> MidnightClock:
    folder = tmp_path / "a clock's folder"
    folder.mkdir()
    return at_midnight(folder, date(2026, 12, 31), path=programs.path)


@pytest.fixture(name="typed")
def _typed(clock: MidnightClock) -> Type:
    def typed(script: str) -> str:
        return commands.run(["bash", "-c", script], env={**os.environ, **clock.environment}).text

    return typed


def test_before_docker_is_called_it_is_the_evening(typed: Type) -> None:
    assert typed("date '+%Y%m%d %T'") == "20261231 23:59:59"


def test_from_docker_on_it_is_the_next_morning_of_the_next_year(typed: Type) -> None:
    assert typed("docker > /dev/null; date '+%Y%m%d %T'") == "20270101 00:00:01"


def test_a_name_worked_out_before_the_work_bears_the_day(typed: Type) -> None:
    assert typed("docker run media_backup_$(date +%Y%m%d)") == "docker was given 2 words: run media_backup_20261231"


def test_asking_for_a_volume_is_over_before_midnight(typed: Type) -> None:
    assert typed("docker volume inspect media > /dev/null; date '+%Y%m%d %T'") == "20261231 23:59:59"
    assert typed("docker volume rm media > /dev/null; date '+%Y%m%d %T'") == "20270101 00:00:01"


@pytest.mark.parametrize("before", ["compose stop web", "compose -f a.yml down", "stop web", "compose ps -q web"])
def test_what_is_done_before_the_work_is_over_before_midnight(typed: Type, before: str) -> None:
    assert typed(f"docker {before} > /dev/null; date '+%Y%m%d %T'") == "20261231 23:59:59"
    assert typed("docker compose exec web ps > /dev/null; date '+%Y%m%d %T'") == "20270101 00:00:01"


def test_docker_is_still_docker(typed: Type, programs: Programs) -> None:
    assert typed("docker run 'two words' ''; echo $?").splitlines() == ["docker was given 3 words: run two words ", "7"]
    assert programs.calls("docker") == ["run two words "]


def test_a_clock_that_was_not_read_says_so(clock: MidnightClock, typed: Type) -> None:
    typed("docker run")

    assert not clock.was_read


def test_a_clock_that_was_read_says_so(clock: MidnightClock, typed: Type) -> None:
    typed("date +%Y%m%d")

    assert clock.was_read


def test_the_clock_is_for_the_operators_eyes_alone(clock: MidnightClock, tmp_path: Path) -> None:
    programs = list((tmp_path / "a clock's folder/bin").iterdir())

    assert sorted(program.name for program in programs) == ["date", "docker"]
    assert all(program.stat().st_mode & 0o077 == 0 for program in programs)
    assert set(clock.environment) == {"PATH"}, "nothing but the PATH changes for the operator"
