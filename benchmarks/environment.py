"""What a run needs: the load generator, and an environment of their own for the peers."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOADGEN = ROOT / "target" / "release" / "stagedoor-loadgen"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
VENV = ROOT / "build" / "bench-venv"
PEER_PYTHON = VENV / "bin" / "python"


def prepare() -> None:
    """Build the load generator and install the peers, where they are not up to date."""
    _run("cargo", "build", "--release", "--quiet", "-p", "stagedoor-loadgen")
    installed = VENV / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if not installed.exists() or installed.read_text() != wanted:
        print(f"installing the peers in {VENV.relative_to(ROOT)} (once)", flush=True)
        _run(sys.executable, "-m", "venv", "--clear", str(VENV))
        _run(str(PEER_PYTHON), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS))
        installed.write_text(wanted)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"benchmarks: {error}") from error
