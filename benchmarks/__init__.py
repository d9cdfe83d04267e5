"""Benchmarks: stagedoor beside its peers, on this machine, in one run.

`make bench` runs `python -m benchmarks`. To add a peer, write its server in `peers/` and add it to
`roster.py`. To add a row, add a scenario to `scenarios.py`; to judge it, add a target to
`targets.py`.
"""
