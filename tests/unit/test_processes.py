"""Which process a number means: `stagedoor.processes`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stagedoor.processes import birth_of, is_running

HERE = os.getpid()
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc")


def test_this_process_runs_and_one_that_was_waited_for_does_not() -> None:
    assert is_running(HERE, None)
    assert is_running(HERE, birth_of(HERE))
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert not is_running(process.pid, None)
    assert birth_of(process.pid) is None


@linux
def test_a_process_that_began_at_another_time_is_another_one() -> None:
    born = birth_of(HERE)
    assert born is not None
    assert not is_running(HERE, born - 1)


@linux
def test_a_zombie_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        born = birth_of(process.pid)
        assert is_running(process.pid, born)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_running(process.pid, born)
        assert not is_running(process.pid, None)


@linux
def test_a_process_whose_first_thread_has_ended_runs() -> None:
    code = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=lambda: (print('on', flush=True), time.sleep(60))).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            status = Path(f"/proc/{process.pid}/status")
            while "State:\tZ" not in status.read_text():
                pass
            assert is_running(process.pid, birth_of(process.pid))
        finally:
            process.kill()
