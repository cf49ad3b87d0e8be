"""Create the virtual environment with the standard library alone: ``python3 -m tools.bootstrap``."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.core.paths import CACHE
from media_guarantees.system.debian_packages import PackageArchive


def main(folder: Path, lock: Path) -> int:
    """Create the virtual environment `folder` if it doesn't exist, install what `lock` pins; return an exit status."""
    try:
        if not (folder / "bin" / "python").exists():
            say(f"creating {folder}")
            create(folder)
        say(f"installing what {lock} pins")
        return install(folder, lock)
    except BadInput as problem:
        sys.stderr.write(f"{problem}\n")
        return 2


def say(what: str) -> None:
    """Print one line of progress."""
    sys.stdout.write(f"· environment: {what}\n")
    sys.stdout.flush()


def create(folder: Path) -> None:
    """Create a virtual environment with pip, also if Python comes without `ensurepip`, as Debian's does."""
    if find_spec("ensurepip") and find_spec("ensurepip._bundled"):
        venv.create(folder, with_pip=True)
        return
    wheels = PackageArchive(CACHE / "packages").unpack("pip", ("python3-pip-whl",))
    wheel = next(wheels.glob("usr/share/python-wheels/pip-*.whl"))
    venv.create(folder, with_pip=False)
    # A wheel is a zip file, and pip runs from one (pip's own documentation, "Installation").
    pip = [str(folder / "bin" / "python"), f"{wheel}/pip"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", str(wheel)], check=True)


def install(folder: Path, lock: Path) -> int:
    """Install exactly the files whose hashes `lock` holds."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    status = subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)]).returncode
    if status:
        sys.stderr.write("  hint: check the network, and pip's own settings (pip config list), then run again\n")
    return status


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
