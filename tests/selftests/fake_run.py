"""An invented run: facts and judgements for the formats of a report."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from media_guarantees.core.journal import Event, Step
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import BY_ID, CATALOGUE
from media_guarantees.evidence.judgement import Judgement, TestRecord
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.evidence.thumbnails import Pair
from media_guarantees.guide.reader import Sentence

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
    """Return the facts of a run of ten seconds."""
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
    """Judge a guarantee by these tests."""
    return Judgement(BY_ID[name], verdict, reason, tests, promise)


def busy(*spans: tuple[float, float]) -> RunFacts:
    """Return the facts of a run in which commands ran: pairs of a start and a length, in seconds."""
    return facts(events=[Event("command", "docker ps", start, seconds) for start, seconds in spans])


PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
# Possible file names and log lines: each would do harm if it were not escaped.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; --><svg/onload=alert(1)>",
    "</script></style></title></pre>",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
    "]]> &amp; &#x3c;",
    "a|b\nc",
    "``` @everyone ![x](http://example.org/x.png)",
    "::error file=x::y%0A",
    "\x1b[31mred\x1b[0m \x07\x00",
    "\u202egnp.exe",
    b"\xff\xfe.jpg".decode(errors="surrogateescape"),
)


def typical_run() -> tuple[RunFacts, list[Judgement]]:
    """Return a run of the whole catalogue with every verdict and everything that a report can show."""
    began = 1_767_225_600.0
    typed = Event("guide", "bash -c 'docker run --rm -v media_volume:/source ubuntu true'", began + 4, 1.5, 0)
    events = [Event("command", "docker-compose up --detach", began + 1, 2.0, 0), typed]
    events += [Event("request", f"GET /media/{n}.jpg", began + 3 + n / 100, 0.005, 200) for n in range(100)]
    steps = [
        Step("step", "engine: starting", began + 0.2, 0.0),
        Step("step", "event: the guide's backup", began + 4, 1.5),
    ]
    broken = replace(
        LOST,
        nodeid="tests/guarantees/test_backup.py::test_lost",
        started=began + 4,
        events=events,
        log="web-project-1  | worker died\n",
        detail="after archiving it: 1 missing\n  missing  'avatars/a.png': file, 1.2 kB",
        message="seen: after archiving it: 1 missing\n  missing  'avatars/a.png': file, 1.2 kB",
        pictures=(Pair("avatars/a.png", "missing", PICTURE, ""), Pair("avatars/b.png", "changed", PICTURE, PICTURE)),
    )
    judgements = []
    for number, guarantee in enumerate(CATALOGUE):
        if guarantee.identifier == "backup.complete":
            judgements.append(judgement(BROKEN, HELD, broken, name=guarantee.identifier))
        elif number % 5 == 4:
            judgements.append(judgement(UNPROVEN, name=guarantee.identifier, reason="no test of it ran", promise=None))
        else:
            test = replace(HELD, nodeid=f"tests/x.py::test_{number}", started=began + number / 4, events=events[:1])
            judgements.append(judgement(PROVED, test, name=guarantee.identifier))
    return facts(started=began, events=events, steps=steps), judgements


def hostile_run() -> tuple[RunFacts, list[Judgement]]:
    """Return a run in which every text is hostile."""
    everything = "\n".join(HOSTILE)
    event = Event("command", everything, 1_767_225_601.0, 0.5, 1)
    step = Step("step", f"event: {everything}", 1_767_225_601.0, 0.5, over=True)
    test = replace(
        LOST,
        nodeid=f"tests/x.py::test_lost[{HOSTILE[0]}]",
        message=f"seen: {everything}",
        evidence=list(HOSTILE),
        started=1_767_225_601.0,
        events=[event, replace(event, kind="guide")],
        log=everything,
        detail=f"after x: 1 missing\n  missing  '{HOSTILE[0]}': file, 1 byte\n{everything}",
    )
    promise = Sentence(Path(f"docs/{HOSTILE[0]}.md"), 15, everything)
    run = facts(events=[event], steps=[step], command=f"make verify GUIDE='{HOSTILE[0]}'")
    run.target["service"] = everything
    run.engine["stand_ins"] = list(HOSTILE)
    run.stopped = f"an internal error: {everything}"
    run.gaps = list(HOSTILE)
    return run, [
        judgement(BROKEN, test, promise=promise),
        judgement(UNPROVEN, name="backup.complete", reason=everything, promise=promise),
        judgement(PROVED, replace(HELD, evidence=list(HOSTILE)), name="volume.mounted", promise=promise),
    ]
