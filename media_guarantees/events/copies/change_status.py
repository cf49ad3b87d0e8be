"""How a backup may end while people upload: with 0, or with what its program says of files that changed."""

from __future__ import annotations

import re

from media_guarantees.guide.steps import Step

# GNU tar's manual, "Synopsis": a file, or a directory, changed while it was being archived.
_TAR = 1
# rsync(1), "EXIT VALUES": some files vanished before they could be transferred. zip(1), "DIAGNOSTICS": a file could not
# be opened, as one that was renamed since it was listed. restic's manual, "Exit codes": a file could not be read.
_BY_PROGRAM = {"rsync": 24, "zip": 18, "restic": 3}


def statuses_of_change(step: Step) -> frozenset[int]:
    """Return the exit statuses that say no more of a backup than that files changed while it read them."""
    typed = f"{step.script}\n{step.body}"
    others = (status for program, status in _BY_PROGRAM.items() if re.search(rf"(?<![\w.-]){program}(?![\w.-])", typed))
    return frozenset({0, _TAR, *others})
