"""Which games run here, where a client connects to, and with which token and certificates."""
