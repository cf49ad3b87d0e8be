"""Every backup leaves a container behind that holds the volume: it can't be replaced when it must be."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        "docker run -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
    )
