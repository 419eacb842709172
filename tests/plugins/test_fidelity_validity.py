"""Impossible responses and occupancy, counted by hand."""

import math

import numpy as np
import pytest

from plugins.fidelity.validity import Validity, pulls
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
)

METRIC = Validity()


def leaking(sample: Sample) -> Sample:
    """Half of the empty pixels hold half a threshold."""
    rng = np.random.default_rng(0)
    leak = (sample.responses == 0) & (rng.random(sample.responses.shape) < 0.5)
    return with_responses(sample, np.where(leak, 0.5 * sample.info.threshold, sample.responses))


def test_pulls_are_those_of_a_loop_over_pixels() -> None:
    rng = np.random.default_rng(0)
    real, generated = rng.random((50, 6)) < 0.3, rng.random((70, 6)) < 0.4
    real[:, 0] = generated[:, 0] = False
    real[:, 1] = generated[:, 1] = True
    expected = []
    for pixel in range(6):
        a, b = sum(real[:, pixel]), sum(generated[:, pixel])
        share = (a + b) / 120
        sigma = math.sqrt(share * (1 - share) * (1 / 50 + 1 / 70))
        expected.append((b / 70 - a / 50) / sigma if sigma else 0)
    np.testing.assert_allclose(pulls(real, generated), expected)


def test_pulls_of_equal_samples_are_standard_normal() -> None:
    rng = np.random.default_rng(0)
    found = pulls(rng.random((500, 4000)) < 0.3, rng.random((900, 4000)) < 0.3)
    assert found.std() == pytest.approx(1, abs=0.04)
    assert abs(found.mean()) < 0.05


def test_a_dead_pixel_is_seen_and_named() -> None:
    same, dead, blur, conditions = excess(METRIC, [unchanged, with_dead_pixel, blurred, shuffled])
    assert abs(same) < 3
    assert dead > 10
    assert blur > 10
    assert conditions == pytest.approx(same)
    found = measured(METRIC, part(0), with_dead_pixel(part(1)))
    assert found.notes == ("the largest pull is that of pad bin 3, time bin 4",)
    assert values(found)["far_pulls"] >= 1 / 64


def test_impossible_responses_are_counted() -> None:
    found = measured(METRIC, part(0), broken(part(1)))
    of = values(found)
    assert of["not_finite"] == 2 / 800
    assert of["negative"] == 1 / 800
    assert found.notes[0].startswith("3 responses")
    errors = {name: score.error for name, score in found.scores.items()}
    assert errors["negative"] == pytest.approx(math.sqrt(1 + 2) / 802, rel=0.01)


def test_leakage_below_the_threshold_is_counted() -> None:
    generated = leaking(part(1))
    found = values(measured(METRIC, part(0), generated))
    assert found["below_threshold"] == pytest.approx(((generated.responses > 0) & (generated.responses < 1)).mean())
    assert found["below_threshold"] > 0.1
    assert values(measured(METRIC, part(0), part(1)))["below_threshold"] == 0


def test_responses_without_a_hit_are_counted_against_the_real_ones() -> None:
    real, generated = part(0).responses.copy(), part(1).responses.copy()
    real[:40], generated[:100] = 0, 0
    found = values(measured(METRIC, with_responses(part(0), real), with_responses(part(1), generated)))
    assert found["no_hit"] == pytest.approx(60 / 800)
    assert values(measured(METRIC, part(0), empty(part(1))))["no_hit"] == 1


def test_the_largest_amplitude_is_compared() -> None:
    doubled = with_responses(part(0), 2 * part(0).responses)
    score = measured(METRIC, part(0), doubled).scores["largest_amplitude"]
    assert score.value == pytest.approx(2)
    assert score.error is None
    assert score.better == "one"
    assert np.isnan(values(measured(METRIC, empty(part(0)), part(1)))["largest_amplitude"])


def test_figures_are_maps_and_the_spectrum_with_the_threshold() -> None:
    occupancy, mean, spectrum = measured(METRIC, part(0), part(1)).figures
    np.testing.assert_allclose(occupancy.real, (part(0).responses > 0).mean(axis=0))
    np.testing.assert_allclose(mean.generated, part(1).responses.mean(axis=0), rtol=1e-5)
    hits = part(1).responses[part(1).responses > 0]
    np.testing.assert_allclose(np.sort(spectrum.generated), np.sort(np.log10(hits.astype(float))), rtol=1e-6)
    assert spectrum.mark == 0


def test_minus_infinity_counts_as_not_finite_and_as_negative() -> None:
    responses = part(1).responses.copy()
    responses[:4] = -np.inf
    found = values(measured(METRIC, part(0), with_responses(part(1), responses)))
    assert found["not_finite"] == found["negative"] == 4 / 800
    assert found["no_hit"] == 0


def test_nothing_but_nan() -> None:
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    found = measured(METRIC, part(0), nothing)
    assert values(found)["not_finite"] == 1
    assert values(found)["no_hit"] == 0
    assert np.isnan(values(found)["largest_pull"])
    assert not found.figures
