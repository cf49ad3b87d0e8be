"""Commands that can delete a media volume in one word, found in the text of a guide, a script or a workflow.

Nothing is run. A command is *certain* to delete the media if it would do so whenever it is run as it is written. It is
*intended* where the heading, the comment, the target or the file name around it says that it deletes, resets or tests.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_INTENT = re.compile(
    r"delet|remov|eras|reset|wip(?:e|ing)|destroy|clean|purge|nuke|tear.?down|discard|uninstall|from.scratch|all.data"
    r"|\btests?\b|(?<![a-z])(?:ci|e2e|dev|demo|local)(?![a-z])|develop"
    r"|apag|exclu|limp|zera|descart|destru|redefin|elimin|desinstal|desenvolv|todos.os.dados",
    re.IGNORECASE,
)
_LIVE = re.compile(r"deploy|prod|release|\bssh\b|DOCKER_HOST|--context|implanta|publica", re.IGNORECASE)
_SCRIPTS = {".sh", ".bash", ".mk", ".yml", ".yaml", ".service", ".cron"}
_SCRIPT_NAMES = {"makefile", "gnumakefile", "justfile", "jenkinsfile", "crontab", "procfile", ".env"}
_NOT_THEIRS = {".git", "node_modules", ".venv", "venv", "vendor", "__pycache__", ".cache", "media", "backups"}
_MOST_FILES, _MOST_NAMES, _DEEPEST, _LARGEST = 2000, 50_000, 4, 256 * 1024
# Of a shell, a makefile, a crontab or the `env` of a workflow: it counts for the commands below it.
_PROJECT = re.compile(
    r"\s*(?:export\s+)?COMPOSE_PROJECT_NAME\s*(?::|[:?]?=)\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*(?:#.*|;)?$"
)
_SEPARATOR = re.compile(r"\|\||&&|[;|&]|\$\(|`|\)")
_WITH_VALUE = {
    "-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory", "--ansi", "--progress",
    "--parallel", "-c", "--context", "-H", "--host", "-l", "--log-level",
}  # fmt: skip


@dataclass(frozen=True)
class MediaVolume:
    """The live volume as far as commands can harm it.

    `project` is the Compose project of the service. `external` is whether the compose file declares the volume so, and
    `diverges` whether the file describes another one than was made from it (None: no compose file is known).
    """

    name: str
    project: str
    engine: str
    files: frozenset[str] = frozenset()
    external: bool = False
    diverges: bool | None = None

    @property
    def prunes_named(self) -> bool:
        """Whether `prune` takes named volumes without being asked for all (engines before 23.0)."""
        major = self.engine.partition(".")[0]
        return major.isdecimal() and int(major) < 23


@dataclass(frozen=True)
class Danger:
    """A command that deletes volumes, and where it is written; `effect` completes "it …"."""

    file: Path
    line: int
    command: str
    effect: str
    certain: bool
    intended: bool

    @property
    def is_accused(self) -> bool:
        """Whether the media are lost when the command is run as it is written."""
        return self.certain and not self.intended

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: `{self.command}` {self.effect}"


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    context: str


def search_folder(folder: Path, volume: MediaVolume) -> tuple[tuple[Danger, ...], int]:
    """Search the scripts, makefiles and workflows below `folder`; return what was found, and how many files were read.

    Symbolic links are not followed. At most 2000 files of at most 256 KiB are read, four folders deep; the folder may
    hold media as well.
    """
    files = [file for file, _ in zip(_scripts(folder), range(_MOST_FILES), strict=False)]
    found = [danger for file in files for danger in search_file(file, folder, volume)]
    return tuple(found), len(files)


def _scripts(folder: Path) -> Iterator[Path]:
    seen = 0
    for root, folders, names in os.walk(folder):
        seen += len(names)
        is_deep = len(Path(root).relative_to(folder).parts) >= _DEEPEST
        folders[:] = [] if is_deep or seen > _MOST_NAMES else sorted({*folders} - _NOT_THEIRS)
        for name in sorted(names):
            file = Path(root, name)
            is_script = file.suffix.lower() in _SCRIPTS or name.lower() in _SCRIPT_NAMES
            if is_script and file.is_file() and not file.is_symlink() and file.stat().st_size <= _LARGEST:
                yield file


def search_file(file: Path, folder: Path, volume: MediaVolume) -> list[Danger]:
    """Search one file; one that can't be read as text holds no commands."""
    try:
        text = file.read_text(encoding="utf-8")
        name = file.relative_to(folder) if file.is_relative_to(folder) else Path(file.name)
    except (OSError, UnicodeDecodeError):
        return []
    return search_text(name, text, volume)


