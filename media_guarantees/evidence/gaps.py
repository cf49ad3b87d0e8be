"""What evidence could not gather. This is the one place where gathering evidence meets an error.

Evidence looks at a deployment that may be broken, writes to disks that may be full, and runs in hooks of the test
runner, where an exception ends the whole run. So everything is gathered in a `Gaps.noted` block: its error becomes a
line of the evidence, and the run goes on with the verdicts that it would have had.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from media_guarantees.core import journal

_LENGTH = 300  # characters of an error that are worth a line


@dataclass
class Gaps:
    """What could not be gathered, a line each, in `lines`.

    Exceptions of the types `ends_run` are not noted but go on: with them, the test runner ends a run on purpose.
    Neither is `KeyboardInterrupt`, nor anything else that is no `Exception`.
    """

    ends_run: tuple[type[BaseException], ...] = ()
    lines: list[str] = field(default_factory=list)

    @contextmanager
    def noted(self, what: str) -> Iterator[None]:
        """Do the block; an error in it ends the block alone and becomes a line, "`what`: the error"."""
        try:
            yield
        except self.ends_run:
            raise
        except Exception as error:  # noqa: BLE001 - no error of gathering evidence may end a run or change its verdict
            self.add(f"{what}: {in_words(error)}")

    def add(self, line: str) -> None:
        """Note something that is missing, once."""
        if line not in self.lines:
            self.lines.append(line)


def in_words(error: BaseException) -> str:
    """Return an error in one line, without secrets: its type too, unless the operating system has words for it."""
    try:
        said = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
        line = " ".join(journal.redact(said).split())[:_LENGTH]
    except Exception:  # noqa: BLE001 - an error that can't even be printed is still one to note
        line = ""
    if isinstance(error, OSError) and line:
        return line
    return f"{type(error).__name__}: {line}" if line else type(error).__name__
