"""Files that were left out don't show in the exit status: the job that runs it says that all is well."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("== 0)) || exit 3\n}\n\nmigrate", "== 0)) || exit 0\n}\n\nmigrate")],
        independent=[("exit 3", "exit 0")],
    )
