"""A deployment under test: its compose files, the sandboxed copy of it, and the running stack.

It imports the rooms above. Events, tests and fixtures import it to act on a stack or to ask it about itself.
"""
