"""What became of a process: read from proc(5), as asking by signal can't tell a dead one from a living one."""

from pathlib import Path

from media_guarantees.core.waiting import wait_until


def state_of(pid: int) -> str:
    """Return the letter of proc(5) for what a process does; "" if there is none, or nothing left but its status."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "ZX" else state


def expect_gone(pid: int) -> None:
    """Fail unless a process ends within seconds: signals take their time."""
    wait_until(lambda: not state_of(pid), what=f"process {pid} is gone", seconds=5)


def pid_in(file: Path) -> int:
    """Wait until somebody has written a process's number and a newline into a file, and return it."""

    def written() -> str:
        text = file.read_text() if file.exists() else ""
        return text if text.endswith("\n") else ""

    return int(wait_until(written, what=f"{file.name} is written", seconds=10))
