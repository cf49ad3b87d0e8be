"""The guide restores into a volume that nobody reads: the operator thinks that the pictures are back."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("restore", f"-v {workspace.volume}:", f"-v {workspace.volume}_new:")
