"""Serve the uploads at /files/."""

import os
import signal
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Files(SimpleHTTPRequestHandler):
    """Serves the working directory."""

    def translate_path(self, path: str) -> str:
        """Return the file of a URL."""
        return super().translate_path(path.removeprefix("/files"))


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.chdir("/data/uploads")
ThreadingHTTPServer(("", 5000), Files).serve_forever()
