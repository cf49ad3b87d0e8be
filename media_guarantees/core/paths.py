"""Where the suite keeps its own files: the checkout that this package is a part of."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
