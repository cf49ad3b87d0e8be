"""A picture's content is synced, the directory with its name is not: after a power cut nobody finds the last ones."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/storage.py"),
        "            os.fsync(self._directory)\n            yield name\n",
        "            yield name\n",
    )
