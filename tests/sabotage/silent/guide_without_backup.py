"""The guide forgot the backup command: whoever follows it has no backup."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        "# veja o manual do Docker",
    )
