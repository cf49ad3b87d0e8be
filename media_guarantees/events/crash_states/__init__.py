"""What a power cut may leave on a disk: a log of its writes, the states that follow from it, and a look at each.

It imports the rooms above `events`, and the disk of `events`. The guarantee of a power cut imports it.
"""
