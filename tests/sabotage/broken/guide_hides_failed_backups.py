"""A last word after the backup takes its exit status: a full disk is noticed by nobody."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("backup", f"{place.command('backup')} ; echo backup feito")
