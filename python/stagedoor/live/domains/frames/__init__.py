"""What each frame took: the record, its trace for Perfetto, and the methods that tell it."""
