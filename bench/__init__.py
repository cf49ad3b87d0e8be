"""Measurements of what the suite costs, compared with other tools: `make bench`."""
