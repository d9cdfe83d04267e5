"""Calling by attribute: `stagedoor.client.core.names`."""

import copy

import pytest

from stagedoor.client.core.names import ByName
from stagedoor.client.errors import BadParamsError


class Recorder(ByName[tuple[str, object]]):
    def _call(self, method: str, params: object) -> tuple[str, object]:
        return method, params


def test_attributes_are_parts_of_the_name() -> None:
    caller = Recorder()
    assert caller.spawn() == ("spawn", None)
    assert caller.player.heal(5) == ("player.heal", (5,))
    assert caller.a.b.c(x=1) == ("a.b.c", {"x": 1})
    assert caller.call("any name, really", [1]) == ("any name, really", ([1],))


def test_a_param_can_have_any_name() -> None:
    params = {"self": 1, "method": 2, "timeout": 3, "args": 4, "name": 5, "_call": 6}
    assert Recorder().call("m", **params) == ("m", params)
    assert Recorder().a.m(**params) == ("a.m", params)


def test_both_by_position_and_by_name_is_refused() -> None:
    with pytest.raises(BadParamsError, match=r"of a\.b go either all by .* by name here: x, y"):
        Recorder().a.b(1, x=2, y=3)


def test_what_python_looks_for_is_no_method() -> None:
    caller = Recorder()
    assert not hasattr(caller, "_repr_html_")
    assert not hasattr(caller.player, "__wrapped__")
    assert repr(caller.player.heal) == "<method 'player.heal'>"
    assert copy.copy(caller).spawn() == ("spawn", None)
