"""Which games run here, and where a client connects to, with which token and certificates."""
