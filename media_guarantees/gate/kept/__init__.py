"""A restore drill of an archive that is already there: which one, what it holds, and what the operator demands of it.

Import from the module that defines a name.
"""
