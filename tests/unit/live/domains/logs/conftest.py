"""Logs of a test's own, beside the one of the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.unit.live.domains.logs.listening import Listen, Owner

from stagedoor.live.domains.logs.capture import Log


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def listen(owner: Owner, capsys: pytest.CaptureFixture[str]) -> Iterator[Listen]:
    """To be called in the test itself: pytest gives it streams that its fixtures do not have."""
    log = Log()

    def begin() -> Log:
        log.open(owner, owner.tell_the_end)
        return log

    yield begin
    log.close(owner)
