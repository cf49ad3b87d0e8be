"""Scripts for `sh` that fill the disk of their working directory, and empty it again."""

FILLER = ".filler"
# What is written late takes its room late: only what is synced shows what is left.
FILL = f"for round in 1 2 3; do cat /dev/zero >> {FILLER}; sync -f .; done 2> /dev/null || :"
FILL_INODES = f"mkdir {FILLER} && seq 1000 | (cd {FILLER} && xargs touch 2> /dev/null || :)"
EMPTY = f"rm -r {FILLER}"
