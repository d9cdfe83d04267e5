"""The game's log: `logging`, stdout and stderr, warnings, and uncaught exceptions.

`capture.log` records them, `ring.Ring` keeps the newest records, and `methods` serves them.
"""
