"""The archive is not compressed, and the restore expects that it is: on the day it is needed, it fails."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", "ubuntu tar -cz", "ubuntu tar -c")
