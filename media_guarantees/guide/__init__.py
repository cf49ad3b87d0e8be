"""The storage guide: its text read into procedures, and an operator who types their commands in a shell.

It imports `core` and `system`. Rooms that run a documented command, or compare with one, import it.
"""
