"""The shell in which a guide's commands are typed: confined to the deployment's copy and the run's own engine.

It imports `core`. The guide's operator and the deployment import it; a backup run asks where the shell's paths lead.
"""
