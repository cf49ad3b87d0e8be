"""The restore asks for a note that the backup left beside the archive: on another server nobody has it."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("backup", f"{place.command('backup')} && id > backups/.note")
    place.replace_command("restore", f"test -s backups/.note && {place.command('restore')}")
