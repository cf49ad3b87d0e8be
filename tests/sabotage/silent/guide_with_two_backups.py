"""The guide prints two backup commands that differ: an operator can't tell which one is meant, and neither can we."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.guide,
        "O arquivo aparece na pasta",
        "```bash\ndocker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -cf /backup/media.tar /source\n```\n\nO arquivo aparece na pasta",
    )
