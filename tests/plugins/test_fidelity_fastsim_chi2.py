"""TPC-FastSim's chi2, against a loop with its sums, and its faults."""

import math
from dataclasses import replace

import numpy as np
import pytest

from plugins.fidelity.fastsim_chi2 import FastsimChi2, profiled, response_moments
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
    with_responses,
    without_conditions,
)

METRIC = FastsimChi2()


def moments_by_loops(image: np.ndarray) -> list[float]:
    p = image.astype(float) / image.sum(dtype=float)
    pixels = [(i, j, p[i, j]) for i in range(p.shape[0]) for j in range(p.shape[1])]
    i0, j0 = (sum(w * pixel[k] for pixel in pixels for w in pixel[2:]) for k in (0, 1))
    return [
        i0,
        j0,
        sum(w * (i - i0) ** 2 for i, _, w in pixels),
        sum(w * (j - j0) ** 2 for _, j, w in pixels),
        sum(w * (i - i0) * (j - j0) for i, j, w in pixels),
    ]


def edges_with_errors(numbers: np.ndarray) -> tuple[float, float, float]:
    """Mean plus and minus standard deviation, and the squared error of either."""
    n, mean, sd = len(numbers), numbers.mean(), numbers.std(ddof=1)
    of_variance = (((numbers - mean) ** 4).mean() - sd**4 * (n - 3) / (n - 1)) / n
    return mean + sd, mean - sd, sd**2 / n + of_variance / (4 * sd**2)


def chi2_by_loops(real: Sample, generated: Sample, bins: int) -> tuple[float, int]:
    a, b = (np.array([moments_by_loops(image) for image in s.responses]) for s in (real, generated))
    names = [condition.name for condition in real.info.conditions]
    angle, drift, pad = (names.index(name) for name in ("crossing_angle", "drift_length", "pad_coordinate"))
    features = []
    for sample in (real, generated):
        c = sample.conditions.astype(float)
        features.append([c[:, angle], c[:, drift], c[:, drift] / 0.545 % 1, c[:, pad] % 1])
    chi2, terms = 0.0, 0
    for x, y in zip(*features, strict=True):
        low, high = min(*x, *y), max(*x, *y)
        numbers = [[min(int((value - low) / (high - low) * bins), bins - 1) for value in v] for v in (x, y)]
        for k in range(bins):
            inside = [np.array(some) == k for some in numbers]
            if min(some.sum() for some in inside) < 10:
                continue
            for moment in range(5):
                upper_r, lower_r, square_r = edges_with_errors(a[inside[0], moment])
                upper_g, lower_g, square_g = edges_with_errors(b[inside[1], moment])
                chi2 += ((upper_r - upper_g) ** 2 + (lower_r - lower_g) ** 2) / (square_r + square_g)
                terms += 2
    return chi2, terms


def test_chi2_is_that_of_a_loop_over_conditions_bins_and_moments() -> None:
    real, generated = part(0).take(slice(0, 300)), blurred(part(1)).take(slice(0, 260))
    generated = generated.take(generated.conditions[:, 0] > 2)
    found = METRIC.measure(METRIC.Params(bins=11, bootstrap=2), real, generated, np.random.default_rng(0))
    chi2, terms = chi2_by_loops(real, generated, 11)
    of = values(found)
    assert of["terms"] == terms < 440
    assert of["chi2"] == pytest.approx(chi2)
    assert of["per_term"] == pytest.approx(chi2 / terms)
    assert found.notes == (f"{terms} of 440 terms: bins in which either sample has fewer than 10 events are left out",)


def test_four_conditions_of_a_track_make_950_terms() -> None:
    names = ["crossing_angle", "dip_angle", "drift_length", "pad_coordinate"]
    sample = part(0)
    periods = {"drift_length": 0.5, "pad_coordinate": 1.0}
    conditions = tuple(replace(sample.info.conditions[0], name=name, period=periods.get(name)) for name in names)
    columns = np.random.default_rng(2).uniform(0, 30, (len(sample), 4)).astype(np.float32)
    tracks = Sample(replace(sample.info, conditions=conditions), sample.responses, columns, sample.event_ids)
    table = profiled(tracks)
    assert list(table) == [
        "at_crossing_angle",
        "at_dip_angle",
        "at_drift_length",
        "at_drift_length_fraction",
        "at_pad_coordinate_fraction",
    ]
    np.testing.assert_allclose(table["at_drift_length_fraction"], [math.modf(2 * c)[0] for c in columns[:, 2]])
    np.testing.assert_allclose(table["at_pad_coordinate_fraction"], [math.modf(c)[0] for c in columns[:, 3]])
    assert values(measured(METRIC, tracks, tracks))["terms"] == 950


def test_the_highest_value_is_in_the_last_bin() -> None:
    sample = part(0)
    real = replace(sample, conditions=np.repeat(np.linspace(0, 4, 5, dtype=np.float32), 160)[:, None].repeat(3, 1))
    generated = with_responses(real, sample.responses.copy())
    highest = real.conditions[:, 0] == 4
    generated.responses[highest] = blurred(sample).responses[highest]
    found = METRIC.measure(METRIC.Params(bins=4, bootstrap=2), real, generated, np.random.default_rng(0))
    a, b = response_moments(real), response_moments(generated)
    last = real.conditions[:, 0] >= 3
    chi2 = 0.0
    for moment in range(5):
        upper_r, lower_r, square_r = edges_with_errors(a[last, moment])
        upper_g, lower_g, square_g = edges_with_errors(b[last, moment])
        chi2 += ((upper_r - upper_g) ** 2 + (lower_r - lower_g) ** 2) / (square_r + square_g)
    assert values(found)["at_crossing_angle"] == pytest.approx(chi2 / 40)


def test_an_empty_response_makes_it_worse_not_perfect() -> None:
    generated = part(1)
    responses = generated.responses.copy()
    responses[::10] = 0
    same, holes = (values(measured(METRIC, part(0), s)) for s in (generated, with_responses(generated, responses)))
    assert holes["per_term"] > 2 * same["per_term"]
    assert values(measured(METRIC, part(0), empty(generated)))["per_term"] > 100


def test_it_sees_shuffled_conditions_half_a_time_bin_and_a_blur() -> None:
    same, blur, conditions, phase = excess(METRIC, [unchanged, blurred, shuffled, half_a_time_bin_off])
    assert abs(same) < 3
    assert phase > 20
    assert blur > 20
    assert conditions > 20


def test_without_conditions_all_events_are_one_bin() -> None:
    found = measured(METRIC, without_conditions(part(0)), without_conditions(part(1)))
    assert found.notes == ("the data have no conditions: moments of all events are compared, in one bin",)
    of = values(found)
    assert list(of) == ["per_term", "chi2", "terms"]
    assert of["terms"] == 10
    assert of["chi2"] == pytest.approx(10 * of["per_term"])


def test_broken_and_few_responses() -> None:
    found = measured(METRIC, part(0), broken(part(1)))
    assert found.notes[0].startswith("3 responses")
    for few in (0, 1, 5):
        of = values(measured(METRIC, part(0), part(1).take(slice(0, few))))
        assert np.isnan([of["per_term"], of["chi2"]]).all()  # no perfect score of 0


def test_few_events_make_fewer_bins() -> None:
    found = values(measured(METRIC, part(0), part(1).take(slice(0, 45))))
    assert found["terms"] == 80
    assert np.isfinite(found["per_term"])
