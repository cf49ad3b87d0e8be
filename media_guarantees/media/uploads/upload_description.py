r"""How a platform takes uploads, described in a few lines of an INI file where it isn't the way of Connect.

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
title = {unique} {name}         the picture's own name, and something that no other upload has

[kinds]
avatars = avatar

People log in before they upload. Each section whose name begins with "login" is a request, made in the order of the
file, once for each client and again when an upload is refused. The cookies of the answers go with every later request
of that client, and with none that asks for a picture.

[login form]
url = /login/
read csrf = input csrf_token    take a value out of the answer; from here on {csrf} stands for it

[login]
url = /login/
method = POST                   what there is, if it has fields; else GET
accepted = 302                  200 where nothing is said
body = json                     the fields go as JSON, or as multipart, as forms with files do; else as a plain form
field username = editor
field password = ${PHOTOS_PASSWORD}
field csrf_token = {csrf}
header Referer = http://127.0.0.1/login/
read token = json data.access_token
expect json data.role = editor  what else the answer must hold to count as accepted

A value in an answer is one of

json data.items.0.id            a path into its JSON
cookie csrftoken                a cookie that it sets
header Location
input csrf_token                the value of the <input>, or the content of the <meta>, of that name in its HTML
match "nonce":"(\w+)"           what a regular expression finds in its text

[upload] has `read` and `expect` too. `answer_path` and `answer_url` may also be made of such values: /assets/{id}.
If another request is needed to find out where a picture is, describe it; both then refer to its answer.

[stored]
url = /api/v1/photos/{id}/
header Authorization = Bearer {token}

``${NAME}`` is a variable of the service's environment, or of the caller's. What comes from one, what is called a
password, token or secret, and what the answers to a login hold is never logged.
"""

from __future__ import annotations

import configparser
import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.media.sample_pictures import KINDS
from media_guarantees.media.uploads.upload_api import ANSWER_SOURCES, PLACEHOLDER, AnswerValue, ApiRequest, UploadApi

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_NAME = re.compile(r"authorization|cookie|pass|pwd|secret|token|api.?key", re.IGNORECASE)
# What a description says of serving; one that says no more describes no uploads.
_OF_SERVING = {"media_url", "ready", "host"}
_SECTIONS = ("upload", "headers", "fields", "kinds", "login", "stored")
_OPTIONS = {
    "upload": {known.name for known in dataclasses.fields(UploadApi) if known.type == "str"} | {"accepted"},
    "login": {"url", "method", "accepted", "body"},
    "stored": {"url", "method", "accepted", "body"},
}
_BODIES: dict[str, Literal["form", "multipart", "json"]] = {"form": "form", "multipart": "multipart", "json": "json"}
_GIVEN = ("kind", "name", "unique")
_NAMED = ("read", "expect", "field", "header")

Section = Mapping[str, str]


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
    if unknown := [name for name in written.sections() if _kind_of(name) not in _SECTIONS]:
        raise _bad(file, f"it has a section [{unknown[0]}]; known are [{'], ['.join(_SECTIONS)}]")
    try:
        return _Reader(environment).read({name: dict(written[name]) for name in written.sections()})
    except ValueError as error:
        raise _bad(file, str(error)) from error


def _kind_of(section: str) -> str:
    return "login" if section.split()[:1] == ["login"] else section


