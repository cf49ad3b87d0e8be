"""The volume is mounted beside the media root: everybody loses every picture at the next deploy."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, place.mount, place.mount.replace("\n", "s\n"))
