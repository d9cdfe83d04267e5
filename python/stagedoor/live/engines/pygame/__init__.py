"""pygame and pygame-ce: the engine, the clock, and the hooks into a game that knows no stage."""
