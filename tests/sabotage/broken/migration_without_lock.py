"""Two operators migrate at once: each removes what the other has half copied."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("  take_lock\n  trap clean_up", "  trap clean_up")],
        independent=[("flock --nonblock 9", "true")],
    )
