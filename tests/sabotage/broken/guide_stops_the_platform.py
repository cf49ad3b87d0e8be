"""The platform is down during every backup: people can't upload, every night."""

from place import Place


def change(place: Place) -> None:
    service = place.deployment.service
    place.edit_command("backup", "docker run --rm", f"docker-compose stop {service} && docker run --rm")
    place.replace_command("backup", f"{place.command('backup')} && docker-compose start {service}")
