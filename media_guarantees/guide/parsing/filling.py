"""The name of a copy, put where a guide's restore has a blank or an example's, as a person would."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

Blank = re.Match[str]


@dataclass(frozen=True)
class CopyName:
    """The name of an archive without its ending, or of a folder; `folder`, with a slash at its end, is around it."""

    stem: str
    ending: str = ""
    folder: str = ""


def filled(script: str, blanks: Sequence[Blank], name: CopyName) -> str:
    """Put a copy's name where the blanks are.

    What is printed around a blank isn't written twice. A blank in the path of the folder that an archive is in becomes
    that folder's name; what an archive is unpacked to has the archive's name without its ending.

    Raises:
        ValueError: the name doesn't fit the text around a blank.
    """
    ended = {blank.group(): printed_before(script, blank) for blank in blanks if _is_ended(script, blank)}
    for blank in reversed(blanks):  # from the end, so that the offsets before it still hold
        value = _fitted(script, blank, _meant(script, blank, name, ended))
        script = script[: blank.start()] + value + script[blank.end() :]
    return script


def _meant(script: str, blank: Blank, name: CopyName, ended: Mapping[str, str]) -> CopyName:
    """Return what a blank stands for: the copy, its folder, or what it is unpacked to.

    `ended` are the blanks behind which an archive's ending is printed, each with what is printed before it.
    """
    if _is_ended(script, blank):
        return name
    if _is_in_folder(script, blank) or (name.ending and blank.group() not in ended and _is_folder(script, blank)):
        folder = PurePosixPath(name.folder).name
        if not folder and blank.group()[0] in "[<{$":
            raise ValueError(f"{blank.group()} stands for the folder that {name.stem}{name.ending} is in")
        return CopyName(folder or printed_before(script, blank) + blank.group())
    if ended and blank.group() not in ended:
        raise ValueError(f"what {blank.group()} stands for is not known")
    if ended and printed_before(script, blank) == ended[blank.group()]:
        return CopyName(name.stem)
    return CopyName(name.stem.removeprefix(ended[blank.group()])) if ended else name


def printed_before(script: str, blank: Blank) -> str:
    """Return the part of a copy's name that is printed before a blank."""
    return re.split(r"[\s/\"'=:]", script[: blank.start()])[-1]


def _is_ended(script: str, blank: Blank) -> bool:
    """Whether an archive's ending is printed after a blank."""
    return bool(re.match(r"[^\s/\"']*\.t", script[blank.end() :]))


def _is_in_folder(script: str, blank: Blank) -> bool:
    """Whether an archive is printed behind a blank in the same path, or behind the variable that it is the value of."""
    used = _use_of_variable(script, blank)
    behind = r"[^\s/\"':]*/[^\s\"':]*\.t"
    return bool(re.match(behind, script[blank.end() :]) or (used and re.match(behind, used[1])))


def _is_folder(script: str, blank: Blank) -> bool:
    """Whether a blank ends the name of a folder: in a path that goes on, or in that of an example which is over."""
    is_marked = blank.group()[0] in "[<{$.…"
    before, after = script[: blank.start()], script[blank.end() :]
    return bool(re.search(r"/[\w.-]*$", before) and re.match(r"[/:]" if is_marked else r"[/:\"'\n;]|$", after))


def _fitted(script: str, blank: Blank, name: CopyName) -> str:
    before = printed_before(script, blank)
    if not name.stem.startswith(before):
        raise ValueError(f"{blank.group()} stands after {before!r}, with which {name.stem!r} does not begin")
    full = name.stem + name.ending
    tail = re.match(r"[^\s/\"';:|&)]*", script[blank.end() :])
    if tail and tail.group() and full.endswith(tail.group()):
        return full[len(before) : -len(tail.group())]
    if tail and not re.fullmatch(r"(?:\.[A-Za-z]\w*)*[\\,]?", tail.group()):
        raise ValueError(f"{tail.group()!r} stands after {blank.group()}, with which {full!r} does not end")
    used = _use_of_variable(script, blank)
    is_printed = re.match(r"\.(?:tar|t[abgx]z)", script[blank.end() :] if used is None else used[1])
    is_path = not before and (script[: blank.start()][-1:] != "/" if used is None else used[0] != "/")
    return name.folder * is_path + name.stem.removeprefix(before) + ("" if is_printed else name.ending)


def _use_of_variable(script: str, blank: Blank) -> tuple[str, str] | None:
    """What stands before and after the first use of the variable of which a blank is, or ends, the value."""
    assigned = re.search(r"(?:^|\s)(\w+)=[\"']?[^\s\"';]*$", script[: blank.start()])
    if not assigned:
        return None
    used = re.search(rf"(?P<before>.?)\$(?:{assigned[1]}\b|\{{{assigned[1]}\}})(?P<after>.*)", script[blank.end() :])
    return (used["before"], used["after"].lstrip("\"'")) if used else None
