"""Files that were left out don't show in the exit status: the job that runs it says that all is well."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("== 0)) || exit 3\n}\n\nmigrate", "== 0)) || exit 0\n}\n\nmigrate")],
        independent=[("exit 3", "exit 0")],
    )
