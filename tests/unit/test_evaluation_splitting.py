import numpy as np
import pytest

from runner import testing
from runner.api import DataError, Sample
from runner.evaluation import split
from runner.experiment import Split

FRACTIONS = Split(train=0.6, validation=0.1, test=0.3)


def many(events: int = 20_000) -> Sample:
    return testing.sample(events=events)


def test_each_event_is_in_exactly_one_part() -> None:
    sample = many()
    parts = split(sample, FRACTIONS, seed=1)
    numbers = np.concatenate([part.event_ids for part in (parts.train, parts.validation, parts.test)])
    np.testing.assert_array_equal(np.sort(numbers), sample.event_ids)


def test_parts_have_their_shares() -> None:
    sample = many()
    parts = split(sample, FRACTIONS, seed=1)
    for part, share in ((parts.train, 0.6), (parts.validation, 0.1), (parts.test, 0.3)):
        sigma = np.sqrt(share * (1 - share) / len(sample))
        assert abs(len(part) / len(sample) - share) < 5 * sigma


def test_an_events_part_depends_on_no_other_event() -> None:
    sample = many()
    some = sample.take(np.arange(3, len(sample), 7))
    whole, part = split(sample, FRACTIONS, seed=1), split(some, FRACTIONS, seed=1)
    assert set(part.test.event_ids) == set(whole.test.event_ids) & set(some.event_ids)


def test_another_seed_gives_independent_parts() -> None:
    sample = many()
    first, second = (set(split(sample, FRACTIONS, seed).test.event_ids) for seed in (1, 2))
    expected = 0.09 * len(sample)
    assert abs(len(first & second) - expected) < 5 * np.sqrt(expected)


def test_without_validation_there_is_none() -> None:
    assert len(split(many(), Split(train=0.8, validation=0.0, test=0.2), seed=3).validation) == 0


def test_too_few_events_are_an_error() -> None:
    with pytest.raises(DataError, match="use more events or another split"):
        split(many(1), FRACTIONS, seed=1)
