"""Pictures and requests for the tests."""

import io

from PIL import Image

BOUNDARY = "limit-of-this-test"


def picture(file_format="JPEG", size=(8, 6), **options):
    """Return a small real picture."""
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, file_format, **options)
    return stream.getvalue()


def part(content, disposition):
    """Return one part of a multipart body, its header exactly as given."""
    header = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return header.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def send(client, body, kind="avatars", **headers):
    """Send a multipart body as it is."""
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return client.generic("POST", f"/api/{kind}/", body, content_type=content_type, **headers)


def upload(client, content, name, kind="avatars"):
    """Upload a file the ordinary way."""
    return send(client, part(content, f'name="file"; filename="{name}"') + END, kind)
