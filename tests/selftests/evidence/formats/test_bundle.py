"""The evidence is complete, in the format that other programs rely on, and readable for an operator."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake_run import HELD, LOST, PROMISE, busy, facts, judgement

from media_guarantees.core.journal import Event
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import BY_ID
from media_guarantees.evidence.formats.bundle import FILES, as_json, find_promise, point_latest, write, write_file
from media_guarantees.evidence.formats.html_page import as_html
from media_guarantees.evidence.formats.junit import as_junit
from media_guarantees.evidence.formats.markdown import as_markdown
from media_guarantees.evidence.formats.tap import as_tap
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import TestRecord
from media_guarantees.guide.reader import Sentence, read_guide


def test_the_json_has_exactly_the_shape_that_other_programs_rely_on() -> None:
    run = busy((0, 2), (1, 3))

    assert as_json(run, [judgement(BROKEN, HELD, LOST)]) == {
        "verdict": "broken",
        "complete": True,
        "reason": "",
        "not_run": 0,
        "gaps": [],
        "engine": {"kind": "private", "version": "20.10.24", "compose": "2.40.3", "stand_ins": ["ubuntu"]},
        "target": {"compose_files": ["docker-compose.yml"], "guide": "docs/guide.md", "service": "web-project"},
        "started": "2026-01-01T00:00:00Z",
        "seconds": 10.0,
        "command_seconds": 4.0,
        "guarantees": [
            {
                "id": "persistence.recreate",
                "title": BY_ID["persistence.recreate"].title,
                "verdict": "broken",
                "reason": "",
                "promise": {"file": "docs/guide.md", "line": 15, "text": PROMISE.text},
                "tests": [
                    {
                        "nodeid": "tests/x.py::test_held",
                        "outcome": "passed",
                        "phase": "call",
                        "seconds": 1.235,
                        "message": "",
                    },
                    {
                        "nodeid": "tests/x.py::test_lost",
                        "outcome": "failed",
                        "phase": "call",
                        "seconds": 0.5,
                        "message": LOST.message,
                    },
                ],
                "evidence": ["12 files", "container 3f2a became 91bc"],
            }
        ],
    }


def test_a_promise_that_the_guide_does_not_make_is_null() -> None:
    (guarantee,) = as_json(facts(), [judgement(promise=None)])["guarantees"]

    assert guarantee["promise"] is None


def test_an_unproven_guarantee_says_why() -> None:
    (guarantee,) = as_json(facts(), [judgement(UNPROVEN, reason="no test of it ran")])["guarantees"]

    assert (guarantee["verdict"], guarantee["reason"]) == ("unproven", "no test of it ran")


@pytest.mark.parametrize(("beyond", "verdict"), [(False, "proved"), (True, "broken")])
def test_the_verdict_heeds_whether_what_goes_beyond_counts(beyond: bool, verdict: str) -> None:
    judgements = [judgement(), judgement(BROKEN, name="beyond.power_loss")]

    assert as_json(facts(beyond=beyond), judgements)["verdict"] == verdict


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return the path of a run's folder that does not exist yet."""
    return tmp_path / "reports" / "20260101-000000"


def test_the_folder_holds_the_verdicts_for_programs_and_for_people(folder: Path) -> None:
    run, judgements = facts(), [judgement(PROVED, HELD)]

    write(folder, run, judgements, Gaps())

    assert json.loads((folder / "guarantees.json").read_text("utf-8")) == as_json(run, judgements)
    assert (folder / "guarantees.md").read_text("utf-8") == as_markdown(run, judgements)
    assert (folder / "guarantees.html").read_text("utf-8") == as_html(run, judgements)
    assert (folder / "guarantees.junit.xml").read_text("utf-8") == as_junit(run, judgements)
    assert (folder / "guarantees.tap").read_text("utf-8") == as_tap(run, judgements)


def a_bug(*_: object) -> str:
    raise KeyError("a bug")


@pytest.mark.parametrize("name", FILES)
def test_a_form_that_can_not_be_made_leaves_the_others_as_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    gaps = Gaps()
    monkeypatch.setitem(FILES, name, a_bug)

    write(folder, facts(), [judgement(PROVED, HELD)], gaps)

    assert {file.name for file in folder.iterdir()} == {*FILES} - {name}
    assert gaps.lines == [f"{name} could not be written: KeyError: 'a bug'"]


def test_the_json_lists_what_could_not_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = Gaps()
    monkeypatch.setitem(FILES, "guarantees.html", a_bug)

    write(folder, facts(gaps=gaps.lines), [judgement()], gaps)

    written = json.loads((folder / "guarantees.json").read_text("utf-8"))
    assert written["gaps"] == ["guarantees.html could not be written: KeyError: 'a bug'"]


