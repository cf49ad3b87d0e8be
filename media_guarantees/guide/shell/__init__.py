"""The shell in which a guide's commands are typed: confined to the deployment's copy and the run's own engine."""
