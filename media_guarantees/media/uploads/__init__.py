"""Uploads: what a platform's API is like, the clients that use it, and what became of a picture.

It imports `core`, `system` and the sample pictures of `media`. Rooms that upload or request pictures import it.
"""
