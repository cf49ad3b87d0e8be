"""Migrated files belong to root: people can't replace or delete their own pictures."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("docker exec -i -e", "docker exec --user root -i -e")],
        independent=[
            ('docker exec -i "$container" sh -c \'rm', 'docker exec --user root -i "$container" sh -c \'rm'),
            ('docker exec "$container"', 'docker exec --user root "$container"'),
        ],
    )
