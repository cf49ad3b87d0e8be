"""Run ShellCheck, from PATH or from the package archive: ``python3 -m tools.shellcheck SCRIPT...``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from media_guarantees.core.paths import CACHE
from media_guarantees.system.debian_packages import PackageArchive, library_environment


def main(scripts: list[str]) -> int:
    """Check `scripts` and return ShellCheck's exit status."""
    environment = dict(os.environ)
    if not shutil.which("shellcheck"):
        archive = PackageArchive(CACHE / "packages")
        environment = library_environment(archive.unpack("shellcheck", ("shellcheck", "libgmp10", "libffi8")))
    return subprocess.run(["shellcheck", *scripts], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
