"""Mutants that no self-test kills, by the reason why none need do so."""

from __future__ import annotations

from score import Mutant

SURVIVORS: dict[str, tuple[Mutant, ...]] = {}
