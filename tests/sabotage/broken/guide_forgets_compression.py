"""The archive is not compressed, and the restore expects that it is: on the day it is needed, it fails."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -cvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
    )
