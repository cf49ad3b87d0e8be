"""The formats in which guides are written: each is read into passages of prose and blocks of code."""
