"""The formats in which guides are written: each is read into passages of prose and blocks of code.

It imports nothing of the library. The guide's reader imports it, and reads a guide by the ending of its name.
"""
