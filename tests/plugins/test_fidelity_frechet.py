"""Frechet distance, against SciPy's root of a matrix and Gaussians whose distance is known."""

from functools import partial

import numpy as np
import pytest
from scipy.linalg import sqrtm

from plugins.fidelity.conditions import phi
from plugins.fidelity.features import features
from plugins.fidelity.frechet import Frechet, distances, extrapolated, gaussians
from runner.api import Sample
from tests.plugins.fidelity_samples import (
    blurred,
    broken,
    empty,
    excess,
    half_a_time_bin_off,
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

METRIC = Frechet()


def by_roots(real: np.ndarray, generated: np.ndarray) -> float:
    mean_r, mean_g = real.mean(axis=0), generated.mean(axis=0)
    covariance_r, covariance_g = np.cov(real.T), np.cov(generated.T)
    root = sqrtm(covariance_r)
    inner = sqrtm(root @ covariance_g @ root).real
    return float(((mean_r - mean_g) ** 2).sum() + np.trace(covariance_r + covariance_g - 2 * inner))


def standardised(sample: Sample, real: Sample) -> np.ndarray:
    columns, known = (np.hstack([phi(s, real), features(s)]) for s in (sample, real))
    return (columns - known.mean(axis=0)) / known.std(axis=0)


def test_distances_are_those_of_scipys_root() -> None:
    real, generated = standardised(part(0), part(0)), standardised(blurred(part(1)), part(0))
    found = distances(gaussians(real, 2), gaussians(generated, 2))
    expected = [by_roots(real[:400], generated[:400]), by_roots(real[400:], generated[400:])]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_distances_of_parallel_gaussians_are_those_of_their_means_and_widths() -> None:
    means = np.zeros((1, 3)), np.array([[3.0, 4.0, 0.0]])
    covariances = np.diag([1.0, 4.0, 0.0])[None], np.diag([4.0, 4.0, 1.0])[None]
    found = distances((means[0], covariances[0]), (means[1], covariances[1]))
    assert found[0] == pytest.approx(25 + 1 + 0 + 1)


def test_a_sample_is_at_no_distance_from_itself() -> None:
    rows = standardised(part(0), part(0))
    assert distances(gaussians(rows, 1), gaussians(rows, 1))[0] == pytest.approx(0, abs=1e-6)


def test_the_line_is_that_of_a_loop_over_parts() -> None:
    real, generated = standardised(part(0), part(0)), standardised(blurred(part(1)), part(0))
    for columns, score in ((slice(None), 0), (slice(10, None), 1)):
        means = []
        for k in (1, 2, 3, 4):
            parts = [slice(start * (800 // k), (start + 1) * (800 // k)) for start in range(k)]
            means.append(np.mean([by_roots(real[cut, columns], generated[cut, columns]) for cut in parts]))
        slope = sum((k - 2.5) * mean for k, mean in enumerate(means, 1)) / 5
        assert extrapolated(real, generated, 10, 4)[score] == pytest.approx(np.mean(means) - 2.5 * slope, rel=1e-6)


def test_scores_are_means_over_random_cuts_of_the_vectors() -> None:
    real, generated = part(0).take(slice(0, 200)), blurred(part(1)).take(slice(0, 150))
    found = METRIC.measure(METRIC.Params(parts=2, repeats=3), real, generated, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    vectors = standardised(real, real), standardised(generated, real)
    cuts = []
    for _ in range(3):
        a, b = (rng.permutation(rows) for rows in vectors)
        halves = by_roots(a[:100], b[:75]), by_roots(a[100:], b[75:])
        cuts.append(2 * by_roots(a, b) - np.mean(halves))
    assert found.scores["distance"].value == pytest.approx(np.mean(cuts), rel=1e-6)


def test_the_extrapolation_takes_off_what_few_events_add() -> None:
    rng = np.random.default_rng(2)
    scales = np.linspace(1, 2, 8)
    known = ((scales - 1) ** 2).sum()
    plain, found = [], []
    for _ in range(40):
        real, generated = rng.normal(size=(300, 8)), scales * rng.normal(size=(300, 8))
        plain.append(distances(gaussians(real, 1), gaussians(generated, 1))[0])
        found.append(extrapolated(real, generated, 0, 5)[0])
    error = np.std(found) / np.sqrt(40)
    assert np.mean(plain) - known > 3 * error
    assert abs(np.mean(found) - known) < 3 * error


def test_it_sees_shuffled_conditions_a_blur_a_dead_pixel_and_a_lost_tail() -> None:
    same, *seen = excess(METRIC, [unchanged, shuffled, blurred, with_dead_pixel, partial(without_tail, share=0.2)])
    assert abs(same) < 3
    assert min(seen) > 3
    assert min(seen[:3]) > 30


def test_half_a_time_bin_is_seen_with_conditions_only() -> None:
    (phase,) = excess(METRIC, [half_a_time_bin_off])
    assert phase > 10
    (phase,) = excess(METRIC, [half_a_time_bin_off], "unconditional")
    assert abs(phase) < 3


def test_features_alone_are_blind_to_shuffled_conditions() -> None:
    same, conditions, blur = excess(METRIC, [unchanged, shuffled, blurred], "unconditional")
    assert abs(same) < 3
    assert abs(conditions) < 3
    assert blur > 30


def test_real_against_real_scatters_around_0() -> None:
    found = measured(METRIC, part(0), part(1)).scores["distance"]
    assert found.error is not None
    assert abs(found.value) < 3 * found.error


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
    assert np.isfinite(list(values(measured(METRIC, part(0), part(1).take(slice(0, 40)))).values())).all()
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    for few in (nothing, part(1).take(slice(0, 39))):
        found = measured(METRIC, part(0), few)
        assert np.isnan(list(values(found).values())).all()
        assert "the scores are undefined" in found.notes[-1]
