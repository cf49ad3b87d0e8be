"""A live server before and after a deploy: its media recorded, compared and restored beside it, read-only.

It imports the rooms above. The tests of the deploy gate import it, and the commands that report on it.
"""
