"""The stages of a run, in the order in which data flow through them."""

pytest_plugins = [
    "fixtures.options",
    "fixtures.engine",
    "fixtures.stack",
    "fixtures.media",
    "fixtures.procedures",
    "fixtures.deploy",
    "fixtures.evidence",
]
