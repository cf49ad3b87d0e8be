"""The guide restores into a volume that nobody reads: the operator thinks that the pictures are back."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("restore", f"-v {place.volume}:", f"-v {place.volume}_new:")
