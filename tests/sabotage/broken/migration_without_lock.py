"""Two operators migrate at once: each removes what the other has half copied."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "  take_lock\n  trap clean_up", "  trap clean_up")
