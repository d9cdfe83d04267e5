"""The console: code of an admin's, run in the game. Only in a stage that was started with it."""
