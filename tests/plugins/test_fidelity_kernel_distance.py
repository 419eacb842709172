"""Kernel distance, against a loop over pairs of events."""

from functools import partial

import numpy as np
import pytest

from plugins.fidelity.conditions import phi
from plugins.fidelity.features import features
from plugins.fidelity.kernel_distance import KernelDistance, mmd2
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
    with_dead_pixel,
    with_responses,
    without_conditions,
    without_tail,
)

METRIC = KernelDistance()


def by_loops(real: np.ndarray, generated: np.ndarray) -> float:
    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return (sum(float(a) * float(b) for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 4

    n, m = len(real), len(generated)
    among_real = sum(kernel(real[i], real[j]) for i in range(n) for j in range(n) if i != j)
    among_generated = sum(kernel(generated[i], generated[j]) for i in range(m) for j in range(m) if i != j)
    between = sum(kernel(x, y) for x in real for y in generated)
    return among_real / (n * (n - 1)) + among_generated / (m * (m - 1)) - 2 * between / (n * m)


def standardised(sample: Sample, real: Sample) -> np.ndarray:
    columns, known = (np.hstack([phi(s, real), features(s)]) for s in (sample, real))
    return (columns - known.mean(axis=0)) / known.std(axis=0)


def test_the_distance_is_that_of_a_loop_over_pairs() -> None:
    rng = np.random.default_rng(1)
    real, generated = rng.normal(size=(20, 5)), rng.normal(0.5, 2, size=(15, 5))
    assert mmd2(real, generated) == pytest.approx(by_loops(real, generated))


def test_it_is_0_in_the_mean_for_equal_samples_however_small() -> None:
    rng = np.random.default_rng(2)
    found = [mmd2(rng.normal(size=(4, 3)), rng.normal(size=(5, 3))) for _ in range(4000)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))


def test_scores_are_medians_over_random_batches() -> None:
    real, generated = part(0).take(slice(0, 60)), blurred(part(1)).take(slice(0, 50))
    found = METRIC.measure(METRIC.Params(batches=3, batch=20), real, generated, np.random.default_rng(7))
    a, b = standardised(real, real), standardised(generated, real)
    rng, batches = np.random.default_rng(7), []
    for _ in range(3):
        x, y = a[rng.choice(60, 20, replace=False)], b[rng.choice(50, 20, replace=False)]
        batches.append([by_loops(x, y), by_loops(x[:, 10:], y[:, 10:])])
    for name, numbers in zip(("distance", "unconditional"), np.transpose(batches), strict=True):
        assert found.scores[name].value == pytest.approx(np.median(numbers))
        assert found.scores[name].error == pytest.approx(np.std(numbers, ddof=1) * np.sqrt(20 / 30))


def test_it_sees_shuffled_conditions_a_blur_a_dead_pixel_and_a_lost_tail() -> None:
    same, *seen = excess(METRIC, [unchanged, shuffled, blurred, with_dead_pixel, partial(without_tail, share=0.2)])
    assert abs(same) < 3
    assert min(seen) > 3
    assert min(seen[:3]) > 20


def test_features_alone_are_blind_to_shuffled_conditions() -> None:
    same, conditions, blur = excess(METRIC, [unchanged, shuffled, blurred], "unconditional")
    assert abs(same) < 3
    assert abs(conditions) < 3
    assert blur > 30


def test_without_conditions_the_distance_is_that_of_the_features() -> None:
    found = values(measured(METRIC, without_conditions(part(0)), without_conditions(blurred(part(1)))))
    assert found["distance"] == found["unconditional"] > 1


def test_constant_features_keep_their_unit_and_are_named() -> None:
    found = measured(METRIC, empty(part(0)), part(1))
    assert np.isfinite(list(values(found).values())).all()
    assert found.notes[0].startswith("constant in the real responses, so that they are in their own units: mean pad")


def test_empty_broken_and_few_responses() -> None:
    assert values(measured(METRIC, part(0), empty(part(1))))["distance"] > 10
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == values(measured(METRIC, part(0), part(1).take(slice(3, None))))
    assert found.notes[0].startswith("3 responses")
    assert np.isfinite(list(values(measured(METRIC, part(0), part(1).take(slice(0, 4)))).values())).all()
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    for few in (nothing, part(1).take(slice(0, 3))):
        found = measured(METRIC, part(0), few)
        assert np.isnan(list(values(found).values())).all()
        assert "the scores are undefined" in found.notes[-1]
