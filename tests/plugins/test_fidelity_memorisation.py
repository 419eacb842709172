"""The search for copies, against loops, and what it finds of memorised events."""

from math import log1p, sqrt
from statistics import median

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from plugins.fidelity import memorisation
from plugins.fidelity.memorisation import Memorisation, are_copies, nearest_rows
from runner.api import Sample
from tests.plugins.fidelity_samples import (
    blurred,
    broken,
    empty,
    excess,
    measured,
    part,
    shuffled,
    unchanged,
    values,
    with_responses,
)

METRIC = Memorisation()
TRAINING = part(2)


def memorised(sample: Sample) -> Sample:
    return with_responses(sample, TRAINING.responses[: len(sample)])


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return sqrt(sum((log1p(float(a)) - log1p(float(b))) ** 2 for a, b in zip(one.ravel(), other.ravel(), strict=True)))


def test_the_ratio_is_that_of_a_loop_over_pairs() -> None:
    real, generated, training = part(0).take(slice(0, 12)), part(1).take(slice(0, 12)), TRAINING.take(slice(0, 25))
    medians = [
        median(min(distance(image, known) for known in training.responses) for image in sample.responses)
        for sample in (real, generated)
    ]
    found = values(measured(METRIC, real, generated, training=training))
    assert found["distance_ratio"] == pytest.approx(medians[1] / medians[0], rel=1e-6)


def test_the_nearest_rows_are_those_of_all_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points, known = rng.normal(size=(30, 5)), rng.normal(size=(40, 5))
    own = cdist(points, points)
    np.fill_diagonal(own, np.inf)
    for at_once in (10_000, 7 * 40, 1):
        monkeypatch.setattr(memorisation, "AT_ONCE", at_once)
        np.testing.assert_array_equal(nearest_rows(points, known), cdist(points, known).argmin(axis=1))
        np.testing.assert_array_equal(nearest_rows(points, points, others=True), own.argmin(axis=1))


def test_copies_of_training_events_are_found_and_nothing_else_is_wrong() -> None:
    found = values(measured(METRIC, part(0), memorised(part(1)), training=TRAINING))
    assert found == {"distance_ratio": 0, "copies": 1, "repeats": 0, "real_copies": 0, "real_repeats": 0}


def test_copies_are_found_through_the_rounding_of_a_transform() -> None:
    rng = np.random.default_rng(0)
    rounded = TRAINING.responses * (1 + rng.uniform(-3e-6, 3e-6, TRAINING.responses.shape))
    found = values(measured(METRIC, part(0), with_responses(part(1), rounded), training=TRAINING))
    assert found["copies"] == 1
    assert found["distance_ratio"] < 1e-5


def test_a_pixel_that_differs_makes_no_copy() -> None:
    one = np.array([[[0.0, 10, 200]]], np.float32)
    for other in ([0, 10, 201], [1, 10, 200], [0, 0, 200], [0, 10, 200.01]):
        assert not are_copies(one, np.array([[other]], np.float32)).any()
    assert are_copies(one, np.array([[[0, 10, 200.001]]], np.float32)).all()


def test_half_of_the_events_memorised() -> None:
    half = np.where(np.arange(800)[:, None, None] % 2, part(1).responses, TRAINING.responses)
    assert values(measured(METRIC, part(0), with_responses(part(1), half), training=TRAINING))["copies"] == 0.5


def test_z_of_memorised_blurred_and_shuffled_events() -> None:
    same, copied, blur, conditions = excess(METRIC, [unchanged, memorised, blurred, shuffled], training=TRAINING)
    assert abs(same) < 3
    assert copied < -20
    assert blur > 5
    assert conditions == pytest.approx(same, abs=1)


def test_responses_that_repeat_one_another() -> None:
    repeated = part(1).take(np.arange(800) % 100)
    found = values(measured(METRIC, part(0), repeated, training=TRAINING))
    assert found["repeats"] == 1
    assert found["copies"] == 0


def test_samples_are_compared_with_equal_numbers() -> None:
    """One generated response in two repeats another: of few drawn from many, few do."""
    pairs = part(1).take(np.repeat(np.arange(400), 2))
    found = values(measured(METRIC, part(0).take(slice(0, 40)), pairs, training=TRAINING))
    assert found["repeats"] < 0.3


def test_a_large_training_sample_is_searched_in_part_and_that_is_said() -> None:
    params = METRIC.Params(most_training=200, bootstrap=2)
    found = METRIC.measure(params, part(0), memorised(part(1)), np.random.default_rng(0), training=TRAINING)
    assert found.notes == ("200 of 800 training events are searched for copies",)
    assert values(found)["copies"] == 0.25


def test_responses_without_a_hit_are_no_copies() -> None:
    responses = part(1).responses.copy()
    responses[:300] = 0
    training = with_responses(TRAINING, np.where(np.arange(800)[:, None, None] < 100, 0, TRAINING.responses))
    found = measured(METRIC, part(0), with_responses(part(1), responses), training=training)
    assert values(found)["copies"] == values(found)["repeats"] == 0
    assert values(found)["distance_ratio"] == pytest.approx(1, abs=0.1)
    assert found.notes == ("300 responses without a hit are left out",)


def test_nothing_but_empty_responses_is_undefined() -> None:
    for real, generated, training in [
        (part(0), empty(part(1)), TRAINING),
        (empty(part(0)), part(1), TRAINING),
        (part(0), part(1), empty(TRAINING)),
    ]:
        found = measured(METRIC, real, generated, training=training)
        assert np.isnan(list(values(found).values())).all()
        assert found.notes[-1] == "too few responses with hits: nothing can be compared"


def test_real_events_that_were_trained_on_leave_the_ratio_undefined() -> None:
    found = measured(METRIC, TRAINING, part(1), training=TRAINING)
    assert np.isnan(values(found)["distance_ratio"])
    assert values(found)["real_copies"] == 1
    assert found.notes[-1].startswith("half of the real responses are copies")


def test_broken_responses_are_left_out() -> None:
    found = measured(METRIC, part(0), broken(part(1)), training=broken(TRAINING))
    assert found.notes[0].startswith("3 responses")
    assert values(found)["distance_ratio"] == pytest.approx(1, abs=0.1)
