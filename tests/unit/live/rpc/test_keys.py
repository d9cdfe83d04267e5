"""`Keys`: tokens and tickets."""

from __future__ import annotations

import msgspec
import pytest

from stagedoor.live.rpc import keys as module
from stagedoor.live.rpc.keys import Keys
from stagedoor.wire.errors import NotAuthenticated, TooManyRequests
from stagedoor.wire.roles import Role
from stagedoor.wire.tokens import encode_tokens

HERE, THERE = "127.0.0.1", "192.0.2.1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def keys(clock: list[float]) -> Keys:
    return Keys(5)


class TestTokens:
    @pytest.mark.parametrize("role", Role)
    def test_each_gives_its_role_any_number_of_times(self, keys: Keys, role: Role) -> None:
        token = keys.tokens.of(role.label)
        for _ in range(10):
            assert keys.role_of_token(token, HERE) is role

    def test_are_long_and_differ(self) -> None:
        tokens = [token for keys in (Keys(5), Keys(5)) for token, _ in keys.for_core()]
        assert len(set(tokens)) == 6
        assert all(len(token) >= 43 for token in tokens)
        assert all(token.isascii() for token in tokens)

    @pytest.mark.parametrize(
        "token",
        ["", "wrong", "x" * 1_000_000, "\0", "é" * 43, "\ud800"],
        ids=lambda t: ascii(t)[:9],
    )
    def test_a_wrong_one_is_refused(self, keys: Keys, token: str) -> None:
        with pytest.raises(NotAuthenticated) as raised:
            keys.role_of_token(token, HERE)
        assert raised.value.data is None

    def test_nearly_a_right_one_is_refused(self, keys: Keys) -> None:
        token = keys.tokens.admin
        for number, wrong in enumerate((token[:-1], token + "a", token + "\0", token.swapcase())):
            with pytest.raises(NotAuthenticated):
                keys.role_of_token(wrong, f"192.0.2.{number}")

    def test_rotation_makes_all_new_and_no_ticket_good(self, keys: Keys) -> None:
        old, ticket = keys.tokens, keys.ticket(Role.VIEWER)
        keys.rotate()
        for token in (old.viewer, old.operator, old.admin):
            with pytest.raises(NotAuthenticated):
                keys.role_of_token(token, HERE)
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(ticket, HERE)
        assert keys.role_of_token(keys.tokens.viewer, HERE) is Role.VIEWER

    def test_the_core_is_given_all_with_their_roles(self, keys: Keys) -> None:
        tokens = keys.tokens
        assert keys.for_core() == [(tokens.viewer, 1), (tokens.operator, 2), (tokens.admin, 3)]

    def test_are_shown_by_nothing(self, keys: Keys) -> None:
        ticket = keys.ticket(Role.ADMIN)
        shown = (
            f"{keys!r} {keys} {keys.tokens!r} {keys.tokens} {[keys.tokens]} {vars(keys)['tokens']}"
        )
        for secret in (keys.tokens.viewer, keys.tokens.operator, keys.tokens.admin, ticket):
            assert secret not in shown
        assert msgspec.json.decode(encode_tokens(keys.tokens))["admin"] == keys.tokens.admin


class TestTickets:
    @pytest.mark.parametrize("role", Role)
    def test_give_their_role_once(self, keys: Keys, role: Role) -> None:
        ticket = keys.ticket(role)
        assert keys.role_of_ticket(ticket, HERE) is role
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(ticket, HERE)

    def test_are_good_for_30_seconds(self, keys: Keys, clock: list[float]) -> None:
        first, second = keys.ticket(Role.ADMIN), keys.ticket(Role.ADMIN)
        assert first != second
        clock[0] += 29.9
        assert keys.role_of_ticket(first, HERE) is Role.ADMIN
        clock[0] += 0.2
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(second, HERE)

    def test_are_no_tokens_and_tokens_no_tickets(self, keys: Keys) -> None:
        with pytest.raises(NotAuthenticated):
            keys.role_of_token(keys.ticket(Role.ADMIN), HERE)
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(keys.tokens.admin, HERE)

    @pytest.mark.parametrize("ticket", ["", "x" * 1_000_000], ids=["empty", "long"])
    def test_a_wrong_one_is_refused(self, keys: Keys, ticket: str) -> None:
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(ticket, HERE)

    def test_there_are_100_at_most_and_old_ones_make_room(
        self, keys: Keys, clock: list[float]
    ) -> None:
        for _ in range(100):
            keys.ticket(Role.VIEWER)
        with pytest.raises(TooManyRequests):
            keys.ticket(Role.VIEWER)
        clock[0] += 31
        assert keys.role_of_ticket(keys.ticket(Role.VIEWER), HERE) is Role.VIEWER


class TestFailures:
    def fail(self, keys: Keys, address: str = HERE) -> None:
        with pytest.raises(NotAuthenticated):
            keys.role_of_token("wrong", address)

    def test_five_a_minute_then_not_even_the_right_token(
        self, keys: Keys, clock: list[float]
    ) -> None:
        for _ in range(5):
            self.fail(keys)
            clock[0] += 1
        for _ in range(3):
            with pytest.raises(TooManyRequests, match="5 failed"):
                keys.role_of_token(keys.tokens.admin, HERE)
        with pytest.raises(TooManyRequests):
            keys.role_of_ticket(keys.ticket(Role.ADMIN), HERE)
        assert keys.role_of_token(keys.tokens.admin, THERE) is Role.ADMIN, "others may"
        clock[0] = 1060.1
        assert keys.role_of_token(keys.tokens.admin, HERE) is Role.ADMIN

    def test_slow_ones_are_let_be(self, keys: Keys, clock: list[float]) -> None:
        for _ in range(20):
            self.fail(keys)
            clock[0] += 15

    def test_a_ticket_is_not_used_up_by_an_attempt_that_was_refused(
        self, keys: Keys, clock: list[float]
    ) -> None:
        ticket = keys.ticket(Role.ADMIN)
        for _ in range(5):
            self.fail(keys)
        with pytest.raises(TooManyRequests):
            keys.role_of_ticket(ticket, HERE)
        assert keys.role_of_ticket(ticket, THERE) is Role.ADMIN

    def test_the_memory_of_addresses_is_bounded(self, keys: Keys) -> None:
        for number in range(5000):
            self.fail(keys, f"2001:db8::{number:x}")
        assert len(keys._failures) <= 1000
