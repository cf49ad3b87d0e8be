"""The volume in the long syntax, which newer files prefer."""

from place import Place, edit


def change(place: Place) -> None:
    source, target = f"        source: {place.volume}\n", f"        target: {place.media_root}/\n"
    edit(place.compose_file, place.mount, f"      - type: volume\n{source}{target}")
