"""The restart answers Compose's question beforehand: a changed label of the volume, and everybody loses every picture."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("restart", "up -d", "up -d -y")
