"""The service on another base image."""

from deployments import OURS
from place import DoesNotApply, Place, edit


def change(place: Place) -> None:
    if place.deployment is not OURS:
        raise DoesNotApply("its image takes no other base")
    edit(
        place.compose_file,
        "    build: ./service\n",
        "    build:\n      context: ./service\n      args: {BASE_IMAGE: ubuntu}\n",
    )
