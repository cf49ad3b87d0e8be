"""The backup stores each hard link as a file of its own: a restored platform takes up the room of all of them."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", "ubuntu tar -cz", "ubuntu tar --hard-dereference -cz")
