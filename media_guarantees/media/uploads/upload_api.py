"""What a platform's API is asked when a picture is uploaded, and what is read out of its answers.

`upload_description` reads it from a few lines of an INI file; without one it is Connect's own.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

import requests

from media_guarantees.media.sample_pictures import KINDS

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class AnswerLacks(Exception):  # noqa: N818 - reads as the sentence it is
    """An answer doesn't hold what it should; the text names that."""


@dataclass(frozen=True)
class AnswerValue:
    """A value that an answer holds: `source` is one of `ANSWER_SOURCES`, `name` says where in it."""

    source: str
    name: str

    @classmethod
    def of(cls, text: str) -> AnswerValue:
        """Read ``cookie csrftoken``; text that begins with no known source is a path into the answer's JSON."""
        source, _, name = text.partition(" ")
        return cls(source, name.strip()) if source in ANSWER_SOURCES and name.strip() else cls("json", text)

    def read(self, answer: requests.Response) -> str:
        """Return the value. Raises `AnswerLacks` where the answer doesn't hold it."""
        try:
            value = ANSWER_SOURCES[self.source](answer, self.name)
        except (ValueError, TypeError, LookupError):
            value = ""
        if not value:
            raise AnswerLacks(str(self))
        return value

    def __str__(self) -> str:
        return f"{self.source} {self.name}"


@dataclass(frozen=True)
class ApiRequest:
    """One request beside the upload itself: of the login, or the one that returns where a picture is stored.

    `section` is where it is described. `reads` are the values to take out of the answer, by the names that later
    requests use them by; `expects` are those that the answer must hold to count as accepted.
    """

    section: str
    url: str
    method: str = "GET"
    accepted: tuple[int, ...] = (200,)
    encoding: Literal["form", "multipart", "json"] = "form"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict)
    reads: Mapping[str, AnswerValue] = dataclasses.field(default_factory=dict)
    expects: tuple[tuple[AnswerValue, str], ...] = ()

    def body(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the request's headers and body, as `requests` takes them."""
        fields = fill_all(self.fields, values)
        body: dict[str, Any] = {"data": fields}
        if self.encoding == "json":
            body = {"json": fields}
        elif self.encoding == "multipart":
            body = {"files": {name: (None, value) for name, value in fields.items()}}
        return {"headers": fill_all(self.headers, values), **(body if fields else {})}

    def is_accepted(self, answer: requests.Response) -> bool:
        """Whether the answer has one of the statuses, and the values, that mean success."""
        return answer.status_code in self.accepted and holds(answer, self.expects)

    def read(self, answer: requests.Response) -> dict[str, str]:
        """Return the values that are to be read. Raises `AnswerLacks` for one that is missing."""
        return {name: value.read(answer) for name, value in self.reads.items()}


@dataclass(frozen=True)
class UploadApi:
    """How pictures are sent, and what is read out of the answer. Connect's own, unless described otherwise.

    `kinds` maps each accepted kind of picture to the platform's name for it. `login` is asked before the first upload
    of a client, in this order; `stored`, if there is one, after each upload. `url` is empty where only the serving of
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
    reads: Mapping[str, AnswerValue] = dataclasses.field(default_factory=dict)
    expects: tuple[tuple[AnswerValue, str], ...] = ()
    login: tuple[ApiRequest, ...] = ()
    stored: ApiRequest | None = None

    def url_for(self, kind: str, values: Mapping[str, str] | None = None) -> str:
        """Return where a picture of `kind` is sent."""
        return fill_url(self.url, {**(values or {}), "kind": self.kinds[kind]})

    def fields_for(self, kind: str, values: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what else the form holds."""
        return fill_all(self.fields, {**(values or {}), "kind": self.kinds[kind]})

    def is_accepted(self, answer: requests.Response) -> bool:
        """Whether the answer says that a picture is kept."""
        return answer.status_code in self.accepted and holds(answer, self.expects)

    def read(self, answer: requests.Response) -> dict[str, str]:
        """Return the values of an upload's answer that are needed later. Raises `AnswerLacks` for a missing one."""
        return {name: value.read(answer) for name, value in self.reads.items()}

    def locate(self, answer: requests.Response, values: Mapping[str, str] | None = None) -> tuple[str, str]:
        """Return the picture's path below the media root and its URL on the platform.

        Only the path of a URL is used: requests go to the platform in the sandbox, even if the URL names another host.
        Raises `AnswerLacks` where the answer holds neither.
        """
        path = self._read_place(self.answer_path, answer, values or {}, fill)
        url = self._read_place(self.answer_url, answer, values or {}, fill_url)
        url = local_part(url).partition("?")[0] if url else f"{self.media_url}{quote(path)}"
        return path or unquote(url).removeprefix(self.media_url), url

    def _read_place(self, where: str, answer: requests.Response, values: Mapping[str, str], filled: _Fill) -> str:
        """Return what `where` names: a template of values that were read, or a value in the answer."""
        if PLACEHOLDER.search(where) and AnswerValue.of(where).source != "match":
            return filled(where, values)
        return AnswerValue.of(where).read(answer) if where else ""


def local_part(url: str) -> str:
    """Return the path and the query of a URL, with one slash in front, so that it can't name a host.

    Raises `ValueError` for a URL that can't be taken apart.
    """
    parts = urlsplit(url)
    # "////x" has no host for `urlsplit`, but a path of "//x": joined to an address, that would replace the host.
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")


_Fill = Callable[[str, Mapping[str, str]], str]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values that are known by their names in place of ``{name}``."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def fill_url(text: str, values: Mapping[str, str]) -> str:
    """Do the same in a URL."""
    return fill(text, {name: quote(value) for name, value in values.items()})


def fill_all(texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Do the same in headers or in the fields of a form."""
    return {name: fill(text, values) for name, text in texts.items()}


def holds(answer: requests.Response, expected: tuple[tuple[AnswerValue, str], ...]) -> bool:
    """Whether an answer holds each of the expected values."""
    try:
        return all(value.read(answer) == wanted for value, wanted in expected)
    except AnswerLacks:
        return False


def _json(answer: requests.Response, path: str) -> str:
    found = answer.json()
    for step in path.split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, (str, int)) else ""


def _match(answer: requests.Response, pattern: str) -> str:
    found = re.search(pattern, answer.text)
    return (found[1] if found.re.groups else found[0]) if found else ""


class _Inputs(HTMLParser):
    """Collects the values of a page's `input` and `meta` elements, by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag in {"input", "meta"} and (name := about.get("name")):
            self.values.setdefault(name, about.get("value") or about.get("content") or "")


def _input(answer: requests.Response, name: str) -> str:
    page = _Inputs()
    page.feed(answer.text)
    return page.values.get(name, "")


ANSWER_SOURCES: Mapping[str, Callable[[requests.Response, str], str]] = {
    "json": _json,
    "cookie": lambda answer, name: answer.cookies.get(name) or "",
    "header": lambda answer, name: answer.headers.get(name, ""),
    "input": _input,
    "match": _match,
}
"""Where in an answer a value can be: how each is read, given the answer and the value's name there."""
