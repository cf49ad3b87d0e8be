"""The image declares a volume below the media root: what is written there is in an anonymous volume, and in no backup."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("Dockerfile"),
        "WORKDIR /usr/src/platform\n",
        "RUN install --directory --owner=connect --group=connect /usr/src/platform/media/thumbnails\n"
        "VOLUME /usr/src/platform/media/thumbnails\nWORKDIR /usr/src/platform\n",
    )
