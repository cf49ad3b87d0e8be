"""The backup stores each hard link as a file of its own: a restored platform takes up the room of all of them."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", "ubuntu tar -cz", "ubuntu tar --hard-dereference -cz")
