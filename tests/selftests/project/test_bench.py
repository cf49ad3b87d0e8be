"""How the bench computes and prints its figures. The measurements themselves need an engine."""

import json
import math
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from bench import whole
from bench.archive import planted, programs
from bench.growth import CHECK, MANIFEST, Point, exponent
from bench.programs import BenchFailed, Cost, cost
from bench.results import Machine, results, table
from bench.scenarios import COMPOSE_FILE, FLOOR, IMAGE, SUITE, Measured, Scenarios, twelve, with_image
from bench.whole import Whole
from media_guarantees.media.sample_pictures import KINDS

MACHINE = Machine(2, "3.12.1", "Debian GNU/Linux 12 (bookworm)", "20.10.24", "2.40.3")
SCENARIOS = Scenarios((Measured(FLOOR, (2.0, 4.0, 3.0)), Measured(SUITE, (6.0, 6.0, 9.0))), own_share=0.16, tried=True)


def a_point(task: str = MANIFEST, *, files: int, seconds: float) -> Point:
    return Point(task, "find | xargs sha256sum", files, Cost(seconds, seconds, 12.0), ours=False)


def a_page(run: Whole, scenarios: Scenarios = SCENARIOS) -> str:
    points = [a_point(task, files=files, seconds=files / 100) for task in (MANIFEST, CHECK) for files in (100, 1000)]
    day = date(2026, 1, 1)
    return results(MACHINE, scenarios, points, run, picture="results.svg", command="make bench", day=day)


def test_every_version_uploads_twelve_pictures_that_keep_their_names() -> None:
    pictures = twelve()

    assert len({(picture.kind, picture.name) for picture in pictures}) == len(pictures) == 12
    assert {picture.kind for picture in pictures} == set(KINDS)


def test_no_version_builds_an_image_while_it_is_timed() -> None:
    compose_file = with_image(COMPOSE_FILE.read_text())

    assert f"image: {IMAGE}\n" in compose_file
    assert "build:" not in compose_file


def test_a_compose_file_that_builds_differently_is_refused() -> None:
    with pytest.raises(BenchFailed, match=r"doesn't build \./service any more"):
        with_image("services: {}\n")


def test_a_version_takes_the_median_of_its_turns() -> None:
    assert SCENARIOS.measured[0].median == 3.0
    assert SCENARIOS.times(SUITE) == 2.0
    assert SCENARIOS.times(FLOOR, SUITE) == 0.5


@pytest.mark.parametrize(("seconds", "power"), [((1.0, 10.0), 1.0), ((1.0, 100.0), 2.0), ((3.0, 3.0), 0.0)])
def test_growth_is_the_power_of_the_number_of_files(seconds: tuple[float, float], power: float) -> None:
    points = [a_point(files=1000, seconds=seconds[1]), a_point(files=100, seconds=seconds[0])]

    assert exponent(points) == pytest.approx(power)


def test_one_size_alone_has_no_growth() -> None:
    assert math.isnan(exponent([a_point(files=100, seconds=1.0)]))


def test_a_cost_is_the_programs_own_and_not_that_of_its_parent() -> None:
    held = bytearray(200 << 20)
    held[::4096] = b"x" * len(held[::4096])

    seen = cost((sys.executable, "-I", "-S", "-c", "sum(range(1000000))"))

    assert 0 < seen.processor < 60
    assert seen.seconds > 0
    assert 1 < seen.memory < 100


def test_a_program_that_fails_has_no_cost() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        cost(("false",))


def test_every_program_reads_the_same_archive_and_accepts_it(tmp_path: Path) -> None:
    with planted(6, 6000, tmp_path) as where:
        costs = {name: cost(command) for name, command in programs(where).items()}

    assert len(costs) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_whole_run_is_compared_with_its_commands_requests_and_waits(tmp_path: Path) -> None:
    events = [
        {"kind": "command", "what": "docker ps", "start": 100.0, "seconds": 2.0, "status": 0},
        {"kind": "guide", "what": "docker run", "start": 101.0, "seconds": 3.0, "status": 0},
        {"kind": "request", "what": "GET /healthz", "start": 103.0, "seconds": 0.5, "status": 200},
    ]
    evidence = {"seconds": 5.0, "command_seconds": 4.0, "guarantees": [{"verdict": "proved"}, {"verdict": "unproven"}]}
    (tmp_path / "guarantees.json").write_text(json.dumps(evidence))
    (tmp_path / "commands.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))

    run = whole.read(tmp_path)

    assert (run.seconds, run.floor, run.times, run.proved) == (5.0, 4.0, 1.25, 1)
    assert run.by_kind == {"commands": 4.0, "requests to the platform and the engine": 0.5, "waits": 0.0}


def test_a_run_that_proved_nothing_is_not_measured(tmp_path: Path) -> None:
    evidence = {"seconds": 5.0, "command_seconds": 4.0, "guarantees": [{"verdict": "unproven"}]}
    (tmp_path / "guarantees.json").write_text(json.dumps(evidence))

    with pytest.raises(BenchFailed, match="none was proved"):
        whole.read(tmp_path)


@pytest.mark.parametrize(("seconds", "verdict"), [(114.0, "reached"), (116.0, "missed")])
def test_the_page_says_whether_the_goal_is_reached(seconds: float, verdict: str) -> None:
    page = a_page(Whole(seconds, 100.0, {"commands": 90.0}, proved=32))

    assert f"the goal of 1.15 is {verdict}" in " ".join(page.split())


def test_the_page_has_every_figure_and_no_line_too_long() -> None:
    page = a_page(Whole(114.0, 100.0, {"commands": 90.0}, proved=32))

    assert "| this suite | 6.00 | 6.00 to 9.00 | 2.00 |" in page
    assert "| commands | 90.0 | 79% |" in page
    assert r"| find \| xargs sha256sum | 1.00 | 10.00 | 1.00 | 12 |" in page
    assert "![seconds by number of files](results.svg)" in page
    assert max(map(len, page.splitlines())) <= 120


def test_a_quick_run_does_not_say_that_the_versions_were_tried() -> None:
    run = Whole(114.0, 100.0, {"commands": 90.0}, proved=32)
    untried = Scenarios(SCENARIOS.measured, own_share=0.16, tried=False)

    assert "Each had to notice" in a_page(run)
    assert "Each had to notice" not in a_page(run, untried)


def test_numbers_are_aligned_to_the_right() -> None:
    assert table(("what", "how much"), [("a|b", "1")]).splitlines() == [
        "| what | how much |",
        "|---|---:|",
        r"| a\|b | 1 |",
    ]
