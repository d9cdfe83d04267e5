"""Calls for one frame: `stagedoor.client.core.batch`."""

import pytest

from stagedoor.client.core.batch import Batch
from stagedoor.client.errors import BadParamsError, BadReplyError, NotRunError
from stagedoor.wire.errors import HandlerError


def test_calls_are_collected_and_get_their_own_results() -> None:
    batch = Batch(at=7, stop_on_error=True)
    one = batch.spawn("big")
    two = batch.call("player.heal", amount=1)
    three = batch.game.pause()
    assert batch.request() == {
        "calls": [
            {"method": "spawn", "params": ("big",)},
            {"method": "player.heal", "params": {"amount": 1}},
            {"method": "game.pause"},
        ],
        "at": 7,
        "stop_on_error": True,
    }
    with pytest.raises(NotRunError, match="not been sent"):
        one.result()
    error = {"code": -32000, "message": "Handler error", "data": {"type": "E", "message": "x"}}
    batch.settle({"frame": 7, "results": [{"result": None}, {"error": error}]})
    assert (batch.frame, one.result(), one.error) == (7, None, None)
    with pytest.raises(HandlerError, match="E: x"):
        two.result()
    assert isinstance(three.error, NotRunError)
    assert repr(three) == "<no result of game.pause>"


@pytest.mark.parametrize(
    "result", [None, [], {}, {"frame": "x", "results": []}, {"frame": 1, "results": [1]}]
)
def test_results_that_are_none_are_refused(result: object) -> None:
    batch = Batch()
    batch.spawn()
    with pytest.raises(BadReplyError):
        batch.settle(result)


def test_an_empty_result_is_that_calls_error_and_too_many_are_passed_over() -> None:
    batch = Batch()
    one = batch.spawn()
    batch.settle({"frame": 1, "results": [{}, {"result": 1}]})
    assert isinstance(one.error, BadReplyError)


def test_a_batch_runs_once() -> None:
    batch = Batch()
    batch.settle({"frame": 1, "results": []})
    with pytest.raises(BadParamsError, match="has run"):
        batch.spawn()
