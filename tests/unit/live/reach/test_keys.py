"""How a path names keys, and which key it names."""

from __future__ import annotations

from typing import Any

import pytest

from stagedoor.live.language.path import Identity, Item, parse_path
from stagedoor.live.reach.keys import is_same_key, key_of


@pytest.mark.parametrize("key", ["a", "é", 3, -(2**200), 1.5, True, None, (1, ("a", None))])
def test_a_plain_key_is_named_by_what_it_is(key: Any) -> None:
    assert key_of(key) == key
    assert parse_path(f"x{Item(key_of(key))}").steps == (Item(key),)


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), ("1", 1), ((1,), (True,)), ((1, 2), (1,)), (None, 0)]
)
def test_keys_of_different_types_are_different(one: Any, other: Any) -> None:
    assert is_same_key(one, one)
    assert not is_same_key(one, other)
    assert not is_same_key(other, one)


def test_an_identity_is_that_of_one_object() -> None:
    one = object()
    assert is_same_key(one, Identity(id(one)))
    assert not is_same_key(object(), Identity(id(one)))
