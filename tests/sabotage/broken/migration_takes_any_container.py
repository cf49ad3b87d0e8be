"""The container is found by a part of its name: media go to a container of another project."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.script,
        'ids=$("${COMPOSE[@]}" ps -q "$SERVICE" 2>/dev/null)',
        'ids=$(docker ps --quiet --filter "name=$SERVICE")',
    )
