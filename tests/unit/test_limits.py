"""`stagedoor.Limits`: a table that says of each limit what it is, and that is checked."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor import limits as module
from stagedoor.limits import LARGEST, OF_BARE_SERVER, Limits, ServerLimits
from stagedoor.live.net.options import check_limits
from stagedoor.live.net.websocket import WebSocketServer
from stagedoor.live.stage import Stage

ROOT = Path(__file__).parents[2]
DEFAULTS = Limits._field_defaults
SECONDS = [name for name, value in DEFAULTS.items() if isinstance(value, float)]
COUNTS = [name for name in DEFAULTS if name not in SECONDS]


def docstrings() -> dict[str, str]:
    """What stands under each limit."""
    [table] = [node for node in ast.parse(inspect.getsource(module)).body if is_table(node)]
    assert isinstance(table, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(table.body, table.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(s))
            ):
                found[name] = s
    return found


def is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and node.name == "Limits"


def test_every_limit_has_a_default_and_says_what_it_is() -> None:
    assert docstrings().keys() == set(Limits._fields) == DEFAULTS.keys()
    assert all(text.endswith(".") for text in docstrings().values())


def test_it_is_a_name_of_the_package() -> None:
    assert stagedoor.Limits is Limits


def test_none_is_the_defaults() -> None:
    assert check_limits(None) == Limits()
    assert check_limits(Limits(ping_interval=None)).ping_interval is None


def test_a_limit_has_the_name_and_the_default_of_the_servers_option() -> None:
    options = {
        name: parameter.default
        for name, parameter in inspect.signature(WebSocketServer).parameters.items()
        if isinstance(parameter.default, int | float) and name != "compression"
    }
    assert options.keys() <= DEFAULTS.keys()
    differing = {name for name in options if options[name] != DEFAULTS[name]}
    assert differing == {"max_connections", "max_receive_memory"}


def test_what_is_said_of_a_bare_server_is_said_of_limits() -> None:
    kinds = Limits.__annotations__
    assert all(kinds[name] == kind for name, kind in ServerLimits.__annotations__.items())
    assert kinds.keys() >= OF_BARE_SERVER.keys() | LARGEST.keys()
    assert set(kinds.values()) == {int, float, float | None}


@pytest.mark.parametrize("value", [200, {"max_connections": 200}, (200,)], ids=repr)
def test_what_is_no_limits_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="limits must be a stagedoor"):
        Stage("game", limits=value)


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [0, -1, 2**64, 5.0, "5", None, True], ids=repr)
def test_a_count_that_cannot_be_one_is_an_error_that_names_it(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name} must be"):
        Stage("game", limits=Limits(**{name: value}))


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "5", True], ids=repr)
def test_seconds_that_cannot_be_are_an_error_that_names_them(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name} must be"):
        Stage("game", limits=Limits(**{name: value}))


def test_connections_are_at_most_100_000() -> None:
    assert check_limits(Limits(max_connections=100_000)).max_connections == 100_000
    with pytest.raises(ValueError, match="max_connections must be at most 100000, not 100001"):
        check_limits(Limits(max_connections=100_001))


def test_a_stage_hands_its_limits_on() -> None:
    limits = Limits(max_connections=3, max_message_size=5, max_unauthenticated=2, tick_budget=0.5)
    stage = Stage("game", hosts=["a.example"], origins=["https://b.example"], limits=limits)
    assert stage._transport.options.limits is limits
    core = stage._transport.options.for_core()
    assert (core["hosts"], core["origins"]) == (["a.example"], ["https://b.example"])
    assert stage._hub.limits is limits
    assert stage._budget.seconds == 0.5


ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def shown(value: float) -> set[str]:
    """How a default may stand in the docs."""
    if isinstance(value, float):
        return {f"{value:g} s"} if value >= 1 else {f"{value * 1000:g} ms"}
    as_bytes = {
        f"{value >> shift} {unit}"
        for shift, unit in ((10, "KiB"), (20, "MiB"))
        if value % (1 << shift) == 0 and value >> shift < 1024
    }
    return {str(value), f"{value:,}".replace(",", " "), *as_bytes}


def test_the_table_in_the_docs_has_every_limit_with_its_default_in_this_order() -> None:
    rows = ROW.findall((ROOT / "docs" / "security.md").read_text())
    assert [name for name, _ in rows] == list(Limits._fields)
    for name, text in rows:
        assert text in shown(DEFAULTS[name]), name


def test_the_servers_options_in_the_docs_are_all_of_them() -> None:
    page = (ROOT / "docs" / "websocket-server.md").read_text()
    table = page.partition("## Options")[2].partition("\n## ")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row)}
    assert inspect.signature(WebSocketServer).parameters.keys() <= named
