"""Scripts that measure something themselves, without the load generator's report.

Each script runs in its own process, and `--quick` makes it shorter. It prints one JSON object: a
list for each thing that it measures, with a figure for each round, in nanoseconds or bytes. The
others are compared with the first.
"""
