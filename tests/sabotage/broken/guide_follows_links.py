"""The backup follows links: it archives what they point at, elsewhere too, and fails at the first that is broken."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", "ubuntu tar -cz", "ubuntu tar -hcz")
