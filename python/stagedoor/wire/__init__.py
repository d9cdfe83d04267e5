"""What a game and its clients say to each other: pure functions from bytes to objects and back.

`jsonrpc` has the JSON-RPC 2.0 messages, `reply` reads what a game sends, `errors` has the error
types, and `roles` the roles. `games` and `tokens` are the files that a running game writes into the
user's runtime folder. `live` and `client` share this package; it imports neither.
"""
