"""The error types: `stagedoor.wire.errors`."""

import pytest

from stagedoor.wire import errors
from stagedoor.wire.errors import RpcError

EXAMPLES: list[tuple[RpcError, int, str]] = [
    (errors.ParseError("no"), -32700, "Parse error: no"),
    (errors.InvalidRequest("no id"), -32600, "Invalid Request: no id"),
    (errors.MethodNotFound("a.b"), -32601, "Method not found: a.b"),
    (errors.InvalidParams("Expected `int`", "$.n"), -32602, "Invalid params: $.n: Expected `int`"),
    (errors.InvalidParams("two missing"), -32602, "Invalid params: two missing"),
    (errors.InternalError("oh"), -32603, "Internal error: oh"),
    (errors.HandlerError("KeyError", "'x'"), -32000, "Handler error: KeyError: 'x'"),
    (errors.HandlerError("E", "", "Traceback..."), -32000, "Handler error: E"),
    (errors.GameStalled(3.21, "g.py:9"), -32001, "Game stalled: for 3.2 s, in g.py:9"),
    (errors.GameStalled(2), -32001, "Game stalled: for 2.0 s"),
    (
        errors.GameStalled(2, "g.py:9", "do this"),
        -32001,
        "Game stalled: for 2.0 s, in g.py:9; do this",
    ),
    (errors.TimedOut(5), -32002, "Timed out: after 5 s"),
    (errors.Forbidden("admin"), -32003, "Forbidden: needs the role admin"),
    (errors.NotAuthenticated(), -32004, "Not authenticated"),
    (
        errors.TooManyRequests("256 calls in flight"),
        -32005,
        "Too many requests: 256 calls in flight",
    ),
    (errors.Cancelled(), -32006, "Cancelled"),
]


@pytest.mark.parametrize(("error", "code", "text"), EXAMPLES)
def test_an_error_is_the_same_on_both_sides_of_the_wire(
    error: RpcError, code: int, text: str
) -> None:
    other = RpcError.from_wire(error.code, error.message, error.data)
    assert type(other) is type(error)
    assert (other.code, other.message, other.data) == (code, error.message, error.data)
    assert str(other) == str(error) == text


def test_every_code_has_an_example_here() -> None:
    assert {code for _, code, _ in EXAMPLES} == errors.BY_CODE.keys()


@pytest.mark.parametrize("code", [*errors.BY_CODE, -32099, 0, 2**70])
@pytest.mark.parametrize(
    "data",
    [None, 7, "text", [1], {}, {"stalled_for": 10**400, "timeout": True}, {"reason": ["x"]}],
)
def test_data_of_any_shape_makes_an_error_that_can_be_read(code: int, data: object) -> None:
    error = RpcError.from_wire(code, "message", data)
    assert str(error).startswith("message")
    for name in ("reason", "path", "method", "where", "stalled_for", "timeout", "needs", "limit"):
        assert getattr(error, name, None) is None


def test_fields_are_typed() -> None:
    stalled = RpcError.from_wire(-32001, "m", {"stalled_for": 3, "where": "g.py"})
    assert isinstance(stalled, errors.GameStalled)
    assert (stalled.stalled_for, stalled.where) == (3.0, "g.py")
