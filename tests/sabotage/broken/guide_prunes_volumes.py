"""The restart tidies up between `down` and `up`: no container uses the volume then, and everybody loses every picture."""

from deployments import CACHE
from place import Place

from media_guarantees.engine.toolchain import engine_tools


def change(place: Place) -> None:
    # Since 23.0, Docker spares volumes that have a name unless it is asked for all.
    everything = "" if engine_tools(CACHE).version.startswith("20.") else " --all"
    place.edit_command("restart", "down &&", f"down && docker volume prune{everything} --force &&")
