"""Serving the media: every regular file in the media root, however it got there."""

import errno
import os
import stat

from django.conf import settings
from django.core.signals import request_started
from django.dispatch import receiver
from django.http import FileResponse, HttpResponseNotModified
from django.utils.http import http_date
from django.views.static import was_modified_since

from uploads.answers import JsonView, Refusal
from uploads.images import content_type

# What open(2) reports for a path that names no readable file (ENXIO: a socket).
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO}


class Media(JsonView):
    """One file; never a listing."""

    def get(self, request):
        """Respond with the file's bytes, or with 304 if the client has them already."""
        name = _requested_name(request)
        file = _open(_locate(name))
        modified = os.fstat(file.fileno()).st_mtime
        if not was_modified_since(request.headers.get("If-Modified-Since"), modified):
            file.close()
            return HttpResponseNotModified()
        headers = {"Last-Modified": http_date(modified)}
        return FileResponse(file, content_type=content_type(os.fsdecode(name)), headers=headers)


@receiver(request_started)
def _keep_path(environ, **_):
    """Keep the path as it came: Django decodes it as UTF-8, and not every name in the media root is UTF-8."""
    environ["uploads.path"] = environ["PATH_INFO"]


def _requested_name(request):
    """Return the path below the media root, as bytes.

    WSGI hands it over as Latin-1, whatever its bytes mean (PEP 3333).
    """
    name = request.META["uploads.path"].encode("latin-1").removeprefix(settings.MEDIA_URL.encode())
    if b"\0" in name or any(part[:1] in {b"", b"."} for part in name.split(b"/")):
        raise _not_there()
    return name


def _locate(name):
    """Return where a file really is. Links are followed, but not out of the media root."""
    root = os.path.realpath(os.fsencode(settings.MEDIA_ROOT))
    path = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - pathlib knows no bytes
    if not path.startswith(root + b"/"):
        raise _not_there()
    return path


def _open(path):
    """Open a regular file for reading. O_NONBLOCK so that a pipe doesn't block the request."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in NOT_THERE:
            raise _not_there() from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_there()
    return os.fdopen(descriptor, "rb")


def _not_there():
    return Refusal(404, "There is no such file.")
