"""The container is found by a part of its name: media go to a container of another project."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[
            (
                'ids=$("${COMPOSE[@]}" ps -q "$SERVICE" 2>/dev/null)',
                'ids=$(docker ps --quiet --filter "name=$SERVICE")',
            )
        ],
        independent=[("docker-compose ps --quiet web-project", "docker ps --quiet --filter name=web-project")],
    )
