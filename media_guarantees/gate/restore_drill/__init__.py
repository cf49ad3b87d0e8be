"""The restore drill on a live server: the guide's commands, led to scratch volumes, on a new or an older backup.

Import from the module that defines a name.
"""
