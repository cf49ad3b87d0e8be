"""The restart starts another project, whose volume is a new one: people find none of their pictures."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, place.name_line, "")
    volume = f"{place.deployment.project or place.deployment.name}_{place.volume}"
    for procedure in ("backup", "restore"):
        place.replace_command(procedure, place.command(procedure).replace(place.volume, volume))
    place.edit_command("restart", "compose up", "compose -p platform up")
