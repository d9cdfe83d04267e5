"""Imports run one way (docs/architecture.md), folder by folder: checked over the sources, nothing
is imported here.

cli -> client -> wire        stage -> domains -> rpc -> {topics, net, wire}
{domains, rpc, net} -> _core -> {wire, limits}, of which the stub has types
bindings -> {server -> protocol, frames, rpc, pictures}
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "python"

# Each room, and the rooms it may import besides itself. A room is a folder, or a file that lies
# beside folders.
FACE = {"settings", "dormant", "limits", "bounds"}
MAY_IMPORT = {
    "stagedoor": FACE,
    "__main__": {"cli"},
    "settings": set(),
    "dormant": set(),
    "limits": set(),
    "bounds": set(),
    "checks": set(),
    "processes": set(),
    "_core": {"wire", "limits"},  # the types in its stub
    "wire": set(),
    "client.health": {"wire"},
    "client.errors": {"client.health", "wire"},
    "client.forks": set(),
    "client.core": {"client.errors", "client.health", "wire"},
    "client.find": {"checks", "client.core", "client.errors", "processes", "wire"},
    "client.sync": {
        "checks",
        "client.find",
        "client.core",
        "client.errors",
        "client.forks",
        "wire",
    },
    "client.asyncio": {
        "checks",
        "client.find",
        "client.core",
        "client.errors",
        "client.forks",
        "wire",
    },
    "client": {"checks", "client.sync", "client.asyncio", "client.find", "wire"},
    "cli": {
        "client",
        "client.sync",
        "client.asyncio",
        "client.find",
        "client.core",
        "client.errors",
        "client.health",
        "live.run",
        "wire",
        "settings",
        "stagedoor",
    },
    "live": set(),
    "live.net": {"checks", "_core", "limits", "wire"},
    "live.topics": {"live.net", "wire"},
    "live.values": {"wire"},
    "live.language": set(),
    "live.reach": {"checks", "live.language", "live.values", "wire"},
    "live.rpc": {"checks", "live.topics", "live.net", "live.values", "_core", "wire", "limits"},
    "live.access": {"live.rpc", "live.net", "processes", "settings", "wire", "limits"},
    "live.pacing": {"live.net"},
    "live.stall": {"live.rpc", "live.topics", "live.net", "_core", "wire"},
    "live.domains": {
        "bounds",
        "checks",
        "live.engines",
        "live.language",
        "live.reach",
        "live.rpc",
        "live.topics",
        "live.net",
        "live.pacing",
        "live.scene",
        "live.values",
        "_core",
        "settings",
        "wire",
        "stagedoor",
    },
    "live.engines": {"live.reach", "live.values"},
    "live.scene": {"checks", "live.engines", "live.language", "live.reach", "wire"},
    "live.closing": {
        "live.domains",
        "live.stall",
        "live.pacing",
        "live.access",
        "live.rpc",
        "live.net",
    },
    "live.lending": {"live.engines", "live.domains", "live.pacing", "live.rpc"},
    "live.offers": {
        "checks",
        "live.domains",
        "live.rpc",
        "live.net",
        "wire",
        "stagedoor",
    },
    "live.stage": {
        "checks",
        "live.offers",
        "live.closing",
        "live.lending",
        "live.engines",
        "live.domains",
        "live.stall",
        "live.pacing",
        "live.access",
        "live.rpc",
        "live.topics",
        "live.net",
        "wire",
        "limits",
        "stagedoor",
    },
    "live.run": {"live.stage", "live.lending", "live.engines", "live.net"},
}

MODULES = {
    ".".join(file.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__"): file
    for pattern in ("*.py", "*.pyi")
    for file in SOURCES.rglob(pattern)
}
"""The files of our modules; of the native one, its stub."""

CRATES = {
    "protocol": set(),
    "server": {"protocol"},
    "frames": set(),
    "rpc": set(),
    "pictures": set(),
    "bindings": {"server", "frames", "rpc", "pictures"},
}

# Each room of the crate `server`, and the rooms it may use.
SERVER = ROOT / "crates" / "server" / "src"
MAY_USE = {
    "io": set(),
    "gate": set(),
    "http": set(),
    "settings": {"io", "gate", "http"},
    "queues": {"io", "gate"},
    "peer": {"io", "gate", "http", "settings", "queues"},
    "network": {"io", "queues", "peer"},
    "server": {"io", "gate", "settings", "queues", "peer", "network"},
}


def room_of(module: str) -> str:
    """The room that a module belongs to."""
    names = module.split(".")[1:]
    if not names:
        return "stagedoor"
    if names[0] in {"live", "client"}:
        return ".".join(names[:2])
    return names[0]


def imports_of(module: str, source: str) -> Iterator[str]:
    """The modules of ours that a module imports when it runs, at any depth of its code."""
    for node in _running(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide where they lead"
            # `from stagedoor import settings` is about the submodule.
            names = [
                inner if (inner := f"{node.module}.{alias.name}") in MODULES
                else str(node.module)
                for alias in node.names
            ]  # fmt: skip
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "stagedoor")


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
    room = room_of(module)
    return [
        f"{module} ({room}) imports {name} ({room_of(name)})"
        for name in imports_of(module, source)
        if room_of(name) not in {room, *MAY_IMPORT[room]}
    ]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_one_way(module: str) -> None:
    assert room_of(module) in MAY_IMPORT, f"{module} has no place in the table of this test"
    assert wrong_imports(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("stagedoor", "from stagedoor.live.stage import Stage"),
        ("stagedoor", "def start():\n    from stagedoor import _core"),
        ("stagedoor.settings", "import stagedoor.wire.games"),
        ("stagedoor.wire.jsonrpc", "from stagedoor.client.core import session"),
        ("stagedoor.wire.jsonrpc", "import stagedoor"),
        ("stagedoor.client.core.session", "from stagedoor.client.find import games"),
        ("stagedoor.client.sync.line", "from stagedoor.client.asyncio.line import AsyncLine"),
        ("stagedoor.client.errors", "from stagedoor.cli import main"),
        ("stagedoor.cli.call", "from stagedoor.live.net import websocket"),
        ("stagedoor._core", "from stagedoor.live.rpc.session import Session"),
        ("stagedoor.live.rpc.methods", "from stagedoor.live.domains import game"),
        ("stagedoor.live.topics.topics", "from stagedoor.live.rpc.session import Session"),
        ("stagedoor.live.engines.base", "if True:\n    from stagedoor import _core"),
        ("stagedoor.live.domains.process.methods", "from stagedoor.live.stage import Stage"),
        ("stagedoor.live.net.websocket", "from stagedoor.live.rpc.session import Session"),
        ("stagedoor.live.net.loop", "from stagedoor.live.rpc import hub"),
    ],
)
def test_this_test_sees_an_import_the_wrong_way(module: str, source: str) -> None:
    assert len(wrong_imports(module, source)) == 1


def test_rooms_lie_on_floors() -> None:
    floors = list(TopologicalSorter(MAY_IMPORT).static_order())  # raises for a circle
    assert set(floors) == MAY_IMPORT.keys()


def test_imports_for_type_checkers_alone_do_not_count() -> None:
    source = "if TYPE_CHECKING:\n    from stagedoor.live.stage import Stage\nelse:\n    x = 1"
    assert wrong_imports("stagedoor", source) == []


def test_wire_does_no_io() -> None:
    forbidden = {"socket", "threading", "asyncio", "subprocess", "websockets", "time", "logging"}
    for module, file in MODULES.items():
        if room_of(module) != "wire":
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


def wrong_uses(room: str, source: str) -> list[str]:
    """The paths in a file of `crates/server` that lead to a room it may not use."""
    code = re.sub(r"//.*", "", source)
    uses = re.findall(r"\bcrate::(\w+)", code)
    # From the file of a room, two steps up are outside of it.
    uses += re.findall(r"\bsuper::super\b", code)
    return [use for use in uses if use not in {room, *MAY_USE[room]}]


@pytest.mark.parametrize("file", sorted(SERVER.rglob("*.rs")), ids=lambda file: file.stem)
def test_rooms_of_the_server_use_each_other_one_way(file: Path) -> None:
    room = file.relative_to(SERVER).with_suffix("").parts[0]
    if room != "lib":
        assert wrong_uses(room, file.read_text()) == []


def test_no_rooms_use_each_other() -> None:
    order = list(MAY_USE)
    for at, room in enumerate(order):
        assert MAY_USE[room] <= set(order[:at]), f"{room} uses what stands below it"
    assert {path.stem for path in SERVER.iterdir()} == {*order, "lib"}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("io", "use crate::queues::event::Batch;"),
        ("gate", "    use crate::settings::Settings;"),
        ("queues", "state: Mutex<Option<crate::server::Server>>,"),
        ("peer", "use super::super::network::Network;"),
        ("network", "use crate::server::Server; // and crate::queues"),
    ],
)
def test_this_test_sees_a_use_the_wrong_way(room: str, source: str) -> None:
    assert len(wrong_uses(room, source)) == 1
    assert wrong_uses(room, f"/// {source}\nuse crate::{room}::part;") == []
