"""The command repairs a folder that isn't there: the operator's trouble stays."""

from pathlib import PurePosixPath

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command(
        "permissions", workspace.media_root, str(PurePosixPath(workspace.media_root).with_name("static"))
    )
