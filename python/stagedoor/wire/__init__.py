"""What goes over the wire, and nothing else: pure functions from bytes to objects and back.

`jsonrpc` has the JSON-RPC 2.0 messages, `errors` the error types, `games` what a running game
writes about itself in the user's runtime folder. Shared by `live` and `client`; imports neither.
"""
