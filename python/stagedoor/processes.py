"""Which process a number means: `is_running()` and `birth_of()`.

The system gives the number of a process that has ended to another one, sooner or later. When the
process began tells the two apart. Any thread may call.
"""

import os
import sys


def is_running(pid: int, born: int | None) -> bool:
    """Whether the process runs that has this number and began then; `born`: from `birth_of()`, or
    None: not known. A process that has ended, and that its parent has not asked about (a zombie),
    does not run."""
    known = _look(pid)
    if known is None:
        return _answers(pid)
    runs, began = known
    return runs and (born is None or began is None or born == began)


def birth_of(pid: int) -> int | None:
    """When a process began, as its system counts: good for a comparison with another answer, until
    the system is started again. None: there is no such process, or the system does not tell."""
    known = _look(pid)
    return None if known is None else known[1]


if sys.platform == "win32":

    def _look(pid: int) -> tuple[bool, int | None] | None:
        import ctypes

        kernel32 = ctypes.windll.kernel32
        process = kernel32.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not process:
            return kernel32.GetLastError() == 5, None  # ERROR_ACCESS_DENIED: it runs
        code = ctypes.c_ulong()
        times = [ctypes.c_uint64() for _ in range(4)]
        knows_code = kernel32.GetExitCodeProcess(process, ctypes.byref(code))
        knows_times = kernel32.GetProcessTimes(process, *(ctypes.byref(time) for time in times))
        kernel32.CloseHandle(process)
        runs = not knows_code or code.value == 259  # STILL_ACTIVE
        return runs, times[0].value if knows_times else None

    def _answers(pid: int) -> bool:
        return False

else:

    def _look(pid: int) -> tuple[bool, int | None] | None:
        """Whether a process runs, and when it began; None: the system does not tell here."""
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                stat = file.read(4096)
        except OSError:
            return None
        # The second field is the name, in parentheses: it may contain anything.
        fields = stat.rpartition(b")")[2].split()
        try:
            state, threads, began = fields[0], int(fields[17]), int(fields[19])
        except (IndexError, ValueError):
            return None
        # Threads may go on after the first one has ended.
        return state not in (b"Z", b"X") or threads > 1, began

    def _answers(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True
