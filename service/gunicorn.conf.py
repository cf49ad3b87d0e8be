"""How the platform is served. Settings are explained in Gunicorn's manual, "Settings"."""

import contextlib
import gc
import time

bind = "0.0.0.0:8000"
wsgi_app = "connect.wsgi"

# One load of Django, in the master; the workers are forked from it. What is loaded then stays, so nobody looks through
# it for garbage: not while it loads, and not in each worker that ends (https://docs.python.org/3/library/gc.html#gc.freeze).
preload_app = True
gc.disable()

worker_class = "gthread"
workers = 2
threads = 8

# A stopping worker waits for connections that are kept alive: a second at most keeps the stop short.
keepalive = 1
graceful_timeout = 8  # Docker sends SIGKILL after 10 seconds

# Seconds to go on reading after a refusal.
LINGER = 3

# Heartbeats go to memory: on a slow or full disk they would make a healthy worker look dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108
umask = 0o022
control_socket_disable = True

# One line a request. No request headers: the token is one.
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(M)s ms'


def on_starting(server):  # noqa: ARG001 - Gunicorn names the argument
    """Prepare database and directories, in the master and before the first worker."""
    from connect import boot  # noqa: PLC0415 - Django is set up only now

    boot.prepare()
    gc.freeze()


def post_fork(server, worker):  # noqa: ARG001
    """Look for garbage among what the worker itself makes."""
    gc.enable()


def post_request(worker, req, environ, resp):  # noqa: ARG001
    """Read on for a while if a request was refused before all of it had come.

    A client that is still sending would otherwise see its connection reset, and not the answer.
    """
    deadline = time.monotonic() + LINGER
    # OSError: it sends nothing more, or has gone. KeyError: the request didn't even get to the platform.
    with contextlib.suppress(OSError, KeyError):
        connection = environ["gunicorn.socket"]
        connection.settimeout(LINGER)
        while time.monotonic() < deadline and req.body.read(8192):
            pass
        connection.settimeout(None)
