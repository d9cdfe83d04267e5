"""In `stagedoor shell`, at={"x": 1, "y": 2}, as documentation writes JSON, is one value."""

from report import LOOP, PYGAME, command, game, tell

METHOD = """
@stage.rpc
def drop(at: dict) -> int:
    return len(at)
"""

with game(PYGAME + METHOD + LOOP):
    shell = command("shell", input='drop at={"x": 1, "y": 2}\n')
tell(
    shell.returncode == 0 and shell.stdout.strip() == "2",
    f"{shell.returncode}: {shell.stdout.strip()!r} {shell.stderr.strip()!r}",
)
