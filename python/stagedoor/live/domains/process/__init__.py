"""The process that the game runs in: metrics, stacks, garbage, and the methods for them."""
