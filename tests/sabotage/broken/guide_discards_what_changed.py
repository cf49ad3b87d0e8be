"""A backup is thrown away if somebody uploads meanwhile: a busy platform has none, and nobody notices until the disaster."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source . || { rm -f backups/media_backup_$(date +%Y%m%d).tar.gz; false; }",
    )
