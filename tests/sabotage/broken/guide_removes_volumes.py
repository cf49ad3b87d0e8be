"""The restart takes the volumes down as well: everybody loses every picture."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("restart", "down &&", "down -v &&")
