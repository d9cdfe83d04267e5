"""Values that clients subscribe to: topics, their groups, and where published values go."""
