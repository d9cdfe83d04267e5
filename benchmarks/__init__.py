"""Benchmarks: stagedoor beside its peers, on this machine, in one run.

`make bench` runs `python -m benchmarks`. To add a peer, write its server in `peers/` and name it in
`roster.py`; to add a row, name it in `scenarios.py`; to judge one, in `targets.py`.
"""
