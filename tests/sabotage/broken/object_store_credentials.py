"""The service wants an object store: the operator finds out on the day when its bill is not paid."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.set_variable("AWS_SECRET_ACCESS_KEY", "secret")