def search_text(name: Path, text: str, volume: MediaVolume) -> list[Danger]:
    """Search the text of the file `name`, in the order in which its commands would run."""
    lines = _markdown_lines(text) if name.suffix.lower() in {".md", ".markdown"} else _script_lines(text)
    # A workflow runs on a machine of its own, with an engine of its own, unless it is about a live server.
    remote = _is_workflow(name) and not _LIVE.search(f"{name} {text}")
    found, is_down, project = [], False, ""
    for line in lines:
        if named := _PROJECT.match(line.text):
            project = named["name"]
        intended = bool(_INTENT.search(f"{' '.join(name.parts)} {line.context}"))
        for words in _commands(line.text):
            command = _Command(words, project)
            effect, certain = command.effect(volume, is_down=is_down)
            if effect:
                shown = shlex.join(words)
                found.append(Danger(name, line.number, shown, effect, certain and not remote, intended))
            is_down = command.takes_down or (is_down and not command.brings_up)
    return found


def _is_workflow(name: Path) -> bool:
    return name.suffix.lower() in {".yml", ".yaml"} or ".ci" in name.parts or name.name.lower() == "jenkinsfile"


def _markdown_lines(text: str) -> Iterator[_Line]:
    """Yield the lines of code blocks, with the headings and the paragraph above each."""
    headings: dict[int, str] = {}
    paragraph, fence = "", ""
    for line in _script_lines(text, comments=False):
        mark = re.match(r"\s*(```+|~~~+)", line.text)
        if mark and (not fence or line.text.strip().startswith(fence)):
            fence, paragraph = ("" if fence else mark[1]), ("" if fence else paragraph)
        elif fence:
            yield _Line(line.number, line.text, " ".join([*headings.values(), paragraph]))
        elif heading := re.match(r"(#+) (.*)", line.text):
            depth = len(heading[1])
            headings = {level: title for level, title in headings.items() if level < depth} | {depth: heading[2]}
            paragraph = ""
        elif line.text.strip():
            paragraph = f"{paragraph} {line.text}"[-600:]


def _script_lines(text: str, *, comments: bool = True) -> Iterator[_Line]:
    """Yield the lines of a script, joined where a backslash does, with the comment and the names above each."""
    comment = name = ""
    rest, begun = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        begun = begun or number
        if line.endswith("\\"):
            rest += line[:-1] + " "
            continue
        whole, at = rest + line, begun
        rest, begun = "", 0
        stripped = whole.strip()
        if comments and stripped.startswith("#"):
            comment = f"{comment} {stripped}"
            continue
        # A target of make, a job or a step of a workflow, a function.
        if named := re.match(r"[\w.-]+ *(?:\(\)|:(?!=))|\s*-? *name:.*|\s{2}[\w-]+:\s*$", whole):
            name = named.group() + whole.partition("##")[2]
        yield _Line(at, whole, f"{comment} {name} {stripped.partition(' #')[2]}")
        comment = "" if stripped else comment


def _commands(line: str) -> Iterator[list[str]]:
    """Yield the words of each call of Docker or Compose in a line."""
    for part in _SEPARATOR.split(line.partition(" #")[0]):
        try:
            words = shlex.split(part.strip().removeprefix("- ").removeprefix("run:"))
        except ValueError:  # a quote that ends on another line
            words = part.split()
        if words and words[0].lstrip("@-") in {"echo", "printf"}:
            continue
        project = [word for word in words if word.startswith("COMPOSE_PROJECT_NAME=")]
        for at, word in enumerate(words):
            if PurePosixPath(word).name.lstrip("@-") in {"docker", "docker-compose"}:
                yield [*project, *words[at:]]
                break


