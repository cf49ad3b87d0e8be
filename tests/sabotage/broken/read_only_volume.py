"""The volume is mounted read-only: whoever uploads the first picture is told that it can't be kept."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, workspace.mount, workspace.mount.replace("\n", ":ro\n"))
