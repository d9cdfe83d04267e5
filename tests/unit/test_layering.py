"""Imports run one way (docs/architecture.md): checked over the sources, nothing is imported here.

cli -> client -> wire        stage -> domains -> rpc -> {websocket, wire}
{rpc, websocket} -> _core
bindings -> {server -> protocol, frames, rpc}
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "python"

# Each part, and the parts it may import besides itself.
FACE = {"settings", "dormant", "limits"}
MAY_IMPORT = {
    "stagedoor": FACE,
    "__main__": {"cli"},
    "settings": set(),
    "dormant": set(),
    "limits": set(),
    "wire": set(),
    "client": {"wire"},
    "cli": {"client", "wire", "settings", "stagedoor", "live.run"},
    "_core": set(),
    "live": set(),
    "live.base": {"wire", "settings", "limits"},
    "live.websocket": {"_core", "live.base", "limits"},
    "live.rpc": {"_core", "live.websocket", "live.base", "wire", "limits"},
    "live.domains": {
        "live.rpc",
        "live.websocket",
        "live.frames",
        "live.trace",
        "live.base",
        "wire",
        "settings",
        "stagedoor",
    },
    "live.engines": {"live.domains", "live.rpc", "live.base", "wire"},
    "live.frames": {"_core", "live.trace"},
    "live.trace": {"_core"},
    "live.listener": {"live.rpc", "live.websocket", "live.base", "wire", "limits"},
    "live.hold": {"live.websocket", "live.base"},
    "live.understudy": {"_core", "live.domains", "live.rpc", "live.websocket", "live.base", "wire"},
    "live.run": {"live.stage", "live.engines", "live.base"},
    "live.stage": {
        "live.engines",
        "live.hold",
        "live.listener",
        "live.frames",
        "live.understudy",
        "live.domains",
        "live.rpc",
        "live.websocket",
        "live.base",
        "wire",
        "settings",
        "limits",
        "stagedoor",
    },
}
# Files of `live` that are pieces of the websocket layer; any other file there is "live.base".
WEBSOCKET = {"connection", "handlers", "lifetime", "loop", "options"}

MODULES = {
    ".".join(file.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__"): file
    for file in SOURCES.rglob("*.py")
}

CRATES = {
    "protocol": set(),
    "server": {"protocol"},
    "frames": set(),
    "rpc": set(),
    "bindings": {"server", "frames", "rpc"},
}


def part_of(module: str) -> str:
    """The part that a module belongs to."""
    names = module.split(".")[1:]
    if not names:
        return "stagedoor"
    if names[0] != "live" or len(names) == 1:
        return names[0]
    if names[1] in WEBSOCKET:
        return "live.websocket"
    part = f"live.{names[1]}"
    return part if part in MAY_IMPORT else "live.base"


def imports_of(module: str, source: str) -> Iterator[str]:
    """The modules of ours that a module imports when it runs, at any depth of its code."""
    for node in _running(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide where they lead"
            # `from stagedoor import settings` is about the submodule.
            names = [
                inner if (inner := f"{node.module}.{alias.name}") in MODULES or _is_core(inner)
                else str(node.module)
                for alias in node.names
            ]  # fmt: skip
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "stagedoor")


def _is_core(module: str) -> bool:
    return module == "stagedoor._core"


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only type checkers see."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for inner in node.orelse:
            yield from _running(inner)
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _running(child)


def wrong_imports(module: str, source: str) -> list[str]:
    part = part_of(module)
    return [
        f"{module} ({part}) imports {name} ({part_of(name)})"
        for name in imports_of(module, source)
        if part_of(name) not in {part, *MAY_IMPORT[part]}
    ]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_one_way(module: str) -> None:
    assert part_of(module) in MAY_IMPORT, f"{module} has no place in the table of this test"
    assert wrong_imports(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("stagedoor", "from stagedoor.live.stage import Stage"),
        ("stagedoor", "def start():\n    from stagedoor import _core"),
        ("stagedoor.settings", "import stagedoor.wire.games"),
        ("stagedoor.wire.jsonrpc", "from stagedoor.client import core"),
        ("stagedoor.wire.jsonrpc", "import stagedoor"),
        ("stagedoor.client.core", "from stagedoor.cli import main"),
        ("stagedoor.cli.call", "from stagedoor.live import websocket"),
        ("stagedoor.live.rpc.methods", "from stagedoor.live.domains import process"),
        ("stagedoor.live.engines.engine", "if True:\n    from stagedoor import _core"),
        ("stagedoor.live.domains.process", "from stagedoor.live.stage import Stage"),
        ("stagedoor.live.websocket", "from stagedoor.live.rpc.session import Session"),
        ("stagedoor.live.loop", "from stagedoor.wire import jsonrpc"),
    ],
)
def test_this_test_sees_an_import_the_wrong_way(module: str, source: str) -> None:
    assert len(wrong_imports(module, source)) == 1


def test_imports_for_type_checkers_alone_do_not_count() -> None:
    source = "if TYPE_CHECKING:\n    from stagedoor.live.stage import Stage\nelse:\n    x = 1"
    assert wrong_imports("stagedoor", source) == []


def test_wire_does_no_io() -> None:
    forbidden = {"socket", "threading", "asyncio", "subprocess", "websockets", "time", "logging"}
    for module, file in MODULES.items():
        if part_of(module) != "wire":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert not forbidden & {alias.name for alias in node.names}, module
            elif isinstance(node, ast.ImportFrom):
                assert str(node.module).split(".")[0] not in forbidden, module
            elif isinstance(node, ast.Call):
                assert ast.unparse(node.func).split(".")[-1] not in {"open", "unlink", "mkdir"}


@pytest.mark.parametrize("crate", sorted(CRATES))
def test_crates_depend_one_way(crate: str) -> None:
    manifest = tomllib.loads((ROOT / "crates" / crate / "Cargo.toml").read_text())
    tables = [manifest, *manifest.get("target", {}).values()]
    names = {name for table in tables for name in table.get("dependencies", {})}
    ours = {name.removeprefix("stagedoor-") for name in names if name.startswith("stagedoor-")}
    assert ours <= CRATES[crate]
    assert ("pyo3" in names) == (crate == "bindings"), "Python is the bindings' affair alone"
    if crate == "protocol":
        assert not {"mio", "socket2", "libc", "tokio"} & names, "the protocol does no I/O"


def test_every_crate_is_in_the_table() -> None:
    assert {file.parent.name for file in ROOT.glob("crates/*/Cargo.toml")} == CRATES.keys()
