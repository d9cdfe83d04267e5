"""What the processes that run tests in parallel tell each other: `-p tests.parallel`."""

from __future__ import annotations

import os
from typing import Any

import pytest


def pytest_xdist_auto_num_workers() -> int:
    """As many processes as there are processors for us, which may not be all of the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Any:
    """Some tests log what is no UTF-8, as lone surrogates: escaped, it can be sent."""
    return escaped((yield))


def escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {escaped(key): escaped(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(escaped(member) for member in value)
    return value