def test_a_folder_that_is_gone_is_made_again(folder: Path) -> None:
    write_file(folder / "logs" / "x.log", "log")

    assert (folder / "logs" / "x.log").read_text() == "log"


def test_a_folder_that_can_not_be_made_is_a_gap(folder: Path) -> None:
    folder.parent.write_text("a file in the way")
    gaps = Gaps()

    write(folder, facts(), [judgement()], gaps)

    assert "guarantees.json could not be written: Not a directory" in gaps.lines


def test_all_users_can_read_reports(folder: Path) -> None:
    write(folder, facts(), [judgement()], Gaps())

    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o644}


def test_every_command_is_a_line_of_json(folder: Path) -> None:
    events = [Event("command", "docker ps", 5.0, 0.25, 0), Event("wait", "a\nb", 6.0, 1.0, "DeadlineExceeded")]

    write(folder, facts(events=events), [], Gaps())

    assert [json.loads(line) for line in (folder / "commands.jsonl").read_text().splitlines()] == [
        {"kind": "command", "what": "docker ps", "start": 5.0, "seconds": 0.25, "status": 0},
        {"kind": "wait", "what": "a\nb", "start": 6.0, "seconds": 1.0, "status": "DeadlineExceeded"},
    ]


WRITE_SOMETHING = """\
import sys
from pathlib import Path
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.evidence.formats.bundle import write
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import judge

engine = {"kind": "n\\xe3o", "version": "", "compose": "", "stand_ins": []}
target = {"compose_files": [], "guide": "", "service": ""}
write(Path(sys.argv[1]), RunFacts(engine, target, 0.0), judge([], {}), Gaps())
"""


def test_evidence_in_any_language_is_written_in_any_locale(folder: Path) -> None:
    environment = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(Path(__file__).parents[4])}

    subprocess.run([sys.executable, "-X", "utf8=0", "-c", WRITE_SOMETHING, folder], env=environment, check=True)

    assert json.loads((folder / "guarantees.json").read_text("utf-8"))["engine"]["kind"] == "não"


def test_bytes_that_are_no_text_do_not_lose_the_evidence(folder: Path) -> None:
    name = b"\xff.jpg".decode(errors="surrogateescape")  # what a file's name may be, from a system call
    seen = TestRecord("x", (), "failed", "call", 0.1, f"no {name}", asserted=True, evidence=[name])

    write(folder, facts(events=[Event("command", name)]), [judgement(BROKEN, seen)], Gaps())

    written = json.loads((folder / "guarantees.json").read_text("utf-8"))
    assert written["guarantees"][0]["evidence"] == [name]
    assert r"\xff.jpg" in (folder / "guarantees.md").read_text("utf-8")


def test_latest_points_at_the_newest_run(folder: Path) -> None:
    newer = folder.with_name("20260102-000000")
    write(folder, facts(), [], Gaps())
    write(newer, facts(), [], Gaps())

    latest = folder.parent / "latest"
    assert latest.resolve() == newer.resolve()
    assert not latest.readlink().is_absolute(), "it must survive a move of the reports"
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name, newer.name, "latest"]


def test_latest_is_never_missing_in_between(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)
    point_latest(folder)
    newer = folder.with_name("20260102-000000")
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("interrupted"))

    with pytest.raises(pytest.fail.Exception, match="interrupted"):
        point_latest(newer)

    assert (folder.parent / "latest").resolve() == folder.resolve()


def test_the_link_is_made_despite_what_a_killed_run_left(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder.parent / f".latest-{folder.name}").symlink_to("nowhere")

    point_latest(folder)

    assert (folder.parent / "latest").resolve() == folder.resolve()


GUIDE = """# Media

Media persist when containers
are recreated.

```bash
docker-compose down && docker-compose up -d
```
"""


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("persistence.recreate", 3, "Media persist when containers are recreated."),
        ("persistence.down_up", 7, "docker-compose down && docker-compose up -d"),
    ],
)
def test_a_promise_is_found_where_it_is_written(tmp_path: Path, name: str, line: int, text: str) -> None:
    file = tmp_path / "guide.md"
    file.write_text(GUIDE)

    assert find_promise(BY_ID[name], read_guide(file)) == Sentence(file, line, text)


@pytest.mark.parametrize("name", ["volume.mounted", "backup.created", "beyond.power_loss"])
def test_what_the_guide_does_not_promise_is_none(tmp_path: Path, name: str) -> None:
    file = tmp_path / "guide.md"
    file.write_text(GUIDE)

    assert find_promise(BY_ID[name], read_guide(file)) is None


def test_a_guide_that_contradicts_itself_promises_nothing(tmp_path: Path) -> None:
    file = tmp_path / "guide.md"
    file.write_text(GUIDE.replace("```bash", "```bash\ndocker-compose restart web-project"))

    assert find_promise(BY_ID["troubleshooting.restart"], read_guide(file)) is None
