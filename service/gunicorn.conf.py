"""How the platform is served. Settings are explained in Gunicorn's manual, "Settings"."""

import contextlib
import gc
import time

bind = "0.0.0.0:8000"
wsgi_app = "connect.wsgi"

# Django is loaded once, in the master; the workers are forked from it. What is loaded stays, so garbage collection
# skips it, during the load and in each worker that ends (https://docs.python.org/3/library/gc.html#gc.freeze).
preload_app = True
gc.disable()

worker_class = "gthread"
workers = 2
threads = 8

# A stopping worker waits for kept-alive connections: one second keeps the stop short.
keepalive = 1
graceful_timeout = 8  # Docker sends SIGKILL after 10 seconds

# Seconds for which a refused request is still read.
LINGER = 3

# Heartbeats are files in memory: on a slow or full disk a healthy worker would look dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108
umask = 0o022
control_socket_disable = True

# One line for each request, without request headers: the token is one.
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(M)s ms'


def on_starting(server):  # noqa: ARG001 - Gunicorn names the argument
    """Prepare database and directories, in the master, before the first worker."""
    from connect import boot  # noqa: PLC0415 - Django is set up only now

    boot.prepare()
    gc.freeze()


def post_fork(server, worker):  # noqa: ARG001
    """Collect garbage among the worker's own objects."""
    gc.enable()


def post_request(worker, req, environ, resp):  # noqa: ARG001
    """Go on reading for a while if a request was refused before all of it had arrived.

    A client that is still sending would otherwise see a reset connection instead of the response.
    """
    deadline = time.monotonic() + LINGER
    # OSError: the client stopped sending, or is gone. KeyError: the request never reached the platform.
    with contextlib.suppress(OSError, KeyError):
        connection = environ["gunicorn.socket"]
        connection.settimeout(LINGER)
        while time.monotonic() < deadline and req.body.read(8192):
            pass
        connection.settimeout(None)
