"""The backup follows links: it archives what they point at, elsewhere too, and fails at the first that is broken."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", "ubuntu tar -cz", "ubuntu tar -hcz")
