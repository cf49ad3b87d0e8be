"""Every run writes into the media: running it again, when in doubt, changes backups."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.script,
        "report() {\n",
        'report() {\n  docker exec "$CONTAINER" sh -c \'date +%N > "$1/migrated.log"\' sh "$MEDIA_ROOT"\n',
    )
