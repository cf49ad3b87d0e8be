"""Show what is read out of a storage guide, without Docker: its procedures, and what keeps them from running."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Describe a guide; return 0 if it can be read, 2 if it can't."""
    parser = argparse.ArgumentParser(prog="media-guarantees read-guide", description=__doc__)
    parser.add_argument("guide", type=Path, help="the guide: Markdown, reStructuredText, AsciiDoc, a shell script")
    parser.add_argument("--folder", type=Path, help="where its reader stands, with the scripts that it runs")
    parser.add_argument("--media", action="append", default=[], help="what the media's volume or service is called")
    parser.add_argument("--project", default="", help="what Compose calls the deployment, for `<project>_media`")
    asked = parser.parse_args(arguments)
    # Not at the top: what reads a guide needs packages, and `--help` has to work without any.
    reader, description = (import_module(f"media_guarantees.guide.{name}") for name in ("reader", "description"))
    try:
        guide = reader.read_guide(asked.guide, asked.folder or reader.guide_files(asked.guide)[0].parent)
        guide = guide.about(asked.media, {"project": asked.project})
    except reader.GuideUnreadable as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    sys.stdout.write("\n\n".join(description.guide_report(guide)) + "\n")
    return 0
