"""Backup archives: reading one strictly, finding what makes it unsafe to restore, and damaging copies for tests.

It imports the rooms above, and works on a bare Python. Events, gate and commands import it.
"""
