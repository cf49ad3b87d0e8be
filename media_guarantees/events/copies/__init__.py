"""A backup that is taken with the guide's command, what it left behind, and its restore."""
