"""Values of numpy, to JSON and back."""

from typing import Any

import msgspec
import numpy
import pytest
from numpy.typing import NDArray

from stagedoor.live import values
from stagedoor.live.values.kind import MAX_ITEMS


def encoded(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=values.encode))


def decoded(hint: Any, text: str) -> Any:
    return msgspec.json.decode(text, type=hint, dec_hook=values.decode)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (numpy.float32(1.5), 1.5),
        (numpy.float64(1.5), 1.5),
        (numpy.int64(3), 3),
        (numpy.bool_(True), True),
        (numpy.str_("x"), "x"),
        (numpy.complex64(1 + 2j), [1, 2]),
        (numpy.datetime64("2024-01-01"), "2024-01-01"),
        (numpy.array(3), 3),
        (numpy.zeros((2, 2)), [[0, 0], [0, 0]]),
        (numpy.array([1 + 2j]), [[1, 2]]),
        (numpy.array(["2024-01-01"], dtype="M8[D]"), ["2024-01-01"]),
        (numpy.zeros(1, dtype=[("a", "i4"), ("b", "f4")]), [[0, 0]]),
        ({numpy.int64(1): numpy.ones(1)}, {"1": [1]}),
    ],
)
def test_it_is_sent(value: object, expected: object) -> None:
    assert encoded(value) == expected


@pytest.mark.parametrize("shape", [MAX_ITEMS + 1, (MAX_ITEMS + 1, 0), (1001, 1000)])
def test_an_array_that_would_stop_the_game_is_not_sent(shape: int | tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"at most {MAX_ITEMS} are sent"):
        encoded(numpy.zeros(shape))


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (numpy.ndarray, "[[1, 2], [3, 4]]", numpy.array([[1, 2], [3, 4]])),
        (NDArray[numpy.float32], "[1, 2.5]", numpy.array([1, 2.5], dtype=numpy.float32)),
        (NDArray[numpy.int8], "[]", numpy.array([], dtype=numpy.int8)),
        (numpy.float32, "1", numpy.float32(1)),
        (numpy.int64, "3", numpy.int64(3)),
        (numpy.bool_, "true", numpy.bool_(True)),
        (numpy.str_, '"x"', numpy.str_("x")),
    ],
)
def test_it_is_taken(hint: Any, text: str, expected: Any) -> None:
    found = decoded(hint, text)
    assert numpy.array_equal(found, expected)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (numpy.uint8, "300", "expected an integer from 0 to 255"),
        (NDArray[numpy.uint8], "[1.5]", "expected an integer from 0 to 255"),
        (numpy.float32, "1e300", "expected a number that fits into float32"),
        (numpy.bool_, "3", "expected true or false"),
        (
            numpy.ndarray,
            "[[1], [2, 3]]",
            "expected values of one kind, in lists of the same length",
        ),
    ],
)
def test_what_was_expected_is_said(hint: Any, text: str, expected: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"^{expected}$"):
        decoded(hint, text)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (numpy.uint8, {"type": "integer", "minimum": 0, "maximum": 255}),
        (numpy.float32, {"type": "number"}),
        (numpy.bool_, {"type": "boolean"}),
        (numpy.str_, {"type": "string"}),
        (numpy.ndarray, {"type": "array", "items": {}, "title": "NDArray"}),
        (NDArray[numpy.int8], {"type": "array", "items": {}, "title": "NDArray[int8]"}),
    ],
)
def test_schemas(hint: Any, expected: object) -> None:
    assert values.schema(hint) == expected


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (numpy.ndarray, "[[1, 2], [3]]"),
        (numpy.ndarray, '{"a": 1}'),
        (NDArray[numpy.int8], "[1, 200]"),
        (NDArray[numpy.int8], "[1.5]"),
        (NDArray[numpy.float32], '["x"]'),
        (numpy.float32, '"x"'),
        (numpy.int64, "1.5"),
        (numpy.int8, "300"),
        (numpy.uint8, "-1"),
        (numpy.bool_, "3"),
        (numpy.float32, "[1]"),
        (numpy.float32, "null"),
        (numpy.float32, '"1.5"'),
        (numpy.float32, "1e300"),
        (NDArray[numpy.float32], "[[1e300]]"),
        (NDArray[numpy.int64], "[true]"),
        (numpy.str_, "1"),
    ],
)
def test_what_does_not_fit_is_refused(hint: Any, text: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"[Ee]xpected"):
        decoded(hint, text)
