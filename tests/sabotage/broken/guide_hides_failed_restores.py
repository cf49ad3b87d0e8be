"""A last word after the restore takes its exit status: a mistyped name passes for a restore."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("restore", f"{place.command('restore')}; echo restaurado")
