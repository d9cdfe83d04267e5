"""Conformance: Autobahn|Testsuite against our server, compared with a committed expectation.

`make conformance` runs `python -m tests.conformance` from the root of the repository.
"""
