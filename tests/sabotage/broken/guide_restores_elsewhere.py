"""The guide restores into a folder of its own: pictures are on the disk and on no page."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    folder = workspace.mount_point("restore")
    workspace.run_in_shell("restore", f"mkdir -p {folder}/restored && ")
    workspace.edit_command("restore", f"-C {folder}", f"-C {folder}/restored")
