"""What a printed command line says: the words of the shell, what Docker and tar are asked for, what is left blank.

It imports `core`. The other modules of the guide import it, and the gate, which rewrites a guide's commands.
"""
