"""What pauses the game by itself: a condition that comes true, an exception, a slow frame."""
