"""A guide that prints the same commands with long options, over several lines."""

import re

from place import Place


def change(place: Place) -> None:
    longer = (
        (f"-v {place.volume}:", f"--volume {place.volume}:"),
        ("-v $(pwd)/backups:", '--volume "$(pwd)/backups":'),
        (" ubuntu tar ", " ubuntu \\\n  tar "),
        (" -C ", " \\\n  --directory "),
    )
    for short, long in longer:
        place.edit_command("backup", short, long)
    options = re.sub(r"tar -czv?f", "tar --create --gzip --verbose --file", place.command("backup"))
    place.replace_command("backup", options)
    place.replace_command("restart", "docker compose down\ndocker compose up --detach")
