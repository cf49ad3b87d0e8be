"""The backup doesn't ask whether its volume is there: a mistyped name makes an empty backup, with status 0."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", f"docker volume inspect {workspace.volume} > /dev/null && ", "")
