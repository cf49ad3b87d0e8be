"""The guide backs up a volume that nobody writes to: after a disk failure there is nothing to restore."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        "docker run --rm -v media_files:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
    )
