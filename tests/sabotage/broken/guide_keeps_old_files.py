"""The restore keeps whatever is there: damaged pictures stay damaged, and a new volume root's."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        'docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu bash -c "mkdir -p /destination && tar -xzvf /backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz -C /destination"',
        'docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu bash -c "mkdir -p /destination && tar --skip-old-files -xzvf /backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz -C /destination"',
    )
