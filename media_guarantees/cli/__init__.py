"""Commands for people: check-archive, clean, monitor, and the stack of `make up`.

It imports the rooms above. Only `media_guarantees.__main__` imports it, one module for each command.
"""