class _Reader:
    """Reads the sections of one description. Raises `ValueError`, in words, for what is none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._known: set[str] = set()

    def read(self, sections: Mapping[str, Section]) -> UploadApi:
        login = tuple(self._request(name, section) for name, section in sections.items() if _kind_of(name) == "login")
        headers = {name: self._filled(text, name) for name, text in sections.get("headers", {}).items()}
        fields = {name: self._filled(text, name) for name, text in sections.get("fields", {}).items()}
        given = self._upload(sections.get("upload", {}), sections.get("kinds", {}))
        if sections.keys() <= {"upload"} and sections.get("upload", {}).keys() <= _OF_SERVING:
            given["url"] = ""
        self._expect_known("upload", _texts(given.get("url", ""), fields, headers), _GIVEN)
        self._known |= given["reads"].keys()
        stored = self._request("stored", sections["stored"]) if "stored" in sections else None
        self._expect_known("upload", [given.get(key, "") for key in ("answer_path", "answer_url")])
        return UploadApi(**given, headers=headers, fields=fields, login=login, stored=stored)

    def _upload(self, section: Section, kinds: Section) -> dict[str, Any]:
        plain, named = _split("upload", section)
        if unknown := sorted(kinds.keys() - set(KINDS)):
            raise ValueError(f"[kinds] has {unknown[0]!r}; known are {', '.join(KINDS)}")
        given: dict[str, Any] = dict(plain)
        _expect_path("upload", given.get("url", "/"))
        if "accepted" in given:
            given["accepted"] = _statuses(given["accepted"])
        if "answer_path" in given or "answer_url" in given:  # either is enough
            given = {"answer_path": "", "answer_url": "", **given}
        if kinds:
            given["kinds"] = kinds
        return {**given, "reads": _reads("upload", named["read"]), "expects": _expects("upload", named["expect"])}

    def _request(self, name: str, section: Section) -> ApiRequest:
        plain, named = _split(_kind_of(name), section, name)
        if "url" not in plain:
            raise ValueError(f"[{name}] has no url")
        _expect_path(name, plain["url"])
        if plain.get("body", "form") not in _BODIES:
            raise ValueError(f"[{name}] has the body {plain['body']!r}; known are {', '.join(_BODIES)}")
        fields = {field: self._filled(text, field) for field, text in named["field"].items()}
        headers = {header: self._filled(text, header) for header, text in named["header"].items()}
        self._expect_known(name, _texts(plain["url"], fields, headers))
        reads = _reads(name, named["read"])
        self._known |= reads.keys()
        return ApiRequest(
            section=name,
            url=plain["url"],
            method=plain.get("method", "POST" if fields else "GET"),
            accepted=_statuses(plain.get("accepted", "200")),
            encoding=_BODIES[plain.get("body", "form")],
            headers=headers,
            fields=fields,
            reads=reads,
            expects=_expects(name, named["expect"]),
        )

    def _filled(self, text: str, name: str) -> str:
        """Put variables in their places; what comes from one, or is called a secret, is never logged."""
        if missing := [found for found in _VARIABLE.findall(text) if found not in self._environment]:
            raise ValueError(f"it needs the variable {missing[0]}, which is set neither here nor in the service")
        filled = _VARIABLE.sub(lambda found: self._environment[found[1]], text)
        for found in _VARIABLE.findall(text):
            journal.register_secret(self._environment[found])
        if filled == text and _SECRET_NAME.search(name) and not PLACEHOLDER.search(text):
            journal.register_secret(text)
        return filled

    def _expect_known(self, section: str, texts: Iterable[str], given: Iterable[str] = ()) -> None:
        used = [name for text in texts for name in PLACEHOLDER.findall(text) if not text.startswith("match ")]
        if unknown := [name for name in used if name not in self._known | {*given}]:
            raise ValueError(f"[{section}] uses {{{unknown[0]}}}, which no answer before it is read for")


def _texts(url: str, fields: Section, headers: Section) -> list[str]:
    return [url, *fields.values(), *headers.values()]


def _split(kind: str, section: Section, name: str = "") -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Part the options that are one word from those that name something: ``field password``, ``read csrf``."""
    allowed = _NAMED[:2] if kind == "upload" else _NAMED
    plain: dict[str, str] = {}
    named: dict[str, dict[str, str]] = {word: {} for word in _NAMED}
    for option, text in section.items():
        word, _, rest = option.partition(" ")
        if word in allowed and rest.strip():
            named[word][rest.strip()] = text
        elif option in _OPTIONS[kind]:
            plain[option] = text
        else:
            known = ", ".join([*sorted(_OPTIONS[kind]), *(f"{word} …" for word in allowed)])
            raise ValueError(f"[{name or kind}] has {option!r}; known are {known}")
    return plain, named


def _reads(section: str, named: Section) -> dict[str, AnswerValue]:
    return {name: _value(section, text) for name, text in named.items()}


def _expects(section: str, named: Section) -> tuple[tuple[AnswerValue, str], ...]:
    return tuple((_value(section, where), wanted) for where, wanted in named.items())


def _value(section: str, text: str) -> AnswerValue:
    value = AnswerValue.of(text)
    if value.name == text:
        raise ValueError(f"[{section}] reads {text!r}; a value begins with one of {', '.join(ANSWER_SOURCES)}")
    if value.source == "match":
        try:
            re.compile(value.name)
        except re.error as error:
            raise ValueError(f"[{section}] reads {text!r}, which is no regular expression: {error}") from error
    return value


def _statuses(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split()))
    except ValueError as error:
        raise ValueError(f"accepted is {text!r}, which are no HTTP statuses") from error


def _expect_path(section: str, url: str) -> None:
    if not url.startswith("/"):
        raise ValueError(
            f"[{section}] url is {url!r}, which is no path: only the platform in the sandbox is ever asked"
        )


def _bad(file: Path, seen: str) -> BadInput:
    return BadInput(
        f"{file} should describe how the platform takes uploads, but {seen}",
        "see the README, 'Your own deployment'; or leave UPLOAD_CONFIG out",
        means="no picture could be given to the platform",
    )
