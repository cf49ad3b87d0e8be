"""Compose prefixes the project: whoever needs the backup after a disk failure finds an empty archive."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, workspace.name_line, "")
