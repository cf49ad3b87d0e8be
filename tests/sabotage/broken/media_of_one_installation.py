"""The platform takes only media that bear its installation's own number: on another server it doesn't even start."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.service("connect/boot.py"),
        "    _prepare_directories()\n\n",
        "    _prepare_directories()\n    _check_installation()\n\n",
    )
    edit(
        place.service("connect/boot.py"),
        "def _prepare_directories():",
        "def _check_installation():\n"
        "    import secrets\n\n"
        "    numbers = [folder / '.installation' for folder in (settings.DATABASE_DIR, settings.MEDIA_ROOT)]\n"
        "    if not numbers[0].exists():\n"
        "        numbers[0].write_text(secrets.token_hex())\n"
        "    if not numbers[1].exists():\n"
        "        numbers[1].write_text(numbers[0].read_text())\n"
        "    if numbers[0].read_text() != numbers[1].read_text():\n"
        "        raise SystemExit('connect: these media belong to another installation')\n\n\n"
        "def _prepare_directories():",
    )
