"""What every other room stands on: errors, the journal of a run, waiting with a deadline, files written in one step.

It imports the standard library alone, so that it works on a bare Python. Every room imports it.
"""
