"""The code is mounted from the host, with the volume inside it, as on a developer's machine."""

from pathlib import PurePosixPath

from workspace import DoesNotApply, Workspace, edit


def change(workspace: Workspace) -> None:
    if not (code := workspace.deployment.code):
        raise DoesNotApply("its code is in its image alone")
    edit(
        workspace.compose_file,
        workspace.mount,
        f"      - {code}:{PurePosixPath(workspace.media_root).parent}\n{workspace.mount}",
    )
