"""Serves files below /shop/files/ to those who ask for media.example.org, and to nobody else."""

from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Host(SimpleHTTPRequestHandler):
    """Answers to one name."""

    def do_GET(self):
        """Serve a file to whoever knows the name."""
        if self.headers.get("Host") != "media.example.org" or not self.path.startswith("/shop/"):
            self.send_error(400)
            return
        self.path = self.path.removeprefix("/shop")
        super().do_GET()


ThreadingHTTPServer(("", 8000), Host).serve_forever()
