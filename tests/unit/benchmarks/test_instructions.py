"""Instructions counted by callgrind."""

import json

from benchmarks.instructions import FIGURES, PATHS, own_instructions

OUTPUT = """\
# callgrind format
positions: line
events: Ir
summary: 1000

ob=(3) /lib/libc.so.6
fn=(7) start
cob=(1) /target/hot_paths
cfn=(2) main
calls=1 0
58 900

fn=(8) memcpy
10 40
+2 60

ob=(1)
fl=(1) crates/protocol/src/receiver.rs
fn=(9) receive
12 100
-3 20
fi=(4) /home/me/.cargo/registry/src/index/simdutf8-0.1.5/src/basic.rs
7 3
cfi=(5) /rustc/123/library/core/src/slice/mod.rs
cob=(3)
cfn=(8)
calls=2 10
9 100
* 5
fe=(1)
1 2
fi=(5)
1 4

totals: 1000
"""


def test_only_what_the_program_itself_takes_is_counted() -> None:
    # Neither the C library's own nor what calls have taken in all.
    assert own_instructions(OUTPUT.splitlines(), "hot_paths") == {
        "crates/protocol/src/receiver.rs": 100 + 20 + 2,
        "simdutf8": 3 + 5,
        "core": 4,
    }
    assert own_instructions(OUTPUT.splitlines(), "libc.so.6").total() == 40 + 60
    assert own_instructions(OUTPUT.splitlines(), "another").total() == 0


def test_there_are_figures_for_every_path() -> None:
    for figures in json.loads(FIGURES.path.read_text()).values():
        assert set(figures["for a message"]) == set(PATHS)
