"""The results of the mutants: a table of modules, and the survivors compared with the known ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LEAST = 0.9  # of a module's mutants, that its self-tests must notice
CAUGHT = frozenset({"killed", "timeout", "segfault"})  # a mutant that never ends, or that the kernel ends, is noticed
UNTRIED = frozenset({"not checked", "check was interrupted by user"})


class Mutant(NamedTuple):
    """One small change: to which function (as in "manifest.Manifest.summary"), and the lines before and after it."""

    place: str
    before: str
    after: str

    @property
    def module(self) -> str:
        """The module of the library that it is in."""
        return self.place.partition(".")[0]


@dataclass(frozen=True)
class Result:
    """A mutant's status, in mutmut's words: "killed", "survived", "timeout", "no tests" and so on."""

    mutant: Mutant
    status: str

    @property
    def survived(self) -> bool:
        """Whether no test noticed it."""
        return self.status not in CAUGHT | UNTRIED


def table(results: Sequence[Result]) -> str:
    """Summarize each module in a line: how many mutants, how many were killed, how many survived, and the score."""
    lines = [f"{'module':12} {'mutants':>8} {'killed':>8} {'survived':>8} {'score':>8}"]
    for module, of in by_module(results).items():
        survived = sum(result.survived for result in of)
        lines.append(f"{module:12} {len(of):8} {len(of) - survived:8} {survived:8} {score(of):8.1%}")
    return "\n".join(lines)


def complaints(
    results: Sequence[Result], known: Mapping[str, Iterable[Mutant]], *, whole: bool = True
) -> Iterator[str]:
    """Yield what is wrong: a survivor without a reason, a reason without its survivor, a low score.

    `known` holds the survivors that were looked at, by the reason why nothing need notice them. Where the results
    aren't of the `whole` of the mutants, only survivors without a reason are reported.
    """
    if untried := sum(result.status in UNTRIED for result in results):
        yield f"{untried} mutants were not tried: run make mutants again, it goes on where it stopped"
        return
    survivors = Counter(result.mutant for result in results if result.survived)
    listed = Counter(mutant for mutants in known.values() for mutant in mutants)
    for mutant in (survivors - listed).elements():
        yield f"survived, and isn't listed: write a test that kills it, or list it with the reason\n{as_listed(mutant)}"
    if not whole:
        return
    for mutant in (listed - survivors).elements():
        yield f"listed, but no survivor any more: take it off the list\n{as_listed(mutant)}"
    for module, of in by_module(results).items():
        if score(of) < LEAST:
            yield f"{module}: only {score(of):.1%} of its mutants were killed, and {LEAST:.0%} must be"


def by_module(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Group results by the mutated module, in alphabetical order."""
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda result: result.mutant):
        found.setdefault(result.mutant.module, []).append(result)
    return found


def score(results: Sequence[Result]) -> float:
    """Return the share of the mutants that was noticed."""
    return sum(not result.survived for result in results) / len(results)


def as_listed(mutant: Mutant) -> str:
    """Format a mutant as an entry of the list of survivors."""
    lines = ("Mutant(", *(f"    {part!r}," for part in mutant), "),")
    return "\n".join(f"        {line}" for line in lines)
