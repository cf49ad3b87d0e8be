"""Compose 1.29.2, as Debian 12 has it: a Python program, unpacked from its packages with all of its imports."""

from __future__ import annotations

import shlex
from pathlib import Path

from media_guarantees.system.debian_packages import PackageArchive

_IMPORTED = (
    "attr cached-property certifi chardet charset-normalizer distro distutils docker dockerpty docopt dotenv idna "
    "jsonschema packaging pkg-resources pyrsistent requests six texttable urllib3 websocket yaml"
)
_PACKAGES = ("docker-compose", *(f"python3-{name}" for name in _IMPORTED.split()))
# Any Python of this machine, except for the modules that Debian 12 packages.
_PROGRAM = """\
#!/bin/sh
PYTHONPATH={libraries} exec /usr/bin/python3 -c 'import sys; from compose.cli.main import main; sys.exit(main())' "$@"
"""


def compose_v1(cache: Path) -> Path:
    """Return the path of a `docker-compose` of version 1, unpacked into `cache` the first time."""
    root = PackageArchive(cache / "packages", "bookworm").unpack("compose-1", _PACKAGES)
    program = cache / "compose" / "1.29.2" / "docker-compose"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(_PROGRAM.format(libraries=shlex.quote(str(root / "usr/lib/python3/dist-packages"))))
    program.chmod(0o755)
    return program
