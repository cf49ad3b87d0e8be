"""Files that were left out don't show in the exit status: the job that runs it says that all is well."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "== 0)) || exit 3\n}\n\nmigrate", "== 0)) || exit 0\n}\n\nmigrate")
