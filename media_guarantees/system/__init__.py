"""The machine that a run uses: commands, locks, leftover processes, Debian packages, and the name of the run.

It imports `core` and the standard library. Every room that starts a program or owns a folder imports it.
"""
