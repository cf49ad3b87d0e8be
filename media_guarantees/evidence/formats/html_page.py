"""``guarantees.html``: the evidence as one page that opens from a disk, requests nothing, and can be passed on.

Everything that a run saw is hostile until Jinja has escaped it: file names and logs come from anyone who uploads. The
page's own policy (CSP, level 3) lets nothing run or load but the one style and the one script whose hashes it names.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_guarantees.core.escaping import printable, shortened
from media_guarantees.core.journal import Event
from media_guarantees.core.verdict import BROKEN, MARKS, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import Guarantee
from media_guarantees.evidence.catalogue_pt import CATALOGUE_PT, FAMILIES
from media_guarantees.evidence.judgement import Judgement, TestRecord
from media_guarantees.evidence.run_summary import RunFacts, counts, explain, parts_of
from media_guarantees.evidence.timeline import LANES, draw

if TYPE_CHECKING:
    from jinja2 import Environment

WEB = Path(__file__).with_name("web")
COMMANDS_SHOWN = 60  # of one guarantee; all of them are in commands.jsonl
TYPED = ("guide", "command")  # kinds of events that a person could type
_COMMAND_LENGTH = 2_000
# Logs and differences of all guarantees together: the page is to stay below 1 MB, and the files beside it hold all.
_ATTACHED = 300_000
_DIFFERENCE = re.compile(r"  (?P<aspect>\w+) +(?P<path>'(?:[^'\\]|\\.)*'): (?P<words>.*)")
_PORTUGUESE = re.compile(r"[ãõçáéíóúâêô]", re.IGNORECASE)


@dataclass(frozen=True)
class Attachment:
    """The log and the differences of a test that did not pass."""

    test: TestRecord
    log: str
    differences: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Card:
    """A guarantee as the page shows it. `explained` are the parts of what its broken tests say, without the promise.

    `commands` were run by its own tests, or, if `from_same_file`, once by an earlier test of the same file.
    `event_counts` counts the other events by kind.
    """

    judgement: Judgement
    explained: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    commands: tuple[tuple[str, Event], ...]
    from_same_file: bool
    left_out: int
    event_counts: dict[str, int]
    attachments: tuple[Attachment, ...]

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.judgement.guarantee.identifier.partition(".")[0]


def as_html(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the whole page."""
    tests = list({test.nodeid: test for judgement in judgements for test in judgement.tests}.values())
    room = _ATTACHED // max(1, sum(bool(test.log or test.detail) for j in judgements for test in j.tests))
    cards = [_card(judgement, facts, tests, room) for judgement in judgements]
    verdicts = Counter(judgement.verdict for judgement in judgements)
    style, script = ((WEB / name).read_text("utf-8") for name in ("report.css", "report.js"))
    return (
        _environment()
        .get_template("report.html")
        .render(
            facts=facts,
            verdict=facts.verdict(judgements),
            counts=counts(judgements),
            verdicts={name: verdicts[name] for name in (BROKEN, UNPROVEN, PROVED)},
            total=len(judgements),
            families=[(FAMILIES.get(name, (name, name)), list(found)) for name, found in groupby(cards, _family)],
            timeline=draw(facts, tests),
            lanes=LANES,
            marks=MARKS,
            started=datetime.fromtimestamp(facts.started, timezone.utc).strftime("%Y-%m-%d %H:%M:%S"),
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _family(card: Card) -> str:
    return card.family


def _card(judgement: Judgement, facts: RunFacts, tests: Sequence[TestRecord], room: int) -> Card:
    events, from_same_file = _events(judgement, tests)
    commands = [event for event in events if event.kind in TYPED]
    return Card(
        judgement,
        explained=tuple(_explained(judgement, facts)),
        evidence=tuple(dict.fromkeys(line for test in judgement.tests for line in test.evidence)),
        commands=tuple((as_typed(event), event) for event in commands[:COMMANDS_SHOWN]),
        from_same_file=from_same_file,
        left_out=len(commands[COMMANDS_SHOWN:]),
        event_counts=dict(Counter(event.kind for event in events if event.kind not in TYPED)),
        attachments=tuple(_attachments(judgement.tests, room)),
    )


def _explained(judgement: Judgement, facts: RunFacts) -> Iterator[tuple[str, str]]:
    """Yield the parts of an explanation that have no other place on the page: what is promised and at stake has one.

    Where all differences are in a table, only the line that counts them is left.
    """
    counted = {test.detail.partition("\n")[0] for test in judgement.tests if test.detail}
    for name, text in parts_of(explain(judgement, facts.command)) if judgement.verdict == BROKEN else ():
        first = text.partition("\n")[0]
        if name != "promised" and text != judgement.guarantee.means:
            yield name, first if first in counted else text


def _events(judgement: Judgement, tests: Iterable[TestRecord]) -> tuple[list[Event], bool]:
    """What ran in a guarantee's tests; or, where they share what was done once, the guide's commands of their file."""
    own = [event for test in judgement.tests for event in test.events]
    if not judgement.guarantee.procedure or any(event.kind == "guide" for event in own):
        return own, False
    files = {test.nodeid.partition("::")[0] for test in judgement.tests}
    shared = [test for test in tests if test.nodeid.partition("::")[0] in files]
    done = [event for test in shared for event in test.events if event.kind == "guide"]
    return [*done, *own], bool(done)


def as_typed(event: Event) -> str:
    """Return a command as a person would type it: the guide's without the shell that it was handed to."""
    what = event.what
    if event.kind == "guide" and what.startswith("bash -c "):
        what = shlex.split(what)[2]
    return shortened(what, _COMMAND_LENGTH)


def _attachments(tests: Iterable[TestRecord], room: int) -> Iterator[Attachment]:
    """Yield the log and the differences of each test; a log that equals the one before is not shown twice."""
    said = ""
    for test in tests:
        if test.log or test.detail:
            log = "" if test.log == said else shortened(test.log, room // 2)
            said = test.log
            yield Attachment(test, log, tuple(map(_difference, shortened(test.detail, room // 2).splitlines())))


def _difference(line: str) -> tuple[str, ...]:
    """Split a line of `diff.describe` into aspect, path and change; return any other line as it is."""
    found = _DIFFERENCE.fullmatch(line)
    return (found["aspect"], found["path"], found["words"]) if found else (line,)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@functools.cache
def _environment() -> Environment:
    """The templates. Jinja is imported when there is something to write: a run begins sooner without it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    def safe_to_show(value: Any) -> Any:
        return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=FileSystemLoader(WEB),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=safe_to_show,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    both = Markup('<span class="en" lang="en">{}</span><span class="pt" lang="pt-BR">{}</span>')
    environment.globals["t"] = both.format
    environment.globals["title"] = lambda guarantee: both.format(guarantee.title, _translated(guarantee)[0])
    environment.globals["means"] = lambda guarantee: both.format(guarantee.means, _translated(guarantee)[1])
    environment.filters["language"] = lambda text: "pt-BR" if _PORTUGUESE.search(text) else "en"
    environment.filters["own"] = Markup  # our own files, and nothing that a run saw
    return environment


def _translated(guarantee: Guarantee) -> tuple[str, str]:
    return CATALOGUE_PT.get(guarantee.identifier, (guarantee.title, guarantee.means))
