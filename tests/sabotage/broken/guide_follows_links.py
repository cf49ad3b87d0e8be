"""The backup follows links: it archives what they point at, elsewhere too, and fails at the first that is broken."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "ubuntu tar -czvf", "ubuntu tar -czhvf")
