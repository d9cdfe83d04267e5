"""Scripts that measure something themselves, without the load generator's report.

Each runs in a process of its own, `--quick` for less of it, and prints one JSON object: names, and
what each round has found, in nanoseconds or bytes. The first is what the others are compared with.
"""
