"""The volume has no name: everybody loses every picture when the operator restarts as the guide says."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, place.mount, f"      - {place.media_root}\n")
