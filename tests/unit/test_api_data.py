from typing import Any

import numpy as np
import pytest

from runner import testing
from runner.api import DataError, Sample


@pytest.mark.parametrize(
    ("index", "ids"),
    [
        ([2, 0], [2, 0]),
        ([], []),
        (slice(1, 3), [1, 2]),
        (slice(None, None, -1), [3, 2, 1, 0]),
        (np.array([True, False, False, True]), [0, 3]),
        (np.array([3]), [3]),
    ],
)
def test_events_are_taken_with_all_that_belongs_to_them(index: Any, ids: list[int]) -> None:
    sample = testing.sample(events=4)
    taken = sample.take(index)
    np.testing.assert_array_equal(taken.event_ids, ids)
    np.testing.assert_array_equal(taken.responses, sample.responses[ids])
    np.testing.assert_array_equal(taken.conditions, sample.conditions[ids])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"responses": np.zeros((4, 8, 7), np.float32)}, r"responses is float32 \(4, 8, 7\).*need float32 \(4, 8, 8\)"),
        ({"responses": np.zeros((4, 8, 8))}, "responses is float64"),
        ({"conditions": np.zeros((4, 2), np.float32)}, "conditions is"),
        ({"event_ids": np.zeros(3, np.int64)}, "responses is"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    good = testing.sample(events=4)
    parts = {name: getattr(good, name) for name in ("info", "responses", "conditions", "event_ids")}
    with pytest.raises(DataError, match=message):
        Sample(**{**parts, **change})
