"""Media: sample pictures, uploads, and manifests, which hold everything about a tree of files and can be compared.

It imports the rooms above. Manifests and comparisons work on a bare Python, because the archive check needs them.
Rooms that upload, list or compare files import it.
"""
