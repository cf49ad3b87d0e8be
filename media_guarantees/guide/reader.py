"""The storage guide: its commands, as they are printed, and its promises, as they are worded.

Where a command stands, what heading is above it and which language the guide is in don't matter: a procedure
is known by what its command does. `formats` reads Markdown, reStructuredText and AsciiDoc; a script is a guide too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from media_guarantees.guide.formats.document import Block, Passage, Sentence, placed
from media_guarantees.guide.formats.markdown_text import read_markdown
from media_guarantees.guide.other_machines import Aside
from media_guarantees.guide.parsing.not_typed import why_not_typed
from media_guarantees.guide.sequences import HEADINGS, MEDIA_WORDS, read_procedures, speaks_of
from media_guarantees.guide.steps import COPIES, PROCEDURES, GuideError, Step

__all__ = [
    "Guide",
    "GuideError",
    "GuideUnreadable",
    "Sentence",
    "Step",
    "StepAmbiguous",
    "StepMissing",
    "guide_files",
    "read_guide",
]

_DELETION = re.compile(r"delet|remov|reset|wipe|apaga|exclu|zera|limpa|borra|elimin|supprim|l[öo]sch", re.IGNORECASE)
# Volumes of what isn't media: of a database, a cache, a search engine, a proxy.
_NO_MEDIA = re.compile(
    r"postgres|(?:^|[_-])(?:pg|db|sql)|pgdata|database|mysql|maria|mongo|redis|valkey|cache|elastic|opensearch|meili"
    r"|solr|rabbit|caddy|traefik|letsencrypt|certs?\b|prometheus|grafana|static",
    re.IGNORECASE,
)
_Reader = Callable[[str, Path], Iterator[Passage | Block]]


class GuideUnreadable(GuideError):  # noqa: N818 - the three are named for what is wrong
    """There is no text to read: no such file, not a file, not UTF-8, no permission."""


class StepMissing(GuideError):  # noqa: N818
    """The guide prints no command for a procedure."""


class StepAmbiguous(GuideError):  # noqa: N818
    """The guide prints different commands for one procedure, and doesn't say which is meant."""


@dataclass(frozen=True)
class Guide:
    """A storage guide that has been read; every line number counts from 1. `source` is its first file.

    `asides` are procedures that it prints for other machines.
    """

    source: Path
    steps: tuple[Step, ...]
    passages: tuple[Passage, ...]
    media: frozenset[str] = frozenset()
    asides: tuple[Aside, ...] = ()

    def about(self, media: Iterable[str], names: Mapping[str, str] | None = None) -> Guide:
        """Return the guide for media that are called so: by the name of a volume, a service or a container.

        `names` gives what its reader puts in place of a name of theirs: the "project" in `<project>_media`, and the
        "volume".
        """
        known = frozenset(media)
        return replace(self, media=known, steps=tuple(step.about(known, names or {}) for step in self.steps))

    def step(self, procedure: str) -> Step:
        """Give the command for one of the `PROCEDURES`: "migrate", "backup", "restore" and so on.

        Where there are several, those that work on the media are the ones that are meant; of these, those under a
        heading that speaks of the procedure; and of these, the first of several that the guide offers in place of each
        other. Where no backup and no restore works on the media, it is the first: what a reader of the guide would take
        for it.

        Raises:
            KeyError: there is no such procedure.
            StepMissing: the guide prints none.
            StepAmbiguous: it prints several that differ.
        """
        looked_for = PROCEDURES[procedure]
        found = [step for step in self.steps if step.procedure == procedure]
        if not found:
            raise StepMissing(
                f"{self.source}: no {procedure} command. Looked in every code block for {looked_for}."
                + self._nearest_heading(procedure)
                + self._elsewhere(procedure)
            )
        found = self._on_media([step for step in found if not self._is_deletion(step)])
        if not found:
            raise StepMissing(
                f"{self.source}: no {procedure} command for {', '.join(sorted(self.media))}, only for others"
            )
        found = self._under_its_heading(found) or found
        found = sorted(self._for_the_backup(found), key=lambda step: step.is_instead)
        other = next((step for step in found[1:] if not _is_variant(found[0], step)), None)
        if other:
            raise StepAmbiguous(
                f"{self.source}: two different {procedure} commands, and no telling which is meant: "
                f"line {found[0].line}: {found[0].script}; line {other.line}: {other.script}"
            )
        return found[0]

    def promise(self, pattern: str | re.Pattern[str]) -> Sentence | None:
        """Quote the first sentence of the prose (never of the code) in which a pattern is found, or None.

        Markup is left out and wrapped lines are joined before searching. A list item is quoted whole. Upper
        and lower case are the same to a pattern that is given as text.
        """
        wanted = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
        found = ((passage, wanted.search(passage.text)) for passage in self.passages)
        return next((passage.quote(match) for passage, match in found if match), None)

    def _on_media(self, found: list[Step]) -> list[Step]:
        """Leave out what works on something else than the media, where they have a name here.

        What only its heading says is a copy counts where there is nothing else. A copy of another volume is what a
        reader takes for that of the media, before anything that can't be typed here or that speaks of no media; that
        of a database's volume is not.
        """
        known = [step for step in found if step.kind != "effect"]
        proposed = [step for step in found if step.kind == "effect"]
        if not self.media or not found:
            return known or proposed
        on = {answer: [step for step in known if step.touches(self.media) is answer] for answer in (True, None, False)}
        if found[0].procedure not in COPIES:
            return on[True] or on[None] or proposed
        unclear = [step for step in on[None] if not why_not_typed(step.script)]
        of_media = [step for step in proposed if _speaks_of_media(step)]
        others = [step for step in on[False] if not _NO_MEDIA.search(" ".join(source for source, _ in step.volumes))]
        return on[True] or unclear or of_media or others[:1] or proposed or on[None] or on[False][:1]

    def _for_the_backup(self, found: list[Step]) -> list[Step]:
        """Of several restores, leave those that read the kind of copy that the backup makes."""
        if found[0].procedure != "restore" or len(found) < 2:
            return found
        try:
            backup = self.step("backup")
        except GuideError:
            return found
        return [step for step in found if step.kind == backup.kind] or found

    def _under_its_heading(self, found: list[Step]) -> list[Step]:
        procedure = found[0].procedure
        nearest = [step for step in found if re.search(HEADINGS[procedure], "".join(step.headings[-1:]), re.IGNORECASE)]
        return nearest or [step for step in found if speaks_of(procedure, step.headings)]

    def _is_deletion(self, step: Step) -> bool:
        """Whether it is printed to delete the media, and does: that is no restart, though it stops and starts."""
        return step.removes_volumes and bool(_DELETION.search("".join(step.headings[-1:])))

    def _nearest_heading(self, procedure: str) -> str:
        words = re.compile(HEADINGS[procedure], re.IGNORECASE)
        headings = (passage for passage in self.passages if passage.kind == "heading")
        nearest = next((heading for heading in headings if words.search(heading.text)), None)
        return f' The nearest heading is "{nearest.text}", line {nearest.line}.' if nearest else ""

    def _elsewhere(self, procedure: str) -> str:
        found = next((aside for aside in self.asides if aside.procedure == procedure), None)
        return f" Line {found.line} is for {found.machine}, which is not what runs here." if found else ""


