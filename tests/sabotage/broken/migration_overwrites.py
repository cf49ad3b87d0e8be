"""Old files replace newer ones of the same name: people see last year's picture again."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("OVERWRITE=no\n", "OVERWRITE=yes\n")],
        independent=[("--skip-old-files", "--overwrite")],
    )
