"""What developers run: the virtual environment's set-up, the locks of the dependencies, ShellCheck."""
