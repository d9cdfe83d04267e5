"""Hours of use in half a minute: what comes and goes at a running game must leave nothing.

    SOAK_SECONDS=600 python -m pytest -s tests/integration/soak

runs it for longer, and prints what it saw.
"""
