"""What callgrind says of a whole server, by thread and by what the code belongs to."""

import json
from collections import Counter

from benchmarks.where import FIGURES, ROWS, component_of, for_each_thread, table, thread_of


def test_threads_have_names() -> None:
    head = ["# callgrind format", "version: 1", "thread: {}", "positions: line"]
    named = [thread_of([line.format(number) for line in head]) for number in (1, 2, 3)]
    assert named == ["game", "network", "others"]


def test_code_belongs_to_a_project() -> None:
    library = "/rustc/5980/library/core/src/slice/mod.rs"
    ours = "/tmp/x/python/stagedoor/_core.abi3.so"
    own = "crates/server/src/queues/outbox.rs"
    assert component_of(ours, own) == own
    assert component_of(ours, library) == "core"
    assert component_of("/usr/lib/libpython3.11.so.1.0", "Python/ceval.c") == "CPython"
    assert component_of("/usr/bin/python3.12", "") == "CPython"
    assert component_of("/venv/msgspec/_core.cpython-311.so", "_core.c") == "msgspec"
    assert component_of("/lib/libc.so.6", "") == "C library"


def test_small_parts_are_put_together_and_all_are_for_a_message() -> None:
    costs: Counter[tuple[str, str]] = Counter(
        {
            ("network", "core"): 2000,
            ("game", "CPython"): 7000,
            ("game", "msgspec"): 994,
            ("game", "simdutf8"): 4,
            ("others", "core"): 2,
        }
    )
    assert list(table("echo", costs, 10))[1:] == [
        "| **game thread** | 800 | 80.0% |",
        "| CPython | 700 | 70.0% |",
        "| msgspec | 99 | 9.9% |",
        "| the rest | 0 | 0.0% |",
        "| **network thread** | 200 | 20.0% |",
        "| core | 200 | 20.0% |",
        "| the rest | 0 | 0.0% |",
    ]
    assert for_each_thread("echo", costs, 10) == {
        "echo, game thread": 800,
        "echo, network thread": 200,
    }


def test_there_are_figures_for_every_row() -> None:
    for figures in json.loads(FIGURES.path.read_text()).values():
        names = {f"{row}, {thread} thread" for row in ROWS for thread in ("game", "network")}
        assert set(figures["for a message"]) == names
