"""Who gets in, and by what name: the listener, and the entry in the registry of running games."""
