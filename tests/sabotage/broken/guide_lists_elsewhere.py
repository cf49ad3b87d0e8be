"""The listing shows another folder: the operator believes that the media are gone."""

from pathlib import PurePosixPath

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("inspect", workspace.media_root, str(PurePosixPath(workspace.media_root).parent))
