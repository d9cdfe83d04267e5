"""What a run needs: the load generator, and the folders in `build/` where peers are installed."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
LOADGEN = ROOT / "target" / "release" / "stagedoor-loadgen"


@dataclass(frozen=True)
class Home:
    """A folder where peers are installed, in the versions that the file `wanted` lists."""

    path: Path
    wanted: Path
    needs: str
    """What the machine must have, so that the peers can be installed."""

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def is_here(self) -> bool:
        return self._mark.exists() and self._mark.read_text() == self.wanted.read_text()

    def install(self, how: Callable[[Path, Path], None]) -> None:
        """Install the peers, unless they are up to date. `how`: gets `path` and `wanted`."""
        if not self.is_here:
            print(f"installing peers in {self.path.relative_to(ROOT)} (once)", flush=True)
            how(self.path, self.wanted)
            shutil.copyfile(self.wanted, self._mark)

    @property
    def _mark(self) -> Path:
        return self.path / "installed.txt"


BUILD = ROOT / "build"
PYTHON = Home(BUILD / "bench-venv", HERE / "requirements.txt", "Python")
NEWER_PYTHON = Home(
    BUILD / "bench-venv-newer", HERE / "requirements-newer.txt", "Python 3.12 or later"
)
NODE = Home(BUILD / "bench-node", HERE / "peers" / "package.json", "node and npm")
NODE_MODULES = NODE.path / "node_modules"


def prepare() -> None:
    """Build the load generator, and install the peers that this machine can run. Also raise the
    limit of open files as far as allowed: 10 000 connections need as many here and in the server.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    _run("cargo", "build", "--release", "--quiet", "-p", "stagedoor-loadgen")
    PYTHON.install(_virtual_environment(sys.executable))
    if newer := next(newer_pythons(), None):
        _try(NEWER_PYTHON, _virtual_environment(newer))
    if shutil.which("node") and shutil.which("npm"):
        _try(NODE, _node_modules)


def newer_pythons() -> Iterator[str]:
    """Yield the Pythons from 3.12 on this machine: this one, those on the path, and pyenv's."""
    if sys.version_info >= (3, 12):
        yield sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python3.{minor}") for minor in (14, 13, 12)]
    found += sorted(map(str, pyenv.glob("3.1[2-9]*/bin/python")), reverse=True)
    for path in filter(None, found):
        # pyenv puts a command for each version on the path, even if the version is not chosen.
        asked = subprocess.run([path, "-c", "import venv"], capture_output=True, check=False)
        if asked.returncode == 0:
            yield path


def _try(home: Home, how: Callable[[Path, Path], None]) -> None:
    """Install the peers, or print why not. The tables say that they are not here."""
    try:
        home.install(how)
    except SystemExit as error:
        print(error)


def _virtual_environment(python: str) -> Callable[[Path, Path], None]:
    def install(path: Path, wanted: Path) -> None:
        _run(python, "-m", "venv", "--clear", str(path))
        pip = (str(path / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
        _run(*pip, "install", "--quiet", "-r", str(wanted))

    return install


def _node_modules(path: Path, wanted: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wanted, path / wanted.name)
    _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(path))


def _run(*command: str) -> None:
    try:
        subprocess.run(command, cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"benchmarks: {error}") from error
