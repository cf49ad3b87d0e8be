"""The owner's compose files: how they are read, the model that Compose makes of them, and what it says of the media.

It imports the rooms above `deployment`. The sandbox and the stack build on it.
"""
