import numpy as np
import pytest

from runner import testing
from runner.api import Sample
from runner.evaluation import apply_threshold, asked_conditions, halve, real_events


def many(events: int = 1000) -> Sample:
    return testing.sample(events=events)


def test_the_threshold_is_the_smallest_amplitude_kept() -> None:
    found = apply_threshold(np.array([0.0, 0.99, 1.0, 5.0, -1.0], np.float32), 1.0)
    np.testing.assert_array_equal(found, np.array([0, 0, 1, 5, 0], np.float32))
    assert found.dtype == np.float32


def test_conditions_are_those_asked_for_and_then_those_of_all_test_events_each_equally_often() -> None:
    test = many(100)
    asked = halve(test, 30, seed=2).asked
    drawn = asked_conditions(asked, test, 280, seed=1)
    assert drawn.shape == (280, 1)
    np.testing.assert_array_equal(drawn[:30], asked.conditions)
    values, counts = np.unique(drawn[30:], return_counts=True)
    np.testing.assert_array_equal(values, np.unique(test.conditions))
    assert set(counts) == {2, 3}


def test_no_more_responses_are_asked_for_than_are_compared() -> None:
    test = many(100)
    asked = halve(test, 30, seed=2).asked
    np.testing.assert_array_equal(asked_conditions(asked, test, 30, seed=1), asked.conditions)


def test_fewer_real_events_are_drawn_without_repetition() -> None:
    chosen = real_events(many(100), 30, seed=1)
    assert len(np.unique(chosen.event_ids)) == 30
    assert real_events(many(100), 500, seed=1).event_ids.size == 100


@pytest.mark.parametrize(("events", "size"), [(10_000, 50), (50, 50), (20, 20)])
def test_halves_share_no_event_and_are_equally_large(events: int, size: int) -> None:
    test = many(101)
    halves = halve(test, events, seed=3)
    compared, asked = set(halves.compared.event_ids), set(halves.asked.event_ids)
    assert len(compared) == len(asked) == size
    assert not compared & asked
    assert compared | asked <= set(test.event_ids)


def test_a_halving_follows_from_its_seed_and_number() -> None:
    test = many(100)

    def compared(seed: int, number: int) -> list[int]:
        return list(halve(test, 100, seed, number).compared.event_ids)

    assert compared(1, 0) == compared(1, 0)
    assert compared(1, 0) != compared(1, 1)
    assert compared(1, 0) != compared(2, 0)


def test_every_event_is_in_either_half_as_often() -> None:
    test = many(40)
    counts = np.zeros(40)
    for number in range(400):
        counts[halve(test, 100, 0, number).compared.event_ids] += 1
    assert abs(counts - 200).max() < 5 * np.sqrt(400 / 4)
