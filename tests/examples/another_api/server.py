"""A small photo service with an API of its own: PUT a form to /api/v2/photos, with a token in a header of its own."""

import email.parser
import email.policy
import json
import os
import pathlib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path("/srv/photos")


class Photos(SimpleHTTPRequestHandler):
    """Takes pictures in, and serves them below /media/."""

    def translate_path(self, path):
        """Keep /media/ apart from the API."""
        return super().translate_path(path.removeprefix("/media"))

    def do_PUT(self):
        """Keep a picture under a name that is free, on disk before it is answered for."""
        length = int(self.headers["Content-Length"])
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.rfile.read(length))
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        if self.headers.get("X-Photos-Token") != os.environ["PHOTOS_TOKEN"]:
            self.send_error(401)
            return
        folder = ROOT / parts["album"].get_content().strip()
        folder.mkdir(exist_ok=True)
        name = pathlib.PurePosixPath(parts["image"].get_filename()).name
        path = next(path for n in range(1000) if not (path := folder / f"{n}-{name}").exists())
        with path.open("xb") as file:
            file.write(parts["image"].get_payload(decode=True))
            os.fsync(file.fileno())
        for directory in (folder, ROOT):
            sync(directory)
        answer = json.dumps({"data": {"file": str(path.relative_to(ROOT))}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def sync(directory):
    """Have the names in a directory on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    os.chdir(ROOT)
    ThreadingHTTPServer(("", 8080), Photos).serve_forever()
