"""The formats of a report, one module each: JSON, Markdown, HTML, JUnit, TAP, GitHub annotations, the terminal's line.

They import the judgement of a run from `evidence`. The evidence plugin writes them at the end of a run.
"""
