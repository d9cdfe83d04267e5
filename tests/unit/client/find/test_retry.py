"""When to connect again: `stagedoor.client.find.retry`."""

import itertools

import pytest

from stagedoor.client.core.address import Address
from stagedoor.client.errors import (
    BadTokenError,
    CannotConnectError,
    ConnectionLostError,
    NoGameError,
    TokenRefusedError,
)
from stagedoor.client.find.retry import LONGEST, OF_USE, Retry


def test_attempts_come_less_and_less_often_until_a_connection_is_of_use() -> None:
    retry = Retry(True)
    delays = [retry.delay() for _ in range(20)]
    assert delays[0] == 0
    assert 0.1 <= delays[1] <= 0.125
    assert all(later >= earlier * 0.8 for earlier, later in itertools.pairwise(delays))
    assert LONGEST <= max(delays) <= LONGEST * 1.25
    retry.opened(10.0)
    retry.lost(10.0 + OF_USE / 2)
    assert retry.delay() >= LONGEST, "it was closed as soon as it was open"
    retry.opened(20.0)
    retry.lost(20.0 + OF_USE)
    assert retry.delay() == 0


@pytest.mark.parametrize(
    ("error", "is_the_end"),
    [
        (ConnectionLostError("u"), False),
        (ConnectionLostError("u", 1001), False),
        (ConnectionLostError("u", 1013), False),
        (ConnectionLostError("u", 4401), False),
        (ConnectionLostError("u", 4403), True),
        (CannotConnectError("u", "refused"), False),
        (NoGameError("gone", []), False),
        (TokenRefusedError("u", "401"), True),
        (BadTokenError("x"), True),
    ],
    ids=str,
)
def test_what_cannot_get_better_is_the_end(error: Exception, is_the_end: bool) -> None:
    assert Retry(True).gives_up(error, Address("u")) == is_the_end
    assert Retry(False).gives_up(error, Address("u"))


def test_a_token_that_was_refused_is_not_shown_again_but_another_is() -> None:
    retry = Retry(True)
    retry.gives_up(ConnectionLostError("u", 4401), Address("u", token="old"))
    retry.check(Address("u", token="new"))
    with pytest.raises(TokenRefusedError) as refused:
        retry.check(Address("u", token="old"))
    assert "old" not in str(refused.value)
