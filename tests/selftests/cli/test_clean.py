"""`clean` removes everything that the project created and nothing else, and never during a run."""

from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.cli import clean
from media_guarantees.engine.engine_slot import Slot
from media_guarantees.system import folder_lock
from media_guarantees.system.run_id import this_run

STARTED = this_run(shared=False).identifier
ENDED = f"{STARTED}0"  # the same process number, but another start


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout with leftovers of earlier runs."""
    root = tmp_path / "checkout"
    compiled = ("media_guarantees/core/__pycache__", "fixtures/__pycache__", "tools/__pycache__")
    for folder in (".cache/runs", ".venv/bin", "reports", "service", "tests", ".git", *compiled):
        (root / folder).mkdir(parents=True)
    (root / "fixtures/stack.py").touch()
    monkeypatch.setattr(clean, "ROOT", root)
    monkeypatch.setattr(clean, "CACHE", root / ".cache")
    return root


@pytest.fixture(name="programs", autouse=True)
def _programs(programs: Programs) -> Programs:
    """A machine on which no Docker engine answers."""
    programs.add("docker", "exit 1")
    return programs


def test_what_the_project_made_goes_and_what_it_is_made_of_stays(checkout: Path) -> None:
    assert clean.main([]) == 0

    assert sorted(str(path.relative_to(checkout)) for path in checkout.rglob("*")) == [
        ".git",
        "fixtures",
        "fixtures/stack.py",
        "media_guarantees",
        "media_guarantees/core",
        "service",
        "tests",
        "tools",
    ]


def test_a_clean_checkout_can_be_cleaned(checkout: Path) -> None:
    clean.main([])

    assert clean.main([]) == 0
    assert (checkout / "fixtures/stack.py").exists()


def test_while_a_run_is_in_progress_nothing_is_touched(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_progress = checkout / ".cache/runs" / STARTED
    in_progress.mkdir()

    with folder_lock.taken(in_progress):
        assert clean.main([]) == 2

    assert f"a run is in progress: {STARTED}" in capsys.readouterr().err
    assert (checkout / "reports").exists()
    assert (checkout / ".venv").exists()


def test_a_run_that_is_over_does_not_prevent_cleaning(checkout: Path) -> None:
    (checkout / ".cache/runs" / ENDED).mkdir()

    assert clean.main([]) == 0
    assert not (checkout / ".cache").exists()


@pytest.mark.usefixtures("checkout")
def test_an_engine_that_does_not_answer_is_not_asked_any_further(programs: Programs) -> None:
    assert clean.main([]) == 0
    assert programs.calls("docker") == ["version"]


ENGINE = f"""\
case "$*" in
  "volume ls "*) echo media_volume; echo "mine {STARTED}"; echo "left {ENDED}";;
  "image ls "*"label=media-verify=image") echo sha256:00; echo sha256:00;;
esac
"""


@pytest.mark.usefixtures("checkout")
def test_stand_ins_and_leftovers_of_ended_runs_are_removed_from_an_engine(programs: Programs) -> None:
    programs.add("docker", ENGINE)

    clean.main([])

    assert [call for call in programs.calls("docker") if " ls " not in call and "-a" not in call] == [
        "version",
        "volume rm --force left",
        "image rm sha256:00",
    ]


def test_a_private_engines_leftovers_are_swept_before_what_knows_of_them_goes(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Path] = []
    slot = checkout / ".cache/engine/0"
    slot.mkdir(parents=True)
    monkeypatch.setattr(Slot, "recorded_folders", lambda slot: [slot.folder])
    monkeypatch.setattr(clean, "engine_tools", lambda _cache: "tools")
    monkeypatch.setattr(clean, "sweep", lambda cache, _tools: swept.extend(cache.glob("engine/*")))

    clean.main([])

    assert swept == [slot]
