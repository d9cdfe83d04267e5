"""The tokens of a running game: `stagedoor.wire.tokens`."""

from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from stagedoor.wire.roles import ROLE_NAMES
from stagedoor.wire.tokens import (
    BadTokensError,
    Tokens,
    decode_tokens,
    encode_tokens,
    tokens_folder,
)

TOKENS = Tokens("view-secret", "operate-secret", "admin-secret")


def test_tokens_survive_the_round_trip_each_under_its_role() -> None:
    assert decode_tokens(encode_tokens(TOKENS)) == TOKENS
    assert [TOKENS.of(role) for role in ROLE_NAMES] == [
        "view-secret",
        "operate-secret",
        "admin-secret",
    ]


def test_nothing_shows_a_token() -> None:
    for text in (repr(TOKENS), str(TOKENS), f"{TOKENS}", f"{[TOKENS]!r}", pretty_repr(TOKENS)):
        assert "secret" not in text


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"viewer":"secret"}',
        b'{"viewer":"secret","operator":"b","admin":""}',
        b'{"viewer":"secret","operator":"b","admin":"c\\r\\nX: y"}',
        b'{"viewer":"secret","operator":"b","admin":"c\\n"}',
        b'{"viewer":"secret","operator":"b","admin":7}',
    ],
)  # fmt: skip
def test_a_file_that_holds_no_tokens_is_refused_without_saying_what_it_holds(data: bytes) -> None:
    with pytest.raises(BadTokensError) as refused:
        decode_tokens(data)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_folder_is_beside_that_of_the_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", "/x/y")
    assert tokens_folder() == Path("/x/y/tokens")
