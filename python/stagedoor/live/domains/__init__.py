"""Built-in methods: a file or package for each family."""
