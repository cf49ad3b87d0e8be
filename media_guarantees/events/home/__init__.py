"""The home of a stack's media: which one the guide promises, what leads out of it, what may change, how it is lost.

It imports the stack and the rooms above. Events and the guarantees import it, to judge what became of the media.
"""
