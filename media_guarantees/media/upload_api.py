"""How a platform takes uploads, described in a few lines of an INI file where it isn't the way of Connect.

[upload]
url = /api/v1/photos/{kind}     where a picture is sent; {kind} is its kind, or what [kinds] calls it
method = POST
field = image                   the form field that holds the picture
accepted = 200 201              the statuses that mean: it is kept
answer_path = data.file         where in the answer's JSON its path below the media root is,
answer_url = data.links.self    and where its URL is; one of the two will do
media_url = /media/             the URL of the media root
ready = /healthz                what is asked to see whether the platform is ready
host = media.example.org        the name that it answers to, where it answers to no other

[headers]
Authorization = Token ${PHOTOS_TOKEN}

[fields]
album = {kind}

[kinds]
avatars = avatar
"""

from __future__ import annotations

import configparser
import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.media.sample_pictures import KINDS

_VARIABLE = re.compile(r"\$\{(\w+)\}")
# What a description says of serving; one that says no more describes no uploads.
_OF_SERVING = {"media_url", "ready", "host"}
_SECTIONS = ("upload", "headers", "fields", "kinds")


@dataclass(frozen=True)
class UploadApi:
    """How pictures are sent, and what is read out of the answer. Connect's own, unless described otherwise.

    `kinds` tells what the platform calls each kind of picture that it takes. `url` is empty where only the serving of
    media is described: the platform then takes no uploads.
    """

    url: str = "/api/{kind}/"
    method: str = "POST"
    field: str = "file"
    accepted: tuple[int, ...] = (201,)
    answer_path: str = "path"
    answer_url: str = "url"
    media_url: str = "/media/"
    ready: str = "/healthz"
    host: str = ""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kinds: Mapping[str, str] = dataclasses.field(default_factory=lambda: {kind: kind for kind in KINDS})

    def url_for(self, kind: str) -> str:
        """Return where a picture of `kind` is sent."""
        return self.url.replace("{kind}", quote(self.kinds[kind]))

    def fields_for(self, kind: str) -> dict[str, str]:
        """Return what else the form holds."""
        return {name: value.replace("{kind}", self.kinds[kind]) for name, value in self.fields.items()}

    def read_answer(self, answer: Any) -> tuple[str, str]:
        """Return the picture's path below the media root and its URL on the platform, out of the answer's JSON.

        Of a URL only the path counts: whatever host it names, only the platform in the sandbox is ever asked.
        Raises `LookupError` or `TypeError` where the answer holds neither.
        """
        path, url = (_found(answer, where) if where else "" for where in (self.answer_path, self.answer_url))
        url = local_part(url).partition("?")[0] if url else f"{self.media_url}{quote(path)}"
        return path or unquote(url).removeprefix(self.media_url), url


def local_part(url: str) -> str:
    """Return the path and the query of a URL, with one slash in front, so that it can't name a host.

    Raises `ValueError` for a URL that can't be taken apart.
    """
    parts = urlsplit(url)
    # "////x" has no host for `urlsplit`, but a path of "//x": joined to an address, that would replace the host.
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")


def _found(answer: Any, where: str) -> str:
    for step in where.split("."):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    if not isinstance(answer, str) or not answer:
        raise LookupError(where)
    return answer


class _Description(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """Leave a header's name as it is written."""
        return optionstr


def read_upload_api(file: Path, environment: Mapping[str, str]) -> UploadApi:
    """Read a description; ``${NAME}`` stands for a variable of `environment`.

    Raises `BadInput` for what is no such description, and for a variable that is not set.
    """
    written = _Description(interpolation=None)
    try:
        written.read_string(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise _bad(file, f"it can't be read: {error}") from error
    if unknown := [name for name in written.sections() if name not in _SECTIONS]:
        raise _bad(file, f"it has a section [{unknown[0]}]; known are [{'], ['.join(_SECTIONS)}]")
    sections = {name: dict(written[name]) if written.has_section(name) else {} for name in _SECTIONS}
    headers = {name: _filled(value, environment, file) for name, value in sections["headers"].items()}
    return _described(file, sections, headers)


def _described(file: Path, sections: dict[str, dict[str, str]], headers: dict[str, str]) -> UploadApi:
    told: dict[str, Any] = dict(sections["upload"])
    plain = {known.name for known in dataclasses.fields(UploadApi) if known.name not in _SECTIONS}
    if unknown := sorted(told.keys() - plain):
        raise _bad(file, f"[upload] has {unknown[0]!r}; known are {', '.join(sorted(plain))}")
    if unknown := sorted(sections["kinds"].keys() - set(KINDS)):
        raise _bad(file, f"[kinds] has {unknown[0]!r}; known are {', '.join(KINDS)}")
    if not str(told.get("url", "/")).startswith("/"):
        raise _bad(file, f"url is {told['url']!r}, which is no path: only the platform in the sandbox is ever asked")
    if "accepted" in told:
        try:
            told["accepted"] = tuple(map(int, told["accepted"].split()))
        except ValueError as error:
            raise _bad(file, f"accepted is {told['accepted']!r}, which are no HTTP statuses") from error
    if "answer_path" in told or "answer_url" in told:  # who tells one need not have the other
        told = {"answer_path": "", "answer_url": "", **told}
    if sections["kinds"]:
        told["kinds"] = sections["kinds"]
    if told.keys() <= _OF_SERVING and not any(sections[name] for name in ("headers", "fields", "kinds")):
        told["url"] = ""
    return UploadApi(**told, headers=headers, fields=sections["fields"])


def _filled(value: str, environment: Mapping[str, str], file: Path) -> str:
    if missing := [name for name in _VARIABLE.findall(value) if name not in environment]:
        raise _bad(file, f"it needs the variable {missing[0]}, which is set neither here nor in the service")
    for name in _VARIABLE.findall(value):  # only those: what is written in the file is no secret, as "X-Version = 2"
        journal.register_secret(environment[name])
    return _VARIABLE.sub(lambda found: environment[found[1]], value)


def _bad(file: Path, seen: str) -> BadInput:
    return BadInput(
        f"{file} should describe how the platform takes uploads, but {seen}",
        "see the README, 'Your own deployment'; or leave UPLOAD_CONFIG out",
        means="no picture could be given to the platform",
    )
