"""The API: accept pictures, list them, and report whether the platform can work."""

import hmac
import os

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import JsonResponse

from uploads.answers import JsonView, Refusal
from uploads.images import check_picture
from uploads.models import Kind, Upload
from uploads.names import alternatives
from uploads.receiving import check_length, receive
from uploads.storage import NewFile


class Uploads(JsonView):
    """The pictures of one kind. Requires the token."""

    def dispatch(self, request, kind):
        """Check kind and token before reading anything of the request's body."""
        if kind not in Kind.values:
            raise Refusal(404, f"There is no kind {kind!r}, only {', '.join(Kind.values)}.")
        check_token(request)
        return super().dispatch(request, kind)

    def get(self, request, kind):  # noqa: ARG002 - Django's signature
        """List what was accepted, oldest first."""
        uploads = Upload.objects.filter(kind=kind)
        return JsonResponse({"uploads": [upload.as_json() for upload in uploads]})

    def post(self, request, kind):
        """Accept a picture: the answer 201 means that file and record are on disk."""
        check_length(request)
        return JsonResponse(_accept(request, kind).as_json(), status=201)


def _accept(request, kind):
    """Store the request's picture and its record; nothing of either stays if anything fails."""
    with NewFile(settings.MEDIA_ROOT / kind) as new_file:
        given_name = receive(request, new_file)
        content_type = check_picture(new_file.file, given_name)
        with new_file.published(alternatives(given_name)) as name:
            return Upload.record(kind, name, size=new_file.size, sha256=new_file.sha256, content_type=content_type)


def check_token(request):
    """Refuse a request without the right token, in a time that doesn't reveal how much of it was right."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    # WSGI passes headers as Latin-1, whatever their bytes mean (PEP 3333).
    given, expected = token.strip().encode("latin-1"), settings.API_TOKEN.encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given, expected):
        raise Refusal(401, "A valid token is needed (Authorization: Bearer ...).", WWW_Authenticate="Bearer")


class Health(JsonView):
    """Whether the platform can work right now."""

    def get(self, request):  # noqa: ARG002
        """Answer 200 if it can, 503 with the reason if it can't. Writes nothing."""
        reason = _database_fault() or _media_fault()
        if reason:
            return JsonResponse({"status": "unavailable", "error": reason}, status=503)
        return JsonResponse({"status": "ok"})


def _database_fault():
    try:
        Upload.objects.exists()
    except DatabaseError as error:
        return f"The database doesn't answer: {error}"
    return None


def _media_fault():
    if os.access(settings.MEDIA_ROOT, os.R_OK | os.W_OK | os.X_OK):
        return None
    return f"The platform can't write to the media root {settings.MEDIA_ROOT}."
