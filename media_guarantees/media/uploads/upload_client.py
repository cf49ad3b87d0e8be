"""Giving the platform a picture and asking for it back, as its users do."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import wait_until
from media_guarantees.media.sample_pictures import KINDS, Kind, Sample
from media_guarantees.media.uploads.platform_protocol import PROBE_SECONDS, LoginFailed, Platform, Served, Upload
from media_guarantees.media.uploads.upload_api import AnswerLacks, ApiRequest, UploadApi, fill_all, fill_url, local_part

CONNECT = UploadApi()
HTTP_SECONDS = (3.05, 30.0)
# Few tries: platforms lock out who fails often.
LOGIN_SECONDS, LOGIN_PAUSE = 6.0, 2.0
# So many characters of an answer are quoted.
SHOWN = 300
# What a browser doesn't show of a page: its head, its styles and scripts, and every tag.
_NOT_SHOWN = re.compile(r"<(head|style|script)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_CHECK_LOGIN = "check the user, the password and each [login …] section of the file that UPLOAD_CONFIG names"


def _without_keepalive_and_proxies(session: requests.Session) -> requests.Session:
    """Return the session without keep-alive, proxies, certificate checks and cookies of its own."""
    # An open keep-alive connection would delay the stop of the service.
    session.headers["Connection"] = "close"
    # A proxy of the environment would be given what is meant for this machine alone, the token with it.
    session.trust_env = False
    # No certificate is valid for 127.0.0.1, and requests go nowhere else.
    session.verify = False
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    # People look at pictures without being logged in: cookies go with uploads only.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return session


def _login_failed(request: ApiRequest, seen: str) -> LoginFailed:
    return LoginFailed(
        f"logging in as the description of the uploads says, {request.method} {request.url} of [{request.section}] "
        + journal.redact(seen),
        means="no picture could be given to the platform in the name of who uploads there",
        next_step=_CHECK_LOGIN,
    )


def _shown(response: requests.Response) -> str:
    """Return the beginning of an answer, of a page what a browser shows of it."""
    shown = response.text
    if "html" in response.headers.get("Content-Type", ""):
        shown = " ".join(_NOT_SHOWN.sub(" ", shown).split())
    return shown[:SHOWN].strip()


def _answered(sample: Sample, response: requests.Response) -> str:
    return f"uploading {sample.name!r} to {response.request.path_url} was answered {response.status_code}"


class HttpPlatform:
    """The platform through its own API.

    `address` says where it is, `media_address` where its media are served, if that is elsewhere. The first is asked
    again at each wait for the platform, because a published port changes when a container is recreated.
    """

    has_upload_api = True
    serves = True
    description = "media are uploaded through the platform's own API"

    def __init__(
        self,
        address: Callable[[], str],
        token: str,
        session: requests.Session | None = None,
        api: UploadApi = CONNECT,
        media_address: Callable[[], str] | None = None,
    ) -> None:
        self._find_address = address
        self._find_media_address = media_address or address
        self._api = api
        self._address = ""
        self._session = _without_keepalive_and_proxies(session or requests.Session())
        self._headers = api.headers if api.headers or api.login else {"Authorization": f"Bearer {token}"}
        self._cookies: dict[str, str] = {}
        self._values: dict[str, str] | None = None  # what the answers to the login held; None before it

    @property
    def is_described(self) -> bool:
        """Whether a description of the upload API was given, so that none has to be found."""
        return self._api is not CONNECT and bool(self._api.url)

    def takes_uploads(self) -> bool:
        """Whether it has an API for uploads: a description says so, or else it is looked for."""
        return bool(self._api.url) if self._api is not CONNECT else self.has_api()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of pictures that its API takes."""
        return tuple(kind for kind in KINDS if kind in self._api.kinds)

    def at_address(self, address: str, session: requests.Session) -> Platform:
        """Return the same platform, reached at another address and in another way."""
        return self.for_client(lambda: address, session)

    def for_client(self, address: Callable[[], str], session: requests.Session) -> HttpPlatform:
        """Return the same platform for another client, with its own session; `address` returns where it is."""
        other = copy.copy(self)
        session = _without_keepalive_and_proxies(session)
        vars(other).update(_find_address=address, _find_media_address=address, _address="", _session=session)
        vars(other).update(_cookies={}, _values=None)  # who uploads there is not logged in yet
        return other

    def request(self, method: str, url: str, *, address: str = "", **options: Any) -> requests.Response:
        """Send one request, to another `address` if one is given, and journal it.

        Raises `requests.RequestException` without an answer.

        Of a `url` that names a host, as platforms give them out, only the path and the query are used: no other host is
        ever asked. Raises `ValueError` for one that can't be taken apart.
        """
        with journal.timed("request", f"{method} {url}") as event:
            options = {"timeout": HTTP_SECONDS, "allow_redirects": False, **options}
            if self._api.host:
                options["headers"] = {**(options.get("headers") or {}), "Host": self._api.host}
            if not address:
                address = self._address = self._address or self._find_address()
            here = urlsplit(address)
            response = self._session.request(method, f"{here.scheme}://{here.netloc}{local_part(url)}", **options)
            event.status = response.status_code
        return response

    def log_in(self, **options: Any) -> None:
        """Log in as the description says. Raises `LoginFailed`, or `requests.RequestException` without an answer."""
        self._cookies = {}
        values: dict[str, str] = {}
        for request in self._api.login:
            response = self._ask(request, values, **options)
            for secret in response.cookies.get_dict().values():
                journal.register_secret(secret)
            if not request.is_accepted(response):
                raise _login_failed(request, f"was answered {response.status_code}: {_shown(response)}")
            try:
                values |= request.read(response)
            except AnswerLacks as lacking:
                seen = f"was answered {response.status_code}, without {lacking}: {_shown(response)}"
                raise _login_failed(request, seen) from None
            for name in request.reads:
                journal.register_secret(values[name])
        self._values = values

    def expect_login(self, **options: Any) -> None:
        """Log in, again for a moment where it fails: a service may answer before it knows its users.

        Raises `LoginFailed` if who uploads can't log in.
        """
        if not self._api.login:
            return
        failed: list[LoginFailed] = []

        def logs_in() -> bool:
            try:
                self.log_in(**options)
            except LoginFailed as error:
                failed.append(error)
            except (requests.RequestException, LookupError) as error:
                said = f"logging in as the description of the uploads says got no answer: {error}"
                failed.append(LoginFailed(said, next_step=_CHECK_LOGIN))
            else:
                return True
            return False

        try:
            wait_until(logs_in, what="who uploads can log in", seconds=LOGIN_SECONDS, every=LOGIN_PAUSE)
        except PromiseBroken:
            raise failed[-1] from None

    def _ask(self, request: ApiRequest, values: Mapping[str, str], **options: Any) -> requests.Response:
        """Send a request of the description's, with the cookies of who uploads."""
        url = fill_url(request.url, values)
        return self._request_logged_in(request.method, url, **request.body(values), **options)

    def _request_logged_in(self, method: str, url: str, **options: Any) -> requests.Response:
        response = self.request(method, url, cookies=self._cookies, **options)
        self._cookies |= response.cookies.get_dict()
        return response

    def upload(self, sample: Sample) -> Upload:
        """Upload a picture; anything but an acceptance that describes it is a broken promise."""
        try:
            response = self._post_logged_in(sample, self.expect_login)
            if not self.is_accepted(response):
                raise PromiseBroken(f"{_answered(sample, response)}: {_shown(response)}")
            return self.parse_upload(sample, response)
        except (requests.RequestException, LookupError) as error:
            where = f"{self._api.method} {self._api.url_for(sample.kind)}"
            raise PromiseBroken(f"{where} got no answer: {error}") from error

    def post(self, sample: Sample, **options: Any) -> requests.Response:
        """Send a picture and return any answer; log in first where needed.

        Raises `requests.RequestException` or `LookupError` without an answer, and `LoginFailed`.
        """
        return self._post_logged_in(sample, self.log_in, **options)

    def _post_logged_in(self, sample: Sample, log_in: Callable[..., None], **options: Any) -> requests.Response:
        logged_in = self._values is not None
        if not logged_in:
            log_in(**options)
        response = self._send(sample, **options)
        if logged_in and self._api.login and response.status_code < 500 and not self.is_accepted(response):
            log_in(**options)  # who is refused may have been logged out
            response = self._send(sample, **options)
        return response

    def _send(self, sample: Sample, **options: Any) -> requests.Response:
        values = {**(self._values or {}), "name": sample.name, "unique": uuid.uuid4().hex[:12]}
        return self._request_logged_in(
            self._api.method,
            self._api.url_for(sample.kind, values),
            files={self._api.field: (sample.name, sample.content, sample.content_type)},
            data=self._api.fields_for(sample.kind, values),
            headers=fill_all(self._headers, values),
            **options,
        )

    def is_accepted(self, response: requests.Response) -> bool:
        """Whether this answer says that a picture is kept."""
        return self._api.is_accepted(response)

    def parse_upload(self, sample: Sample, response: requests.Response, **options: Any) -> Upload:
        """Return the upload that an acceptance describes; one that doesn't is a broken promise.

        Where it takes another request to know, raises `requests.RequestException` if that gets no good answer.
        """
        try:
            values = {**(self._values or {}), **self._api.read(response)}
            if self._api.stored:
                response = self._found(self._api.stored, values, **options)
            path, address = self._api.locate(response, values)
            if self._api is CONNECT:
                answer = response.json()
                return Upload(sample, path, address, answer["sha256"], answer["size"])
            return Upload(sample, path, address, sample.sha256, len(sample.content))
        except (AnswerLacks, KeyError, TypeError, ValueError) as error:
            raise PromiseBroken(f"{_answered(sample, response)}, but not described: {_shown(response)}") from error

    def _found(self, request: ApiRequest, values: Mapping[str, str], **options: Any) -> requests.Response:
        """Ask where an accepted picture is."""
        response = self._ask(request, values, **options)
        if response.status_code >= 500:
            raise requests.HTTPError(f"asked where the picture is, {request.url} was answered {response.status_code}")
        if not request.is_accepted(response):
            raise AnswerLacks(f"a place: {request.url} was answered {response.status_code}")
        return response

    def fetch(self, url: str) -> Served:
        """Ask for a picture; no answer at all is a broken promise."""
        try:
            elsewhere = "" if self._find_media_address == self._find_address else self._find_media_address()
            response = self._get(url, elsewhere)
        except (requests.RequestException, LookupError) as error:
            raise PromiseBroken(f"GET {url} got no answer: {error}") from error
        return Served(response.status_code, response.content, response.headers.get("Content-Type", ""))

    def _get(self, url: str, address: str) -> requests.Response:
        try:
            return self.request("GET", url, address=address)
        except requests.ConnectionError:
            if "Connection" in self._session.headers:
                raise
            # A server may close a connection that was kept alive just when it is used again (RFC 9112, 9.5).
            self._session.close()
            return self.request("GET", url, address=address)

    @contextmanager
    def keep_alive(self) -> Iterator[None]:
        """Keep the connection alive for the requests of the block, and no longer."""
        self._session.headers.pop("Connection", None)
        try:
            yield
        finally:
            self._session.headers["Connection"] = "close"
            self._session.close()

    def answers(self, *, within: float = PROBE_SECONDS) -> bool:
        """Whether `/healthz` says so; without it, it is ready when it answers with no server error."""
        try:
            return self.probe(within=within) < 500
        except (requests.RequestException, LookupError):
            # A LookupError is a port that isn't published yet: the container is still being made.
            return False

    def probe(self, *, within: float = PROBE_SECONDS) -> int:
        """Return the HTTP status with which it says how it is. Raises what `request` raises without an answer."""
        self._address = ""
        return self.request("GET", self._api.ready, timeout=within).status_code

    def has_api(self) -> bool:
        """Whether it has an API for uploads that lets us in; asking uploads nothing."""
        try:
            status = self.request("GET", self._api.url_for(self.kinds[0]), headers=self._headers).status_code
        except (requests.RequestException, LookupError):
            return False
        # An API that only takes, or that is out of order, is one; a way to a log-in page, or a closed door, is not.
        return status < 300 or status == 405 or status >= 500
