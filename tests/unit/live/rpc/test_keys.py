"""`Keys`: tokens and tickets."""

from __future__ import annotations

import msgspec
import pytest

from stagedoor.live.rpc import keys as module
from stagedoor.live.rpc.keys import Keys, WrongToken
from stagedoor.wire.errors import NotAuthenticated, TooManyRequests
from stagedoor.wire.roles import Role
from stagedoor.wire.tokens import encode_tokens

ONE = 1
"""A session."""


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
            assert keys.role_of_token(token) is role

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
            keys.role_of_token(token)
        assert raised.value.data is None

    def test_nearly_a_right_one_is_refused(self, keys: Keys) -> None:
        token = keys.tokens.admin
        for wrong in (token[:-1], token + "a", token + "\0", token.swapcase()):
            with pytest.raises(NotAuthenticated):
                keys.role_of_token(wrong)

    def test_rotation_makes_all_new_and_no_ticket_good(self, keys: Keys) -> None:
        old, ticket = keys.tokens, keys.ticket(Role.VIEWER, ONE)
        keys.rotate()
        for token in (old.viewer, old.operator, old.admin):
            with pytest.raises(NotAuthenticated):
                keys.role_of_token(token)
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(ticket)
        assert keys.role_of_token(keys.tokens.viewer) is Role.VIEWER

    def test_the_core_is_given_all_with_their_roles(self, keys: Keys) -> None:
        tokens = keys.tokens
        assert keys.for_core() == [(tokens.viewer, 1), (tokens.operator, 2), (tokens.admin, 3)]

    def test_are_shown_by_nothing(self, keys: Keys) -> None:
        ticket = keys.ticket(Role.ADMIN, ONE)
        shown = (
            f"{keys!r} {keys} {keys.tokens!r} {keys.tokens} {[keys.tokens]} {vars(keys)['tokens']}"
        )
        for secret in (keys.tokens.viewer, keys.tokens.operator, keys.tokens.admin, ticket):
            assert secret not in shown
        assert msgspec.json.decode(encode_tokens(keys.tokens))["admin"] == keys.tokens.admin


class TestTickets:
    @pytest.mark.parametrize("role", Role)
    def test_give_their_role_once(self, keys: Keys, role: Role) -> None:
        ticket = keys.ticket(role, ONE)
        assert keys.role_of_ticket(ticket) is role
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(ticket)

    def test_are_good_for_30_seconds(self, keys: Keys, clock: list[float]) -> None:
        first, second = keys.ticket(Role.ADMIN, ONE), keys.ticket(Role.ADMIN, ONE)
        assert first != second
        clock[0] += 29.9
        assert keys.role_of_ticket(first) is Role.ADMIN
        clock[0] += 0.2
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(second)

    def test_are_no_tokens_and_tokens_no_tickets(self, keys: Keys) -> None:
        with pytest.raises(NotAuthenticated):
            keys.role_of_token(keys.ticket(Role.ADMIN, ONE))
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(keys.tokens.admin)

    @pytest.mark.parametrize("ticket", ["", "x" * 1_000_000], ids=["empty", "long"])
    def test_a_wrong_one_is_refused(self, keys: Keys, ticket: str) -> None:
        with pytest.raises(NotAuthenticated):
            keys.role_of_ticket(ticket)

    def test_of_a_session_are_10_and_of_a_role_100_and_old_ones_make_room(
        self, keys: Keys, clock: list[float]
    ) -> None:
        for session in range(10):
            for _ in range(10):
                keys.ticket(Role.VIEWER, session)
            with pytest.raises(TooManyRequests, match="10 tickets"):
                keys.ticket(Role.VIEWER, session)
        with pytest.raises(TooManyRequests, match="100 tickets"):
            keys.ticket(Role.VIEWER, 10)
        assert keys.role_of_ticket(keys.ticket(Role.OPERATOR, 10)) is Role.OPERATOR, "no viewer's"
        clock[0] += 31
        assert keys.role_of_ticket(keys.ticket(Role.VIEWER, 0)) is Role.VIEWER


class TestWrongOnes:
    def fail(self, keys: Keys) -> None:
        with pytest.raises(WrongToken):
            keys.role_of_token("wrong")

    def test_wait_for_a_second_in_five_places(self, keys: Keys, clock: list[float]) -> None:
        for _ in range(5):
            self.fail(keys)
            clock[0] += 0.1
        for guess in (keys.role_of_token, keys.role_of_ticket):
            with pytest.raises(TooManyRequests, match="5 wrong tokens at a time"):
                guess("wrong")
        clock[0] += 0.51  # the first is told
        self.fail(keys)
        with pytest.raises(TooManyRequests):
            keys.role_of_token("wrong")

    def test_take_nothing_from_right_ones(self, keys: Keys) -> None:
        ticket = keys.ticket(Role.ADMIN, ONE)
        for _ in range(1000):
            with pytest.raises((WrongToken, TooManyRequests)):
                keys.role_of_token("wrong")
        assert keys.role_of_token(keys.tokens.admin) is Role.ADMIN
        assert keys.role_of_ticket(ticket) is Role.ADMIN
        assert len(keys._wrong) == 5
