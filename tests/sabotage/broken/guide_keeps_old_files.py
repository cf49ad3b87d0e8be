"""The restore keeps whatever is there: damaged pictures stay damaged, and a new volume root's."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("restore", "tar -", "tar --skip-old-files -")
