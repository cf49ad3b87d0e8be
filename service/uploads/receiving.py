"""Reading an upload: one file from a `multipart/form-data` request, streamed to its final directory."""

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from uploads.answers import Refusal
from uploads.names import check_name

FIELD = "file"
FRAME = 64 * 1024  # bytes that boundaries and headers of the parts may take


def check_length(request):
    """Refuse a request that is too large, or doesn't say how large it is, before reading any of it."""
    length = request.META.get("CONTENT_LENGTH")
    if not length:
        raise Refusal(411, "The request must say how long it is (Content-Length).")
    if not length.isdigit() or int(length) > settings.MAX_UPLOAD_BYTES + FRAME:
        raise _too_large()


def receive(request, new_file):
    """Write the request's file into `new_file` and return its name, exactly as the client sent it."""
    upload = _OneFile(new_file, request)
    try:
        _Parser(request.META, request, [upload]).parse()
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise Refusal(400, f"The request is not a proper upload: {error}") from error
    except UnreadablePostError as error:
        raise Refusal(400, "The upload was cut off.") from error
    upload.check()
    return upload.file_name


def _too_large():
    return Refusal(413, f"The file must not be larger than {settings.MAX_UPLOAD_BYTES} bytes.")


class _Parser(MultiPartParser):
    """Django's parser, but it refuses names that Django would change silently."""

    def sanitize_file_name(self, file_name):
        check_name(file_name)
        return file_name


class _OneFile(FileUploadHandler):
    """Accepts the one file of a request, and refuses others."""

    def __init__(self, destination, request):
        super().__init__(request)
        self.destination = destination
        self.complete = False

    def new_file(self, field_name, file_name, *args, **kwargs):
        if field_name != FIELD:
            raise Refusal(400, f"The file must be in the field {FIELD!r}, not in {field_name!r}.")
        if self.file_name is not None:
            raise Refusal(400, "Only one file at a time can be uploaded.")
        super().new_file(field_name, file_name, *args, **kwargs)

    def receive_data_chunk(self, raw_data, start):  # noqa: ARG002 - Django's signature
        if self.destination.size + len(raw_data) > settings.MAX_UPLOAD_BYTES:
            raise _too_large()
        self.destination.write(raw_data)

    def file_complete(self, file_size):  # noqa: ARG002
        """Note that the boundary behind the file was seen: a connection that was cut earlier never gets here."""
        self.complete = True

    def check(self):
        """Refuse a request that held no file, a part of one, or an empty one."""
        if self.file_name is None:
            raise Refusal(400, f"There is no file in the field {FIELD!r}.")
        if not self.complete:
            raise Refusal(400, "The upload was cut off.")
        if self.destination.size == 0:
            raise Refusal(400, "The file is empty.")