class _Command:
    """A call of Docker or Compose, taken apart. `project` is the one that the lines above it name, "" for none."""

    def __init__(self, words: list[str], project: str = "") -> None:
        self.project = project
        self.files: list[str] = []
        rest = list(words)
        while rest and rest[0].startswith("COMPOSE_PROJECT_NAME="):
            self.project = rest.pop(0).partition("=")[2]
        self.is_compose = PurePosixPath(rest.pop(0)).name.lstrip("@-") == "docker-compose"
        self._read_options(rest)
        if not self.is_compose and rest[:1] == ["compose"]:
            self.is_compose = True
            rest.pop(0)
            self._read_options(rest)
        self.verb, self.arguments = (rest[0], rest[1:]) if rest else ("", [])

    def _read_options(self, rest: list[str]) -> None:
        """Take the options in front of the verb away, and note the ones that name a project or a file."""
        while rest and rest[0].startswith("-"):
            option, equals, value = rest.pop(0).partition("=")
            if option in _WITH_VALUE and not equals:
                value = rest.pop(0) if rest else ""
            if option in ("-p", "--project-name"):
                self.project = value
            if option in ("-f", "--file"):
                self.files.append(PurePosixPath(value).name)

    def _has(self, *options: str) -> bool:
        """Whether an option is among the arguments; a letter may be one of several behind one hyphen."""
        letters = {option[1] for option in options if len(option) == 2}
        return any(
            word.partition("=")[0] in options or (re.fullmatch(r"-[a-zA-Z]+", word) and letters & {*word[1:]})
            for word in self.arguments
        )

    @property
    def takes_down(self) -> bool:
        """Whether no container uses the volume afterwards."""
        return self.is_compose and self.verb in {"down", "rm"}

    @property
    def brings_up(self) -> bool:
        """Whether a container uses the volume again."""
        return self.is_compose and self.verb in {"up", "create", "run", "start"}

    def is_about(self, volume: MediaVolume) -> bool:
        """Whether Compose is called for the project of the service, as far as the words tell."""
        other_project = self.project and self.project != volume.project
        other_files = self.files and volume.files and not volume.files & {*self.files}
        return not (other_project or other_files)

    def effect(self, volume: MediaVolume, *, is_down: bool) -> tuple[str, bool]:
        """Return what the command does to the volume, "" for nothing, and whether that is certain."""
        if self.is_compose:
            return self._effect_of_compose(volume)
        verb = (self.verb, *self.arguments[:1])
        if verb in (("volume", "rm"), ("volume", "remove")) and volume.name in self.arguments:
            return f"deletes {volume.name}", True
        takes_named = (verb == ("volume", "prune") and (self._has("-a", "--all") or volume.prunes_named)) or (
            verb == ("system", "prune") and self._has("--volumes") and volume.prunes_named
        )
        if takes_named:
            when = ", as nothing uses it after the `down` above" if is_down else " if nothing uses it at that moment"
            return f"deletes {volume.name}{when}", is_down
        return "", False

    def _effect_of_compose(self, volume: MediaVolume) -> tuple[str, bool]:
        about = self.is_about(volume)
        if self.verb == "down" and self._has("-v", "--volumes"):
            return f"deletes {volume.name}", about and not volume.external
        if self.verb in {"up", "create"} and self._has("-y", "--yes"):
            when = "" if volume.diverges else " once its labels, driver or options in the compose file change"
            return f"deletes {volume.name} and recreates it, without asking{when}", about and bool(volume.diverges)
        if self.verb in {"up", "create"} and self._starts_another_project(volume):
            return f"starts the project {self.project}, with an empty volume in place of {volume.name}", not self.files
        return "", False

    def _starts_another_project(self, volume: MediaVolume) -> bool:
        is_plain = re.fullmatch(r"[a-z0-9][a-z0-9_-]*", self.project)
        return bool(is_plain) and self.project != volume.project and volume.name.startswith(f"{volume.project}_")
