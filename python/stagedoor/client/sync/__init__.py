"""The blocking face of a client: `Client`, over a socket."""
