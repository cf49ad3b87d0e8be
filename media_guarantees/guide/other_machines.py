"""What a guide prints for another machine than the one that carries it out: Windows, Podman, Kubernetes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from media_guarantees.guide.formats.document import WINDOWS_LANGUAGES, Block

_WINDOWS_TEXT = re.compile(r"%(?:cd|CD|date|USERPROFILE|[A-Z_]{4,})%|\$env:|\bGet-Date\b|[^`\n]`[ \t]*\n[ \t]+-")
_WINDOWS = re.compile(r"windows|power\s?shell|\bpwsh\b|\bcmd(?:\.exe)?\b|command prompt", re.IGNORECASE)
_OTHER_ENGINE = re.compile(r"\b(podman|nerdctl|kubernetes|k8s|helm|rancher)\b", re.IGNORECASE)
_HERE = re.compile(r"linux|mac\s?os|unix|\bwsl|\bbash\b", re.IGNORECASE)


@dataclass(frozen=True)
class Aside:
    """A procedure that is printed for another machine, at `line`: `machine` is "Windows", "Podman" and so on."""

    source: Path
    line: int
    machine: str
    procedure: str


def machine_of(block: Block) -> str:
    """The other machine that a block is for, by its language, its text, its tab or the heading above it; or ""."""
    if block.language in WINDOWS_LANGUAGES or (block.has_commands and _WINDOWS_TEXT.search(block.text)):
        return "Windows"
    for words in (block.label, *block.headings[-1:], block.lead):
        if _HERE.search(words) or re.search(r"\bdocker\b(?! desktop)", words, re.IGNORECASE):
            continue
        if _WINDOWS.search(words) and len(words) < 60:
            return "Windows"
        if (other := _OTHER_ENGINE.search(words)) and len(words) < 60:
            return other[1].capitalize()
    return ""


def as_bash_has_it(block: Block) -> Block:
    """Return a block for Windows with what its shells write otherwise as bash has it, so that it can be read."""
    text = re.sub(r"%\w+%|\$env:\w+", ".", block.text).replace("\\", "/")
    text = re.sub(r"(?<![\w/])[A-Za-z]:/", "/", text)
    return replace(block, text=re.sub(r"[`^][ \t]*\n", r"\\\n", text))
