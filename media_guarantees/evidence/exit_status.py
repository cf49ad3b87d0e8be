"""The exit status of a run. Its numbers are pytest's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from media_guarantees.core.verdict import BROKEN, UNPROVEN
from media_guarantees.evidence.catalogue import BY_ID

OK, TESTS_FAILED, INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR = range(5)


def final_status(status: int, *, verdict: str, complete: bool, beyond_only: bool, require_all: bool) -> int:
    """Return the exit status of a run that the test runner would end with `status`.

    `complete` is whether every selected test ran to its end. `beyond_only` is whether every failure lies beyond the
    document and doesn't count: then a whole run is a success. A run that was cut short never is.
    """
    if status == TESTS_FAILED and beyond_only and complete:
        status = OK
    if status != OK:
        return status
    if not complete:
        return INTERRUPTED
    return TESTS_FAILED if verdict == BROKEN or (require_all and verdict == UNPROVEN) else OK


def only_beyond(failed: Collection[str], guarantees: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether something failed, and nothing but tests of what goes beyond the guide.

    `failed` are the ids of all tests and files that failed; `guarantees` holds, by id, what each test proves.
    """
    return bool(failed) and all(_is_beyond(guarantees.get(nodeid, ())) for nodeid in failed)


def _is_beyond(names: tuple[str, ...]) -> bool:
    return bool(names) and all(BY_ID[name].beyond for name in names)
