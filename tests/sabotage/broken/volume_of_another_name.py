"""The volume was renamed and the guide was not: whoever restores after a disk failure has no media."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, workspace.name_line, "    name: platform_media\n")
