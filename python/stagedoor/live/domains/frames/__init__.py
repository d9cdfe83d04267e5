"""How long each frame took, and where the time went: the record, the methods, the trace."""
