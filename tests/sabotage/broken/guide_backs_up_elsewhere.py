"""Archives land in another folder than the guide says: on the day of need nobody finds them."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", "$(pwd)/backups:", "$(pwd)/copies:")
