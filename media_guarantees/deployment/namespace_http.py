"""HTTP from inside a container's own network, where nothing outside can be reached and nothing can reach in.

A helper container joins the service's network namespace, speaks to 127.0.0.1 there, and hands the bytes to and fro.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict
from urllib3 import HTTPResponse as Urllib3Response

from media_guarantees.engine import helper_container
from media_guarantees.system import commands

_SPEAK = 'exec 3<> "/dev/tcp/127.0.0.1/$1"; cat >&3; cat <&3'

# Old engines leave a default route in an internal network and rely on firewall rules. An all-zero rtentry but for
# the address families (route(8), SIOCDELRT in linux/sockios.h); perl is in every Debian and Ubuntu image.
_FORGET = r"""
socket(my $socket, 2, 2, 0) or die "socket: $!";
my $route = pack("x8 S x14 S x14 S x14 x72", 2, 2, 2);
1 while ioctl($socket, 0x890C, $route);
$!{ESRCH} or die "route: $!";
"""


def remove_default_route(container: str, environment: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """Take every default route out of the network namespace of `container`."""
    beside = helper_container.command(labels, "--cap-add=NET_ADMIN", f"--network=container:{container}")
    commands.check([*beside, "perl", "-e", _FORGET], env=environment)


class NamespaceAdapter(BaseAdapter):
    """Lets `requests` speak through a helper in the network namespace of `container`."""

    def __init__(self, container: str, environment: Mapping[str, str], labels: Mapping[str, str]) -> None:
        super().__init__()
        self._container = container
        self._environment = environment
        self._labels = labels

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send one request; raises `requests.ConnectionError` if the helper gets no connection or half an answer."""
        port = (request.url or "").split("/")[2].rpartition(":")[2]
        beside = helper_container.command(self._labels, "--interactive", f"--network=container:{self._container}")
        spoken = commands.run(
            [*beside, "bash", "-c", _SPEAK, "speak", port], env=self._environment, stdin=as_bytes(request)
        )
        if not spoken.stdout.startswith(b"HTTP/"):
            raise requests.ConnectionError(
                f"no answer inside the container's network: {spoken.complaint}", request=request
            )
        try:
            answer = parsed(spoken.stdout)
        except HTTPException as error:
            raise requests.ConnectionError(f"no whole answer inside the container's network: {error}") from error
        return HTTPAdapter().build_response(request, answer)

    def close(self) -> None:
        """Nothing stays open between requests."""


def as_bytes(request: requests.PreparedRequest) -> bytes:
    """Return a prepared request as it goes over the wire; its own Host, in any spelling, goes before the address."""
    body = request.body or b""
    headers = requests.structures.CaseInsensitiveDict({"Host": "127.0.0.1"})
    headers.update({**request.headers, "Connection": "close"})
    lines = [f"{request.method} {request.path_url} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (body.encode() if isinstance(body, str) else bytes(body))


class _Answer:
    """What `http.client` wants of a socket: something to read from."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._answer)


def parsed(answer: bytes) -> Urllib3Response:
    """Return an HTTP answer, read to its end, in the form that `requests` builds on."""
    response = HTTPResponse(_Answer(answer))  # type: ignore[arg-type]
    response.begin()
    return Urllib3Response(
        body=io.BytesIO(response.read()),
        headers=HTTPHeaderDict(response.headers.items()),
        status=response.status,
        reason=response.reason,
        preload_content=False,
        original_response=response,  # where `requests` looks for cookies
    )
