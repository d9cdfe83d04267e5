"""A client's side of the conversation, without I/O: session, calls, subscriptions, WebSocket."""
