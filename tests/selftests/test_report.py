"""The evidence is written in full, in the shape that other programs rely on, and in words that an operator can use."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.lib.guarantees import BY_ID
from fixtures.lib.guide import Sentence, read_guide
from fixtures.lib.journal import Event
from fixtures.lib.report import RunFacts, as_json, as_markdown, counts, explain, find_promise, point_latest, write
from fixtures.lib.verdicts import BROKEN, PROVED, UNPROVEN, Judgement, TestRecord

PROMISE = Sentence(Path("docs/guide.md"), 15, "Media persist when containers are recreated")
HELD = TestRecord("tests/x.py::test_held", ("persistence.recreate",), "passed", "call", 1.23456, evidence=["12 files"])
LOST = TestRecord(
    "tests/x.py::test_lost",
    ("persistence.recreate",),
    "failed",
    "call",
    0.5,
    message="seen: 3 files are missing\nmeans: they are lost\nnext: restore the last backup",
    asserted=True,
    evidence=["12 files", "container 3f2a became 91bc"],
)


def facts(**others: Any) -> RunFacts:
    engine = {"kind": "private", "version": "20.10.24", "compose": "2.40.3", "stand_ins": ["ubuntu"]}
    target = {"compose_files": ["docker-compose.yml"], "guide": "docs/guide.md", "service": "web-project"}
    return RunFacts(**{"engine": engine, "target": target, "started": 1_767_225_600.9, "seconds": 10.0, **others})


def judgement(
    verdict: str = PROVED,
    *tests: TestRecord,
    name: str = "persistence.recreate",
    reason: str = "",
    promise: Sentence | None = PROMISE,
) -> Judgement:
    return Judgement(BY_ID[name], verdict, reason, tests, promise)


def busy(*spans: tuple[float, float]) -> RunFacts:
    return facts(events=[Event("command", "docker ps", start, seconds) for start, seconds in spans])


def test_the_json_has_exactly_the_shape_that_other_programs_rely_on() -> None:
    run = busy((0, 2), (1, 3))

    assert as_json(run, [judgement(BROKEN, HELD, LOST)]) == {
        "verdict": "broken",
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


def test_an_unproven_guarantee_tells_why() -> None:
    (guarantee,) = as_json(facts(), [judgement(UNPROVEN, reason="no test of it ran")])["guarantees"]

    assert (guarantee["verdict"], guarantee["reason"]) == ("unproven", "no test of it ran")


@pytest.mark.parametrize(("beyond", "verdict"), [(False, "proved"), (True, "broken")])
def test_the_verdict_heeds_whether_what_goes_beyond_counts(beyond: bool, verdict: str) -> None:
    judgements = [judgement(), judgement(BROKEN, name="beyond.power_loss")]

    assert as_json(facts(beyond=beyond), judgements)["verdict"] == verdict


@pytest.mark.parametrize(
    ("spans", "own_share"),
    [([], 1.0), ([(0, 5)], 0.5), ([(0, 5), (1, 3)], 0.5), ([(0, 5), (5, 5)], 0.0), ([(0, 11)], 0.0)],
    ids=["idle", "half", "overlapping", "always", "more than the run"],
)
def test_the_suites_own_share_is_the_time_in_which_nothing_was_under_way(
    spans: list[tuple[float, float]], own_share: float
) -> None:
    assert busy(*spans).own_share == pytest.approx(own_share)


def test_a_run_that_took_no_time_has_no_share_in_it() -> None:
    assert facts(seconds=0.0).own_share == 0.0


def test_verdicts_are_counted_also_where_there_are_none() -> None:
    assert counts([judgement(), judgement(), judgement(UNPROVEN)]) == "2 proved, 0 broken, 1 unproven"


def test_a_broken_promise_tells_what_was_promised_seen_and_meant_and_what_to_type() -> None:
    assert explain(judgement(BROKEN, HELD, LOST)) == [
        "promised: guide.md, line 15: Media persist when containers are recreated",
        "seen: 3 files are missing",
        "means: they are lost",
        "next: restore the last backup",
        "again: make verify ARGS='tests/x.py::test_lost'",
    ]


def test_a_bare_assertion_gets_its_meaning_from_the_catalogue() -> None:
    bare = TestRecord("tests/x.py::test_bare", (), "failed", "call", 0.1, "12 != 11\nmore", asserted=True)

    assert explain(judgement(BROKEN, bare))[1:4] == [
        "seen: 12 != 11",
        "more",
        f"means: {BY_ID['persistence.recreate'].means}",
    ]


def test_what_several_tests_saw_alike_is_told_once() -> None:
    again = replace(LOST, nodeid="tests/x.py::test_again")

    assert explain(judgement(BROKEN, LOST, again)) == explain(judgement(BROKEN, LOST))


def test_it_is_run_again_as_it_was_run() -> None:
    run = facts(command="make verify ENGINE=shared")

    assert "again: make verify ENGINE=shared ARGS='tests/x.py::test_lost'" in as_markdown(
        run, [judgement(BROKEN, LOST)]
    )


def test_without_a_promise_in_the_guide_the_rest_is_told() -> None:
    assert explain(judgement(BROKEN, LOST, promise=None))[0] == "seen: 3 files are missing"


def test_tests_that_broke_nothing_are_not_held_against_it() -> None:
    crashed = TestRecord("tests/x.py::test_crashed", (), "failed", "call", 0.1, "ConnectionError")

    assert [line for line in explain(judgement(BROKEN, crashed, HELD)) if "promised" not in line] == []


def rows(markdown: str) -> list[str]:
    return [line for line in markdown.splitlines() if line.startswith("| ") and "`" in line]


def test_the_page_has_a_row_for_each_guarantee() -> None:
    page = as_markdown(
        facts(), [judgement(PROVED, HELD), judgement(UNPROVEN, name="beyond.power_loss", reason="no root")]
    )

    assert rows(page) == [
        "| ✓ | `persistence.recreate` Media survive containers made anew | proved | 1 | 12 files |",
        "| ? | `beyond.power_loss` What was acknowledged survives a power cut | unproven | 0 | no root |",
    ]


def test_the_page_begins_with_the_verdict_the_counts_and_the_engine() -> None:
    page = as_markdown(facts(), [judgement(BROKEN, LOST)])

    assert page.startswith("# Media guarantees: broken\n")
    assert "0 proved, 1 broken, 0 unproven; 10 s on a private engine 20.10.24." in page


def test_the_page_explains_every_broken_promise_and_no_other() -> None:
    page = as_markdown(facts(), [judgement(PROVED, HELD), judgement(BROKEN, LOST, name="backup.complete")])

    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Broken: The backup holds everything, and nothing else"
    ]
    assert "next: restore the last backup" in page


def test_what_was_seen_can_not_break_the_table() -> None:
    odd = TestRecord("x", (), "passed", "call", 0.1, evidence=["a|b\nc"])

    (row,) = rows(as_markdown(facts(), [judgement(PROVED, odd)]))

    assert row.endswith(r"| 1 | a\|b c |")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Name the folder of a run that has not begun to write."""
    return tmp_path / "reports" / "20260101-000000"


