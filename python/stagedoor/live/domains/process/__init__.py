"""The process that the game is: metrics, stacks, garbage, and the methods that tell them."""
