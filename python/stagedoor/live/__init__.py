"""What runs inside the game. Imported only where stagedoor is enabled."""
