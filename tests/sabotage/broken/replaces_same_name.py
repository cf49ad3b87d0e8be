"""A second picture of one name replaces the first: somebody's avatar is suddenly somebody else's."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/storage.py"),
        "            except FileExistsError:\n                continue\n",
        "            except FileExistsError:\n                os.unlink(name.encode(), dir_fd=self._directory)\n                return self._link([name])\n",
    )
