"""The guide backs up a volume that nobody writes to: after a disk failure there is nothing to restore."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", f"-v {workspace.volume}:", "-v media_files:")
