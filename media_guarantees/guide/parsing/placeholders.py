"""What a guide prints for its reader to replace: the name of an archive, a day, a name of the deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from media_guarantees.guide.parsing.shell_words import PLACEHOLDER

# A day in an example's name, which a person replaces without instructions: 2026-01-31, 31.01.2026, AAAAMMDD, and the
# time after it. `$(date -d yesterday +%F)` is an example too: that day's archive need not be there.
_YEAR = "(?:YYYY|AAAA|JJJJ)"
_TIME = r"(?:\d{2}[-_:.hH]?\d{2}(?:[-_:.mM]?\d{2})?[Zz]?|[Hh]{2}[-_:.]?[Mm]{2}(?:[-_:.]?[Ss]{2})?)"
_DAY = (
    r"(?<!\d)\d{4}([-_.]?)\d\d\1\d\d(?=\d{4}(?:\d\d)?(?!\d)|(?!\d))|(?<!\d)\d\d([-_.]?)\d\d\2\d{4}(?!\d)"
    r"|(?<!\d)1\d{9}(?!\d)"  # seconds since 1970
    rf"|{_YEAR}[-_.]?MM[-_.]?(?:DD|JJ|TT)|(?:DD|JJ|TT)[-_.]?MM[-_.]?{_YEAR}|[Xx]{{4,}}([-_][Xx]{{4,}})*"
    r"|(?:YYYY|AAAA|JJJJ|yyyy)[-_.]?mm[-_.]?dd"
)
_YESTERDAY = r"\$\(date [^()]*(?:-d|--date)[^()]*\)|`date [^`]*(?:-d|--date)[^`]*`"
# A name in capitals before an archive's ending: BACKUP_FILE.tar.gz, media_TIMESTAMP.tgz; or one that is "yours".
_CAPITALS = r"(?<![A-Za-z$\{])[A-Z][A-Z_-]{3,}(?=\.t)"
_YOURS = (
    r"(?<=[\s/\"'=])(?:your|my|some|seu|sua|tu|votre|dein|ihre?|the)[-_][\w-]*(?=\.t)"
    r"|(?<=[\s/\"'=])(?:(?:backup|archive)[-_]?)?(?:file-?_?name|nome[-_]d\w+[-_]\w+|nombre[-_]\w+|nom[-_]\w+)(?=\.t)"
)
_EXAMPLE = re.compile(rf"(?:{_DAY})(?:[-_T]?{_TIME}(?![\dA-Za-z]))?|{_YESTERDAY}|{_CAPITALS}|{_YOURS}")
# {date} and the like, but no brace of the shell ({a,b}, {1..3}), no ${variable} and none of borg's or Docker's own.
_BRACES = r"(?<![${:]){(?![\w-]*(?:now|hostname|user|fqdn)\b)[A-Za-zÀ-ÿ](?:[\w -]*\w)?}(?!})"
_ELLIPSIS = r"(?<=[=/_-])(?:…|\.\.\.)(?=[\s\"']|\.t|$)|(?<=\s)…(?=\s|$)"
_ARGUMENT = r"\$(?:1\b|\{1\})"
_BLANK = re.compile(rf"{PLACEHOLDER}|{_BRACES}|{_ELLIPSIS}|{_ARGUMENT}")
_FUNCTION = re.compile(r"^\s*(?:function\s+)?[\w-]+\s*\(\)\s*\{|\bset -- ", re.MULTILINE)

_PROJECT_WORD = r"[\w .-]*(?:projec?k?t|proyecto|projeto|projet|stack|compose|prefix|app|folder|director)[\w .-]*"
_OF_PROJECT = re.compile(
    rf"(?:<{_PROJECT_WORD}>|{{{_PROJECT_WORD}}}|\[{_PROJECT_WORD}\]|(?<![\w/.-])(?:your|my)[-_]?project(?:[-_]?name)?"
    r"|(?<![\w$])(?<!\$\{)PROJECT(?:_?NAME)?(?![A-Z=]))(?=[_-]\w)",
    re.IGNORECASE,
)
_VOLUME_BLANK = re.compile(
    r"(?P<option>(?:-v|--volume)[ =]?[\"']?|(?:source|src)=|docker volume (?:rm|create|inspect) )"
    rf"(?:{PLACEHOLDER}|{{[\w -]*volume[\w -]*}}|YOUR_[A-Z_]*VOLUME[A-Z_]*|your[-_][\w-]*volume[\w-]*)(?=[:,\s\"']|$)"
)


def blanks_in(script: str) -> list[re.Match[str]]:
    """Find what is marked as a blank: `[NAME_OF_THE_FILE]`, `<file>`, `{date}`, `FILE=…`, `$1` outside a function."""
    takes_arguments = _FUNCTION.search(script)
    return [
        found
        for found in _BLANK.finditer(script)
        if not (found.group().startswith("$") and (takes_arguments or _is_quoted(script, found.start())))
    ]


def example_names_in(script: str, words: Sequence[tuple[int, int]], *, is_folder: bool) -> list[re.Match[str]]:
    """Find the examples in the names of archives, among the `words`, each with its begin and end in the script.

    What the archive is unpacked to may have the same example in its name.
    """
    printed = list(_EXAMPLE.finditer(script))
    found = [(example, end) for example in printed for begin, end in words if begin <= example.start() < end]
    named = {
        example.group()
        for example, end in found
        if is_folder or _is_in_archive(script, example, end) or _is_folder(script, example)
    }
    return [example for example, _ in found if example.group() in named]


def _is_in_archive(script: str, example: re.Match[str], end: int) -> bool:
    return bool(re.match(r"[^\s/\"']*\.t", script[example.end() : end]))


def _is_folder(script: str, example: re.Match[str]) -> bool:
    """Whether an example ends the name of a folder: a part of a path, with another before it."""
    before, after = script[: example.start()], script[example.end() :]
    return bool(re.search(r"/[\w.-]*$", before) and re.match(r"[/:\"'\n;]|$", after))


def name_deployment(script: str, names: Mapping[str, str]) -> str:
    """Put the deployment's own names in place of `<project>` in `<project>_media`, and of `<volume>` after a `-v`."""
    if project := names.get("project"):
        script = _OF_PROJECT.sub(project, script)
    if volume := names.get("volume"):
        script = _VOLUME_BLANK.sub(lambda found: found["option"] + volume, script)
    return script


def _is_quoted(script: str, at: int) -> bool:
    """Whether an offset is between single quotes, where another shell sees it."""
    line = script[script.rfind("\n", 0, at) + 1 : at]
    return line.count("'") % 2 == 1
