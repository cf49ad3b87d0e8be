"""Other mounts beside the volume."""

from place import Place, edit


def change(place: Place) -> None:
    guides = place.guide.parent.relative_to(place.folder)
    others = f"      - ./{guides}:/usr/share/guide:ro\n      - type: tmpfs\n        target: /scratch\n"
    edit(place.compose_file, place.mount, place.mount + others)
