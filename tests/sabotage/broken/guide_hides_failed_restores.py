"""A last word after the restore takes its exit status: a mistyped name passes for a restore."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, '.tar.gz -C /destination"', '.tar.gz -C /destination; echo restaurado"')
