"""A backup that is taken with the guide's command, what it left behind, and its restore.

It imports `archive`, the stack and the rooms above. The guarantees of backup and restore import it, and the drill.
"""
