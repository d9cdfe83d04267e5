"""The machine that the figures belong to."""

import os
import platform
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

BUSY = 0.5
"""If the load average of the last minute is above this, other programs are running."""


def describe() -> dict[str, str | int | float]:
    """Return what a reader of the figures must know."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 0,
        "kernel": f"{platform.system()} {platform.release()}",
        "python": python(),
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def python() -> str:
    """The Python's version, and whether it was built without optimizations, which can take twice
    as long."""
    version = f"{platform.python_implementation()} {platform.python_version()}"
    arguments = sysconfig.get_config_var("CONFIG_ARGS")
    is_plain = arguments is not None and "--enable-optimizations" not in arguments
    return f"{version} (built without --enable-optimizations)" if is_plain else version


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
