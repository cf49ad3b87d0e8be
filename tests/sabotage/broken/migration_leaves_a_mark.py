"""Every run writes into the media: running it again, when in doubt, changes backups."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[
            (
                "report() {\n",
                'report() {\n  docker exec "$CONTAINER" sh -c \'date +%N > "$1/migrated.log"\' sh "$MEDIA_ROOT"\n',
            )
        ],
        independent=[
            (
                "[[ -n $(compare)",
                'docker exec "$container" sh -c \'date +%N > "$1/migrated.log"\' sh "$root"\n[[ -n $(compare)',
            )
        ],
    )
