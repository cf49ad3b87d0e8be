"""What a printed command line says: the words of the shell, what Docker and tar are asked for, what is left blank."""
