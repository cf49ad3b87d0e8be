"""Serves files over HTTPS, with a certificate that nobody has signed."""

import ssl
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/etc/certificate.pem", "/etc/key.pem")
server = ThreadingHTTPServer(("", 8443), SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
