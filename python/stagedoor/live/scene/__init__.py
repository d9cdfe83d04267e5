"""What is on the screen: nodes of the game's layers and of its own, and which fit a selector."""
