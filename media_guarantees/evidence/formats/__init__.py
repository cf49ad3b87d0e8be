"""The formats of a report, one module each: JSON, Markdown, HTML, JUnit, CTRF, TAP, SARIF and others.

They import the judgement of a run from `evidence`. The evidence plugin writes them at the end of a run.
"""
