"""The directory with a picture's name is synced, its content is not: after a power cut the last ones are empty."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/storage.py"),
        "        os.fsync(self.file.fileno())\n        name = self._link(names)\n",
        "        name = self._link(names)\n",
    )
