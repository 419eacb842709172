"""Kolmogorov-Smirnov distances of features, against SciPy."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from plugins.fidelity.features import described, features
from plugins.fidelity.kolmogorov_smirnov import KolmogorovSmirnov, asymptotic_p, distances, holm
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

METRIC = KolmogorovSmirnov()


@pytest.mark.parametrize(("n", "m"), [(300, 200), (7, 11)])
def test_distances_and_p_values_are_scipys(n: int, m: int) -> None:
    real, generated = features(part(0).take(slice(0, n))), features(blurred(part(1)).take(slice(0, m)))
    found = distances(real, generated)
    tests = [ks_2samp(a, b, method="asymp") for a, b in zip(real.T, generated.T, strict=True)]
    np.testing.assert_allclose(found, [test.statistic * np.sqrt(n * m / (n + m)) for test in tests], rtol=1e-12)
    np.testing.assert_allclose(asymptotic_p(found, n, m), [test.pvalue for test in tests], rtol=1e-9, atol=1e-12)


def test_distances_of_values_that_repeat_are_taken_between_them() -> None:
    real, generated = np.array([[0.0], [0], [1], [1]]), np.array([[0.0], [1], [1], [1]])
    assert distances(real, generated)[0] == pytest.approx(0.25 * np.sqrt(2))


def test_holm_against_an_example_worked_by_hand() -> None:
    """Smallest to largest 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04 raised to 0.06."""
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.5, 0.9])), [1, 1])


def test_scores_are_of_the_features_and_the_headline_the_largest() -> None:
    found = measured(METRIC, part(0), part(1))
    expected = distances(features(part(0)), features(part(1)))
    of = values(found)
    names = [column.name for column in described(part(0).info)]
    np.testing.assert_allclose([of[name] for name in names], expected)
    assert of["largest"] == expected.max()
    assert of["smallest_p"] == min(of[f"{name}_p"] for name in names)
    assert found.notes == (f"the largest distance is that of {described(part(0).info)[expected.argmax()].label}",)


def test_there_is_a_histogram_of_each_feature() -> None:
    figures = measured(METRIC, part(0), part(1)).figures
    assert [figure.name for figure in figures] == [column.name for column in described(part(0).info)]
    np.testing.assert_array_equal(np.stack([figure.generated for figure in figures], axis=1), features(part(1)))


def test_it_sees_a_blur_and_is_blind_to_shuffled_conditions() -> None:
    same, blur, conditions = excess(METRIC, [unchanged, blurred, shuffled])
    assert abs(same) < 3
    assert blur > 20
    assert conditions == pytest.approx(same)


def test_real_against_real_has_no_small_p() -> None:
    assert values(measured(METRIC, part(0), part(1)))["smallest_p"] > 0.05


def test_broken_responses_are_left_out_and_nothing_is_undefined_of_empty_ones() -> None:
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == values(measured(METRIC, part(0), part(1).take(slice(3, None))))
    assert found.notes[0].startswith("3 responses")
    assert values(measured(METRIC, part(0), empty(part(1))))["largest"] == pytest.approx(20)  # sqrt(800 / 2)


def test_without_generated_responses_scores_are_undefined() -> None:
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    found = measured(METRIC, part(0), nothing)
    assert np.isnan(list(values(found).values())).all()
    assert not found.figures
