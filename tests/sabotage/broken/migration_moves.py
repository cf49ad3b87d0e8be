"""The originals are removed: when anything went wrong, nothing is left to go back to."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("  verify\n  end_progress\n", '  verify\n  find "$SOURCE" -type f -delete\n  end_progress\n')],
        independent=[('echo "brought: ', 'find media -type f -delete\necho "brought: ')],
    )
