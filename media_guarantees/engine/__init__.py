"""Docker engines and what they need: a private engine, or the one that the environment names, tools and base images.

It imports the rooms above, and works on a bare Python. Rooms that talk to an engine import it.
"""
