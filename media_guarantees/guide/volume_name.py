"""What Docker accepts as a volume's name."""

import re

VOLUME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")
"""The source of a `-v` that isn't one is a directory of the host."""
