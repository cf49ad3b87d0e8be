"""The image declares a volume below the media root: what is written there is in an anonymous volume, and in no backup."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.service("Dockerfile"),
        "WORKDIR /usr/src/platform\n",
        "RUN install --directory --owner=connect --group=connect /usr/src/platform/media/thumbnails\n"
        "VOLUME /usr/src/platform/media/thumbnails\nWORKDIR /usr/src/platform\n",
    )
