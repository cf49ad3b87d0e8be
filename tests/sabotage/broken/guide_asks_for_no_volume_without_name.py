"""Connect's first guide and compose file together: every backup is empty, and nobody is told."""

from place import Place, edit


def change(place: Place) -> None:
    place.edit_command("backup", f"docker volume inspect {place.volume} > /dev/null && ", "")
    edit(place.compose_file, place.name_line, "")