def test_the_folder_holds_the_verdicts_for_programs_and_for_people(folder: Path) -> None:
    run, judgements = facts(), [judgement(PROVED, HELD)]

    write(folder, run, judgements)

    assert json.loads((folder / "guarantees.json").read_text("utf-8")) == as_json(run, judgements)
    assert (folder / "guarantees.md").read_text("utf-8") == as_markdown(run, judgements)


def test_every_command_is_a_line_of_json(folder: Path) -> None:
    events = [Event("command", "docker ps", 5.0, 0.25, 0), Event("wait", "a\nb", 6.0, 1.0, "DeadlineExceeded")]

    write(folder, facts(events=events), [])

    assert [json.loads(line) for line in (folder / "commands.jsonl").read_text().splitlines()] == [
        {"kind": "command", "what": "docker ps", "start": 5.0, "seconds": 0.25, "status": 0},
        {"kind": "wait", "what": "a\nb", "start": 6.0, "seconds": 1.0, "status": "DeadlineExceeded"},
    ]


WRITE_SOMETHING = """\
import sys
from pathlib import Path
from fixtures.lib.report import RunFacts, write
from fixtures.lib.verdicts import judge

write(Path(sys.argv[1]), RunFacts({"kind": "n\\xe3o", "version": ""}, {}, 0.0), judge([], {}))
"""


def test_evidence_in_any_language_is_written_in_any_locale(folder: Path) -> None:
    environment = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(Path(__file__).parents[2])}

    subprocess.run([sys.executable, "-X", "utf8=0", "-c", WRITE_SOMETHING, folder], env=environment, check=True)

    assert json.loads((folder / "guarantees.json").read_text("utf-8"))["engine"]["kind"] == "não"


def test_bytes_that_are_no_text_do_not_lose_the_evidence(folder: Path) -> None:
    name = b"\xff.jpg".decode(errors="surrogateescape")  # what a file's name may be, from a system call
    seen = TestRecord("x", (), "failed", "call", 0.1, f"no {name}", asserted=True, evidence=[name])

    write(folder, facts(events=[Event("command", name)]), [judgement(BROKEN, seen)])

    written = json.loads((folder / "guarantees.json").read_text("utf-8"))
    assert written["guarantees"][0]["evidence"] == [name]
    assert r"\udcff.jpg" in (folder / "guarantees.md").read_text("utf-8")


def test_latest_points_at_the_newest_run(folder: Path) -> None:
    newer = folder.with_name("20260102-000000")
    write(folder, facts(), [])
    write(newer, facts(), [])

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


def test_what_a_killed_run_left_of_the_link_is_no_hindrance(folder: Path) -> None:
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
