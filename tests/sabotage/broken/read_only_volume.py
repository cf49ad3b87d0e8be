"""The volume is mounted read-only: whoever uploads the first picture is told that it can't be kept."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, place.mount, place.mount.replace("\n", ":ro\n"))
