"""The service on another base image."""

from deployments import OURS
from workspace import DoesNotApply, Workspace, edit


def change(workspace: Workspace) -> None:
    if workspace.deployment is not OURS:
        raise DoesNotApply("its image takes no other base")
    edit(
        workspace.compose_file,
        "    build: ./service\n",
        "    build:\n      context: ./service\n      args: {BASE_IMAGE: ubuntu}\n",
    )
