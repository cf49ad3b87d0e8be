"""The restart tidies up between `down` and `up`: no container uses the volume then, and everybody loses every picture."""

from place import CACHE, Place, edit

from media_guarantees.engine.toolchain import engine_tools


def change(place: Place) -> None:
    # Since 23.0, Docker spares volumes that have a name unless it is asked for all.
    everything = "" if engine_tools(CACHE).version.startswith("20.") else " --all"
    edit(
        place.guide,
        "docker-compose down && docker-compose up -d",
        f"docker-compose down && docker volume prune{everything} --force && docker-compose up -d",
    )
