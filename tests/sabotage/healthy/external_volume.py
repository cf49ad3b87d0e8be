"""A volume that is made outside Compose, so that `down -v` can't take it."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, f"  {place.volume}:\n{place.name_line}", f"  {place.volume}:\n    external: true\n")
