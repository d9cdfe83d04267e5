"""Who answers while the game's thread does not: the understudy, and where the game hangs."""
