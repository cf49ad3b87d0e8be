"""The guide prints two backup commands that differ: an operator can't tell which one is meant, and neither can we."""

from place import Place


def change(place: Place) -> None:
    command = place.command("backup")
    other = command.replace("tar -cz", "tar -c").replace(".tar.gz", ".tar")
    place.replace_command("backup", f"{command}\n```\n\n```bash\n{other}")
