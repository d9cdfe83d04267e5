"""pygame and pygame-ce: the engine, and the clock and hooks for games that do not tick a stage."""
