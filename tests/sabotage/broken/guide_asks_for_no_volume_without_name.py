"""Connect's first guide and compose file together: every backup is empty, and nobody is told."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", f"docker volume inspect {workspace.volume} > /dev/null && ", "")
    edit(workspace.compose_file, workspace.name_line, "")
