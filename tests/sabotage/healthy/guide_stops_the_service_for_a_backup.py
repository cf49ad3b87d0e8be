"""The platform is stopped for each backup, so that nobody writes to what is archived, and started again afterwards."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    service = workspace.deployment.service
    workspace.edit_command("backup", "docker run --rm", f"docker-compose stop {service} && docker run --rm")
    workspace.replace_command("backup", f"{workspace.command('backup')} && docker-compose start {service}")
