"""Error responses: always JSON, always with the reason."""

import errno
import logging

from django.db import Error as DatabaseError
from django.http import JsonResponse
from django.views import View

logger = logging.getLogger(__name__)

FULL = {errno.ENOSPC, errno.EDQUOT}


class Refusal(Exception):  # noqa: N818 - a refusal is not a fault of the service
    """A request that is refused: an HTTP status, and the reason in one sentence."""

    def __init__(self, status, reason, **headers):
        super().__init__(reason)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(self):
        """Return the response to send."""
        return JsonResponse({"error": str(self)}, status=self.status, headers=self.headers)


class ExplainErrors:
    """Middleware that turns refusals, and faults of disk and database, into responses."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request, exception):
        """Return a response, or None for an unexpected error."""
        if isinstance(exception, Refusal):
            return exception.response()
        refusal = _explain(exception)
        if refusal is None:
            return None
        logger.error("%s %s: %s (%s)", request.method, request.path, refusal, exception)
        return refusal.response()


def _explain(exception):
    """Return what a fault means for the client. Both kinds may be temporary: the client can retry."""
    if isinstance(exception, DatabaseError):
        return Refusal(503, "The database can't be used at the moment.")
    if isinstance(exception, OSError) and exception.errno in FULL:
        return Refusal(507, "There is no space left for media.")
    if isinstance(exception, OSError):
        return Refusal(503, "The media directory can't be used at the moment.")
    return None


class JsonView(View):
    """A view that refuses unknown methods in JSON."""

    http_method_names = ("get", "head", "post")

    def http_method_not_allowed(self, request, *args, **kwargs):  # noqa: ARG002 - Django's signature
        """Refuse the request."""
        raise Refusal(405, f"{request.method} is not possible here.", Allow=", ".join(self._allowed_methods()))


def bad_request(request, exception):  # noqa: ARG001
    """Respond to a request that Django finds malformed."""
    return Refusal(400, "The request is malformed.").response()


def not_found(request, exception):  # noqa: ARG001
    """Respond to a URL that doesn't exist."""
    return Refusal(404, "There is nothing at this address.").response()


def server_error(request):  # noqa: ARG001
    """Respond after an unexpected error; Django has logged it."""
    return Refusal(500, "Something went wrong inside the platform.").response()
