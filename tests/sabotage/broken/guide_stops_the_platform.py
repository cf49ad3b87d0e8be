"""The platform is stopped for each backup, and nothing starts it again: people find it down every morning."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    service = workspace.deployment.service
    workspace.edit_command("backup", "docker run --rm", f"docker-compose stop {service} && docker run --rm")
