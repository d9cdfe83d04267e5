"""Built-in methods, one file for each family."""
