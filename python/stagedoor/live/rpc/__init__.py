"""The RPC interface: typed methods, the sessions that call them, and the answers."""
