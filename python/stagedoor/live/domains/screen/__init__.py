"""The domain `screen`: what the game shows, as pictures."""
