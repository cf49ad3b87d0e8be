"""The restore empties the volume first: people lose what they uploaded since the backup."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        'docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu bash -c "mkdir -p /destination && tar -xzvf /backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz -C /destination"',
        'docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu bash -c "find /destination -mindepth 1 -delete && tar -xzvf /backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz -C /destination"',
    )
