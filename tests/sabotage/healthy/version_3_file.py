"""A file of the time when they had versions."""

from place import Place


def change(place: Place) -> None:
    text = place.compose_file.read_text(encoding="utf-8")
    place.compose_file.write_text(f"version: '3'\n{text}", encoding="utf-8")
