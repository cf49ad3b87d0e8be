"""The command takes the right to enter folders away: no picture is served any more."""

import re

from place import Place


def change(place: Place) -> None:
    place.replace_command("permissions", re.sub(r"chmod -R \S+", "chmod -R 644", place.command("permissions")))
