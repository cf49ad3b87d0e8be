"""A project of another name."""

from place import Place


def change(place: Place) -> None:
    text = place.compose_file.read_text(encoding="utf-8").replace("name: connect\n", "")
    place.compose_file.write_text(f"name: plataforma\n{text}", encoding="utf-8")