def _speaks_of_media(step: Step) -> bool:
    return bool(re.search(MEDIA_WORDS, "".join(step.headings[-1:]), re.IGNORECASE))


def _is_variant(first: Step, other: Step) -> bool:
    """Whether a step is another way to the same: the guide says so, or it differs in the syntax of Compose alone."""
    same = first.script.replace("docker-compose", "docker compose") == other.script.replace(
        "docker-compose", "docker compose"
    )
    return same or other.is_instead or bool(first.label and other.label and first.headings == other.headings)


def guide_files(path: Path) -> tuple[Path, ...]:
    """Return the files that a guide consists of: one, or several with a colon between them, as in `a.md:b.md`."""
    names = str(path).split(os.pathsep)
    return (path,) if len(names) < 2 or path.exists() else tuple(Path(name) for name in names if name)


def read_guide(path: Path, folder: Path | None = None) -> Guide:
    """Read a guide. `folder` is where its reader stands, and where the scripts are that it runs.

    Raises:
        GuideUnreadable: the path is no readable file of UTF-8 text.
    """
    files = guide_files(path)
    documents = [_read_document(file) for file in files]
    found: list[Step | Aside] = []
    for document in documents:
        found += read_procedures([part for part in document if isinstance(part, Block)], folder)
    return Guide(
        files[0],
        tuple(step for step in found if isinstance(step, Step)),
        tuple(part for document in documents for part in document if isinstance(part, Passage)),
        asides=tuple(aside for aside in found if isinstance(aside, Aside)),
    )


def _read_document(path: Path) -> Sequence[Passage | Block]:
    text = _read_text(path)
    return tuple(placed(_FORMATS.get(path.suffix.lower(), read_markdown)(text, path)))


def _read_script(text: str, source: Path) -> Iterator[Passage | Block]:
    yield Block(source, 1, text, "sh")


def _read_rst(text: str, source: Path) -> Iterator[Passage | Block]:
    from media_guarantees.guide.formats.restructured_text import read_restructured_text  # noqa: PLC0415 - 0.1 s

    return read_restructured_text(text, source)


def _read_adoc(text: str, source: Path) -> Iterator[Passage | Block]:
    from media_guarantees.guide.formats.asciidoc_text import read_asciidoc  # noqa: PLC0415 - its patterns take 0.01 s

    return read_asciidoc(text, source)


_FORMATS: Mapping[str, _Reader] = {
    ".sh": _read_script, ".bash": _read_script, ".rst": _read_rst, ".rest": _read_rst,
    ".adoc": _read_adoc, ".asciidoc": _read_adoc, ".asc": _read_adoc,
}  # fmt: skip


def _read_text(path: Path) -> str:
    try:
        if not path.is_file():  # asked first: opening a pipe would wait for ever
            seen = "is a directory" if path.is_dir() else "is no regular file" if path.exists() else "is missing"
            raise _unreadable(path, seen)
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text or not text.strip():
            raise _unreadable(path, "holds binary data" if text.strip() else "is empty")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"is not UTF-8 text, as line {line} shows ({error.reason})") from error
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        raise _unreadable(path, f"can't be read: {error}") from error
    return text


def _unreadable(path: Path, seen: str) -> GuideUnreadable:
    return GuideUnreadable(
        f"GUIDE=… should name a storage guide, but {str(path)!r} {seen}\n"
        "  means: without a guide there is no promise that could be tested\n"
        "  hint: name a Markdown file: make verify GUIDE=docs/storage.md"
    )
