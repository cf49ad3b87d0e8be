"""A script with the values of its variables in place of their names, as far as they are plain: for reading it alone."""

from __future__ import annotations

import re

# The value of a variable, where it is plain text.
_PLAIN = r"(?:[\w./:@%+-]|\$\(date [^()\\\"]*\)|\$\(pwd\)|\$\{?PWD\}?)+"
_DECLARATION = r"(?:export|readonly|local|declare|typeset)[ \t]+(?:-\w+[ \t]+)*"
_ASSIGNMENT = re.compile(
    rf"^[ \t]*(?:{_DECLARATION})?(?P<name>\w+)="
    rf"(?:(?P<quote>[\"']?)(?P<plain>{_PLAIN})(?P=quote)"
    r"|[\"'](?P<words>[\w./:@ ${}-]+)[\"']|\((?P<list>[\w./:@\s\"'-]+)\))"
    r"[ \t]*;?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_SEVERAL = re.compile(
    rf"^(?P<indent>[ \t]*)(?:{_DECLARATION})(?P<rest>(?:\w+=[^\s\"'();]*[ \t]+)+\w+=\S*)$", re.MULTILINE
)
_DEFAULT = re.compile(r"\$\{\w+:?-(?P<value>[\w./@%+-]*)\}")
_LOOP = re.compile(
    r"^(?P<indent>[ \t]*)for[ \t]+(?P<name>\w+)[ \t]+in[ \t]+(?P<words>[\w./:@ \t\"'-]+?)[ \t]*(?:;|\n)\s*do\b"
    r"(?P<body>(?:(?!\bdo\b).)*?)(?:;|\n)\s*done\b",
    re.MULTILINE | re.DOTALL,
)


def spelled_out(text: str, earlier: str = "") -> str:
    """Put the values of variables that a script sets in plain words, and plain defaults, in place of their names.

    A loop over plain words becomes what is in it, once for each of them. What was `earlier` in the same shell is read
    for its values too.
    """
    text = _SEVERAL.sub(_one_a_line, text)
    for found in [*_ASSIGNMENT.finditer(text), *reversed(list(_ASSIGNMENT.finditer(earlier)))]:
        words = found["words"] or " ".join((found["list"] or "").replace('"', "").replace("'", "").split())
        text = _with_value(text, found["name"], found["plain"] or words)
    return _LOOP.sub(_each_round, _DEFAULT.sub(lambda found: found["value"], text))


def _one_a_line(found: re.Match[str]) -> str:
    return "\n".join(f"{found['indent']}{assigned}" for assigned in found["rest"].split())


def _with_value(text: str, name: str, value: str) -> str:
    used = rf"\$(?:{name}\b|\{{{name}(?:\[[@*]\]|:?-[^}}]*)?\}})"
    if " " in value:  # several words, also where a list is quoted
        text = re.sub(rf"\"\$\{{{name}\[@\]\}}\"", lambda _: value, text)
    return re.sub(used, lambda _: value, text)


def _each_round(found: re.Match[str]) -> str:
    words = found["words"].replace('"', "").replace("'", "").split()
    return "\n".join(found["indent"] + _with_value(found["body"], found["name"], word).strip() for word in words)
