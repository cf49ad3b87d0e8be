"""An upload under way when the service is told to stop is accepted, and taken back: each deploy loses somebody's picture."""

from workspace import Workspace, append, edit


def change(workspace: Workspace) -> None:
    append(
        workspace.service("gunicorn.conf.py"),
        "\n\ndef post_worker_init(worker):\n    import signal\n\n    from uploads import storage\n\n    stop = signal.getsignal(signal.SIGTERM)\n\n    def note_and_stop(*args):\n        storage.stopping = True\n        stop(*args)\n\n    signal.signal(signal.SIGTERM, note_and_stop)\n",
    )
    edit(
        workspace.service("uploads/storage.py"),
        "            yield name\n",
        "            yield name\n            if stopping:\n                self._unlink(name)\n",
    )
    append(workspace.service("uploads/storage.py"), "\n\nstopping = False\n")
