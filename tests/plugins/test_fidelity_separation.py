"""Separation power, against a loop over bins."""

import itertools

import numpy as np
import pytest

from plugins.fidelity.features import described, features
from plugins.fidelity.separation import Separation, binned, histograms, inner_edges, separation
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

METRIC = Separation()


def by_loops(real: np.ndarray, generated: np.ndarray, edges: np.ndarray) -> float:
    """The definition, with the outer bins open."""
    ends = [-np.inf, *edges, np.inf]
    total = 0.0
    for low, high in itertools.pairwise(ends):
        p = sum(low <= value < high for value in real) / len(real)
        q = sum(low <= value < high for value in generated) / len(generated)
        total += (p - q) ** 2 / (p + q) / 2 if p + q else 0
    return total


def test_separations_are_those_of_a_loop_over_bins() -> None:
    real, generated = features(part(0).take(slice(0, 150))), features(blurred(part(1)).take(slice(0, 100)))
    edges = [inner_edges(column, 10) for column in real.T]
    bins = max(map(len, edges)) + 1
    found = separation(histograms(binned(real, edges), bins), histograms(binned(generated, edges), bins))
    expected = [by_loops(*columns) for columns in zip(real.T, generated.T, edges, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bins_of_equal_width_span_the_real_quantiles() -> None:
    edges = inner_edges(np.linspace(0.0, 100.5, 20_001), 10)
    np.testing.assert_allclose(edges, np.linspace(0.5025, 99.9975, 11))


@pytest.mark.parametrize(("highest", "width"), [(5, 1), (39, 1), (40, 2), (99, 3)])
def test_whole_numbers_have_whole_bins_that_hold_them_in_their_middle(highest: int, width: int) -> None:
    edges = inner_edges(np.arange(highest + 1.0).repeat(200), 40)
    assert edges[0] == -0.5
    np.testing.assert_array_equal(np.diff(edges), width)
    assert edges[-1] > highest
    assert len(edges) - 1 <= 40


@pytest.mark.parametrize("constant", [0.37, 3.0])
def test_a_constant_is_told_from_what_is_above_and_below(constant: float) -> None:
    edges = [inner_edges(np.full(50, constant), 40)]
    for other in (constant - 1, constant + 1):
        shares = [histograms(binned(np.full((9, 1), value), edges), 3) for value in (constant, other)]
        assert separation(*shares)[0] == 1


def test_the_headline_is_the_largest_and_named() -> None:
    found = measured(METRIC, part(0), blurred(part(1)))
    of = values(found)
    columns = described(part(0).info)
    numbers = [of[column.name] for column in columns]
    assert of["largest"] == max(numbers)
    assert of["mean"] == pytest.approx(np.mean(numbers))
    assert found.notes == (f"the largest separation is that of {columns[int(np.argmax(numbers))].label}",)
    assert 0 <= min(numbers) <= max(numbers) <= 1


def test_it_sees_a_blur_and_is_blind_to_shuffled_conditions() -> None:
    same, blur, conditions = excess(METRIC, [unchanged, blurred, shuffled])
    assert abs(same) < 3
    assert blur > 20
    assert conditions == pytest.approx(same)


def test_empty_and_broken_responses() -> None:
    assert values(measured(METRIC, part(0), empty(part(1))))["largest"] == pytest.approx(1)
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == values(measured(METRIC, part(0), part(1).take(slice(3, None))))
    assert found.notes[0].startswith("3 responses")
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    assert np.isnan(list(values(measured(METRIC, part(0), nothing)).values())).all()
