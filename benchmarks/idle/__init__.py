"""What stagedoor costs a game when nothing happens: nanoseconds for each call.

Each script runs in a process of its own and prints one JSON object.
"""
