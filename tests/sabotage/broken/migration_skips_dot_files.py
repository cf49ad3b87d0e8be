"""Names that start with a dot stay behind: the operator removes ./media and they are gone."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.script,
        "-prune -printf 'reserved\\0\\0%p\\0\\0' -o \\\n",
        "-prune -printf 'reserved\\0\\0%p\\0\\0' -o ! -name '.*' \\\n",
    )
