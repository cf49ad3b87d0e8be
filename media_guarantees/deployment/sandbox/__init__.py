"""The sandbox of a stranger's deployment: its model made harmless, private copies of what it mounts, its folder.

It imports the deployment's model and the rooms above. `startup` lays the sandbox out; the stack runs in it.
"""
