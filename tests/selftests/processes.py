"""The state of a process, read from proc(5): a signal can't tell a zombie from a living process."""

from pathlib import Path

from media_guarantees.core.waiting import wait_until


def state_of(pid: int) -> str:
    """Return the state letter of proc(5) of a process; "" if there is none, or only a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "ZX" else state


def expect_gone(pid: int) -> None:
    """Fail unless a process ends within 5 s."""
    wait_until(lambda: not state_of(pid), what=f"process {pid} is gone", seconds=5)


def pid_in(file: Path) -> int:
    """Wait until a process id and a newline are in a file, and return the id."""

    def written() -> str:
        text = file.read_text() if file.exists() else ""
        return text if text.endswith("\n") else ""

    return int(wait_until(written, what=f"{file.name} is written", seconds=10))
