"""The guide restores into a folder of its own: pictures are on the disk and on no page."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "mkdir -p /destination && tar", "mkdir -p /destination/restored && tar")
    edit(place.guide, '.tar.gz -C /destination"', '.tar.gz -C /destination/restored"')
