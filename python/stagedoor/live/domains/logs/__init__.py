"""What the game says: `logging`, stdout and stderr, warnings, exceptions that nobody caught.

`capture.log` has it, `ring.Ring` keeps the newest of it, `methods` tells it.
"""
