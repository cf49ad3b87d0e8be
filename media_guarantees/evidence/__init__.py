"""Verdicts and reports: the catalogue of guarantees, the judgement of a run, and every format that it is written in.

It imports the rooms above. Only the evidence plugin and the commands import it: no test asks for evidence.
"""
