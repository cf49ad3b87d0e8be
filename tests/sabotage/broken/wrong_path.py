"""The volume is mounted beside the media root: everybody loses every picture at the next deploy."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, workspace.mount, workspace.mount.replace("\n", "s\n"))
