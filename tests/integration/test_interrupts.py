"""Ctrl-C in everything that a client can wait in; the game goes on."""

from __future__ import annotations

import signal
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import Run
from program import Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")

GAME = """
import asyncio, time
import stagedoor
stage = stagedoor.start("patient", port=0)
print("port", stage.port, flush=True)

@stage.rpc(timeout=None)
async def wait():
    print("waits", flush=True)
    await asyncio.get_running_loop().create_future()

@stage.rpc(timeout=None)
def steps():
    print("waits", flush=True)
    while True:
        yield

stage.watch("still", lambda: 1)

while True:
    stage.tick(0.01)
    time.sleep(0.01)
"""

BLOCKING = {
    "a call": "client.call('wait')",
    "a call by attribute": "client.wait()",
    "progress": "for _ in client.progress('steps'): pass",
    "a subscription": "for _ in client.subscribe('still'): print('waits', flush=True)",
    "a subscription that gets nothing": """
        with client.subscribe('still', mode='change') as values:
            next(values)
            print('waits', flush=True)
            next(values)
    """,
}
ASYNC = {
    "a call": "await client.call('wait')",
    "progress": "async for _ in client.progress('steps'): pass",
    "a subscription that gets nothing": """
        async with client.subscribe('still', mode='change') as values:
            await anext(values)
            print('waits', flush=True)
            await anext(values)
    """,
}
VERBS = {
    "call": ["call", "wait", "--timeout", "60"],
    "call with progress": ["call", "steps", "--timeout", "60"],
}


@pytest.fixture
def game(run: Run, tmp_path: Path) -> Program:
    """The running game; it still answers after the test."""
    file = tmp_path / "patient.py"
    file.write_text(GAME)
    program = run(file, STAGEDOOR="1")
    program.wait_for(r"^port \d+$")
    return program


def interrupt_once_it_waits(program: Program, game: Program, says: Program) -> int:
    """Ctrl-C as soon as one of the two has said that the program waits; its exit code."""
    says.wait_for("^waits$")
    program.interrupt()
    code = program.wait()
    assert game.process.poll() is None
    return code


@pytest.mark.parametrize("waiting", BLOCKING.values(), ids=BLOCKING.keys())
def test_a_blocking_client_is_interrupted(run: Run, game: Program, waiting: str) -> None:
    body = "with stagedoor.connect('patient', timeout=60) as client:\n"
    body += textwrap.indent(textwrap.dedent(waiting), "    ")
    client = run("-X", "dev", "-c", f"import stagedoor\n{body}")
    says = client if "print" in waiting else game
    assert interrupt_once_it_waits(client, game, says) == -signal.SIGINT
    assert client.lines[-1] == "KeyboardInterrupt", client.lines
    assert not any("ResourceWarning" in line for line in client.lines)


@pytest.mark.parametrize("waiting", ASYNC.values(), ids=ASYNC.keys())
def test_an_asyncio_client_is_interrupted(run: Run, game: Program, waiting: str) -> None:
    body = "async def main():\n"
    body += "    async with await stagedoor.connect_async('patient', timeout=60) as client:\n"
    body += textwrap.indent(textwrap.dedent(waiting), "        ")
    source = f"import asyncio, stagedoor\n{body}\nasyncio.run(main())"
    client = run("-X", "dev", "-c", source)
    says = client if "print" in waiting else game
    assert interrupt_once_it_waits(client, game, says) == -signal.SIGINT
    assert client.lines[-1] == "KeyboardInterrupt", client.lines
    assert not any("ResourceWarning" in line for line in client.lines)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_a_verb_is_interrupted_without_a_word(run: Run, game: Program, verb: list[str]) -> None:
    command = run("-m", "stagedoor", *verb, "--to", "patient")
    assert interrupt_once_it_waits(command, game, game) == 130
    assert not any("Traceback" in line for line in command.lines), command.lines
