"""Two containers of the service on one volume."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.configure("deploy: {replicas: 2}")
