"""The guide forgot the migration: media from before the volume stay behind."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "```bash\n./migrate_media.sh\n```", "```bash\nls\n```")
