"""A child that multiprocessing spawns runs the game's file again: its stage has its own name."""

import subprocess
import sys

from report import PATIENCE, folder, tell

file = folder() / "game.py"
file.write_text("""
import multiprocessing, stagedoor
stage = stagedoor.start("game", port=0)
def child(queue):
    queue.put(stage.name)
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    print(stage.name, queue.get(timeout=20))
    process.join()
""")
ended = subprocess.run(
    [sys.executable, file], capture_output=True, text=True, timeout=PATIENCE, check=True
)
names = ended.stdout.split()
tell(names == ["game", "game/SpawnProcess-1"], f"parent and child are called {names}")
