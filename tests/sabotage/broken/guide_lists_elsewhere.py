"""The listing shows another folder: the operator believes that the media are gone."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "ls -la /usr/src/platform/media", "ls -la /usr/src/platform")
