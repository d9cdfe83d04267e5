"""Being told of raised exceptions: from Python 3.12 on."""

from __future__ import annotations

import contextlib
import sys

import pytest

from stagedoor.live.domains.triggers.raised import CannotWatchError, watch_raised

HAS_MONITORING = sys.version_info >= (3, 12)


@pytest.mark.skipif(HAS_MONITORING, reason="Python can tell")
def test_before_python_3_12_nobody_can_be_told() -> None:
    with pytest.raises(CannotWatchError, match=r"3\.12"):
        watch_raised(print)


@pytest.mark.skipif(not HAS_MONITORING, reason="Python cannot tell")
class TestRaised:
    def test_each_exception_is_told_until_the_end(self) -> None:
        told: list[BaseException] = []
        end = watch_raised(lambda error, code: told.append(error))
        with contextlib.suppress(ZeroDivisionError):
            1 // 0  # noqa: B018
        end()
        assert {type(error) for error in told} == {ZeroDivisionError}
        told.clear()
        with contextlib.suppress(ZeroDivisionError):
            1 // 0  # noqa: B018
        assert told == []
        end()

    def test_there_may_be_no_place(self) -> None:
        monitoring = sys.monitoring  # type: ignore[attr-defined]
        taken = [number for number in range(6) if monitoring.get_tool(number) is None]
        for number in taken:
            monitoring.use_tool_id(number, "other")
        try:
            with pytest.raises(CannotWatchError, match="no place"):
                watch_raised(print)
        finally:
            for number in taken:
                monitoring.free_tool_id(number)
