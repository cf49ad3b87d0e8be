"""Whether JSON has the shape that a published schema asks for: no key too many, none missing, each of its type.

A shape is a type, a set of allowed values, a list with the shape of every element, or a dictionary with the shape of
each key. A key that ends with ``?`` may be missing; ``*`` stands for every key that is not listed.
"""

from collections.abc import Iterator
from typing import Any


def faults(value: Any, shape: Any, place: str = "$") -> Iterator[str]:
    """Yield what is wrong with `value`, each with its place; nothing if it has the shape."""
    if isinstance(shape, dict):
        yield from _faults_of_object(value, shape, place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{place} is no array"
            return
        for number, element in enumerate(value):
            yield from faults(element, shape[0], f"{place}[{number}]")
    elif isinstance(shape, (set, frozenset)):
        if value not in shape:
            yield f"{place} is {value!r}"
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        yield f"{place} is {type(value).__name__}, not {shape.__name__}"


def _faults_of_object(value: Any, shape: dict[str, Any], place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no object"
        return
    known = {key.removesuffix("?"): inner for key, inner in shape.items()}
    yield from (f"{place} lacks {key}" for key in shape if key[-1] not in "?*" and key not in value)
    for key, inner in value.items():
        if key in known or "*" in known:
            yield from faults(inner, known.get(key, known.get("*")), f"{place}.{key}")
        else:
            yield f"{place} has {key}, which the schema doesn't know"
