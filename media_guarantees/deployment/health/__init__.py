"""Whether the service is ready, how long that is waited for, and which starts need not be waited for again."""
