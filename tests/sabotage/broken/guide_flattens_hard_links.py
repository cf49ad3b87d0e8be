"""The backup stores each hard link as a file of its own: a restored platform takes up the room of all of them."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "ubuntu tar -czvf", "ubuntu tar --hard-dereference -czvf")
