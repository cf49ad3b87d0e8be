"""Every backup writes into the media: a stray file shows up in galleries and archives."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        'docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu bash -c "touch /source/.backup && tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source ."',
    )
