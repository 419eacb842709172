"""Wasserstein distances over all events and at given conditions, against SciPy."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from plugins.fidelity.bins import bins_of, inner_edges
from plugins.fidelity.features import described, features
from plugins.fidelity.wasserstein import Wasserstein, distances, in_bins
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
    without_conditions,
)

METRIC = Wasserstein()


def at_constant_angle(sample: Sample) -> Sample:
    conditions = sample.conditions.copy()
    conditions[:, 0] = 7
    return replace(sample, conditions=conditions)


@pytest.mark.parametrize(("n", "m"), [(300, 200), (2, 11)])
def test_distances_are_scipys(n: int, m: int) -> None:
    real, generated = features(part(0).take(slice(0, n))), features(blurred(part(1)).take(slice(0, m)))
    expected = [wasserstein_distance(a, b) for a, b in zip(real.T, generated.T, strict=True)]
    np.testing.assert_allclose(distances(real, generated), expected, rtol=1e-9)


def test_scores_are_those_of_a_loop_over_features_conditions_and_bins() -> None:
    real, generated = part(0), blurred(part(1)).take(slice(0, 500))
    found = values(METRIC.measure(METRIC.Params(bins=4, bootstrap=2), real, generated, np.random.default_rng(0)))
    a, b = features(real), features(generated)
    plain, averages = [], []
    for f, column in enumerate(described(real.info)):
        sigma = a[:, f].std()
        plain.append(wasserstein_distance(a[:, f], b[:, f]) / sigma)
        assert found[column.name] == pytest.approx(plain[-1])
        for c, condition in enumerate(real.info.conditions):
            edges = np.quantile(real.conditions[:, c].astype(float), [0.25, 0.5, 0.75])
            ends = [-np.inf, *edges, np.inf]
            table = []
            for low, high in itertools.pairwise(ends):
                inside = [(s.conditions[:, c] >= low) & (s.conditions[:, c] < high) for s in (real, generated)]
                table.append(wasserstein_distance(a[inside[0], f], b[inside[1], f]) / sigma)
            averages.append(np.mean(table))
            assert found[f"{column.name}_at_{condition.name}"] == pytest.approx(averages[-1])
    assert found["distance"] == pytest.approx(np.mean(averages))
    assert found["unconditional"] == pytest.approx(np.mean(plain))


def test_bins_hold_equal_numbers_of_events_and_all_of_them() -> None:
    real = part(0)
    edges = [inner_edges(column, 10) for column in real.conditions.T]
    for numbers in bins_of(real, edges):
        np.testing.assert_array_equal(np.bincount(numbers), 80)
    beyond = replace(real, conditions=real.conditions + np.float32(1000))
    assert all((numbers == 9).all() for numbers in bins_of(beyond, edges))


def test_few_events_make_fewer_bins() -> None:
    assert len(inner_edges(np.arange(64, dtype=np.float32), 10)) == 2
    assert len(inner_edges(np.arange(5, dtype=np.float32), 10)) == 0
    assert len(inner_edges(np.full(500, 3, np.float32), 10)) == 0


def test_bins_without_events_are_undefined_and_left_out_of_the_average() -> None:
    rows = np.column_stack([np.arange(40.0), np.repeat([0, 1], 20)])
    (table,) = in_bins(rows, rows[:21], [2])
    assert table[0, 0] == 0
    assert np.isnan(table[1, 0])  # one event


def test_it_sees_shuffled_conditions_and_a_blur() -> None:
    same, blur, conditions = excess(METRIC, [unchanged, blurred, shuffled])
    assert abs(same) < 3
    assert blur > 20
    assert conditions > 20


def test_over_all_events_it_is_blind_to_shuffled_conditions() -> None:
    same, conditions = excess(METRIC, [unchanged, shuffled], "unconditional")
    assert conditions == pytest.approx(same)


def test_the_worst_bins_are_named() -> None:
    notes = measured(METRIC, part(0), shuffled(part(1))).notes
    assert len(notes) == 3
    assert notes[2].startswith("worst bin of pad_coordinate: ")
    assert "sd for mean pad from" in notes[2]


def test_without_conditions_the_headline_is_the_mean_over_features() -> None:
    found = values(measured(METRIC, without_conditions(part(0)), without_conditions(part(1))))
    assert found["distance"] == found["unconditional"]
    assert len(found) == 15


def test_a_constant_condition_is_one_bin() -> None:
    found = values(measured(METRIC, at_constant_angle(part(0)), at_constant_angle(part(1))))
    assert found["mean_pad_at_crossing_angle"] == pytest.approx(found["mean_pad"])


def test_constant_features_keep_their_unit_and_are_named() -> None:
    found = measured(METRIC, empty(part(0)), part(1))
    assert values(found)["hits"] == pytest.approx((part(1).responses > 0).sum(axis=(1, 2)).mean())
    assert found.notes[0].startswith("constant in the real responses, so that they are in their own units: mean")


def test_a_feature_is_constant_where_it_varies_by_rounding_alone() -> None:
    """Equal real responses, and generated ones a little larger."""
    one = part(0).responses[0]
    real = with_responses(part(0), np.broadcast_to(one, part(0).responses.shape))
    generated = with_responses(part(1), np.broadcast_to(np.float32(1.001) * one, part(1).responses.shape))
    assert 0 < features(real).std(axis=0).max() < 1e-12
    found = values(measured(METRIC, real, generated))
    assert found["log_sum"] == pytest.approx(np.log10(1.001), rel=1e-3)
    assert found["distance"] < 1e-3


def test_a_condition_without_a_filled_bin_is_left_out_of_the_headline() -> None:
    real = part(0)
    rng, scattered = np.random.default_rng(0), part(1).take(slice(0, 12))
    # one generated event in each bin of the angle, but all in one of the other conditions
    conditions = np.tile(real.conditions[0], (10, 1))
    conditions[:, 0] = np.quantile(real.conditions[:, 0], (np.arange(10) + 0.5) / 10)
    generated = replace(scattered.take(slice(0, 10)), conditions=conditions)
    found = METRIC.measure(METRIC.Params(bootstrap=2), real, generated, rng)
    of = values(found)
    assert np.isnan(of["mean_pad_at_crossing_angle"])
    at = ("drift_length", "pad_coordinate")
    kept = [of[f"{column.name}_at_{name}"] for column in described(real.info) for name in at]
    assert of["distance"] == pytest.approx(np.mean(kept))
    assert "no bin of crossing_angle has enough events of both samples" in found.notes


def test_empty_and_broken_responses() -> None:
    assert values(measured(METRIC, part(0), empty(part(1))))["distance"] > 1
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == pytest.approx(values(measured(METRIC, part(0), part(1).take(slice(3, None)))))
    assert found.notes[0].startswith("3 responses")
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    assert np.isnan(list(values(measured(METRIC, part(0), nothing)).values())).all()
