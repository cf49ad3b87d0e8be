"""Lock the dependencies with hashes, for every Python from 3.10 on: ``make lock``."""

from __future__ import annotations

import subprocess
import sys

from media_guarantees.core.paths import ROOT

LOCKS = (
    "requirements/verify",
    "requirements/dev",
    "requirements/mutants",
    "requirements/browser",
    "requirements/bench",
    "service/requirements",
)


def main() -> int:
    """Lock every list of requirements again; return the first exit status that is not 0."""
    uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--no-config", "--no-header"]
    universal = ["--universal", "--python-version", "3.10", "--generate-hashes"]
    for name in LOCKS:
        status = subprocess.run([*uv, *universal, f"{name}.in", "-o", f"{name}.txt"], cwd=ROOT).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
