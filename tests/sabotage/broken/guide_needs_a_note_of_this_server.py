"""The restore asks for a note that the backup left beside the archive: on another server nobody has it."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "_$(date +%Y%m%d).tar.gz -C /source .",
        "_$(date +%Y%m%d).tar.gz -C /source . && id > backups/.note",
    )
    edit(
        place.guide,
        "docker run --rm -v media_volume:/destination",
        "test -s backups/.note && docker run --rm -v media_volume:/destination",
    )
