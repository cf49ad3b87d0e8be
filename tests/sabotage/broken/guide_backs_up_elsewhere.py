"""Archives land in another folder than the guide says: on the day of need nobody finds them."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", "$(pwd)/backups:", "$(pwd)/copies:")
