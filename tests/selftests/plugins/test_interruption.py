"""Ctrl-C ends a run with pytest's own message and no traceback, whatever was open at that moment."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
INTERRUPTED = """\
def test_that_is_interrupted():
    pipe = open("/dev/null", "rb", buffering=0)
    del pipe  # not closed: a warning, which counts as an error here
    raise KeyboardInterrupt
"""


def test_an_interrupted_run_ends_without_a_traceback(tmp_path: Path) -> None:
    test = tmp_path / "test_interrupted.py"
    test.write_text(INTERRUPTED)
    options = ["-q", "-W", "error", "-p", "fixtures.engine", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", os.devnull, str(test)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "KeyboardInterrupt !" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.returncode == 2
