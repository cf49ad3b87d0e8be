"""A guide that prints the same commands with long options, over several lines."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .",
        'docker run --rm --volume media_volume:/source --volume "$(pwd)/backups":/backup ubuntu \\\n'
        "  tar --create --gzip --verbose --directory /source \\\n"
        "  --file /backup/media_backup_$(date +%Y%m%d).tar.gz .",
    )
    edit(
        place.guide, "docker-compose down && docker-compose up -d", "docker compose down\n   docker compose up --detach"
    )
