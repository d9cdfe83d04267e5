"""The WebSocket server and its connections, as a program sees them."""
