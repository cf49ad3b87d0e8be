"""Every migrated picture looks new: galleries that sort by date are in disorder."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("  tar -x -f - -C", "  tar -m -x -f - -C")],
        independent=[("--skip-old-files", "--skip-old-files --touch")],
    )
