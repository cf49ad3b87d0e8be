"""What happens to a stack, alone or during uploads: restarts, crashes, backups, full disks.

It imports the rooms above. Guarantee tests import it: they run an event and judge the media afterwards.
"""
