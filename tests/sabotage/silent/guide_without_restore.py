"""The guide forgot the restore command: on the worst night, the operator has to invent one."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        'docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu bash -c "mkdir -p /destination && tar -xzvf /backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz -C /destination"',
        "# veja o manual do Docker",
    )
