"""Precision, recall, density and coverage, against loops over pairs."""

import numpy as np
import pytest

from plugins.fidelity import coverage
from plugins.fidelity.coverage import Coverage, neighbourhoods, radii
from plugins.fidelity.features import features
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
    without_tail,
)

METRIC = Coverage()


def by_loops(real: np.ndarray, generated: np.ndarray, k: int) -> dict[str, float]:
    """The definitions of arXiv:2002.09797, pair by pair."""

    def distance(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.sqrt(sum((x - y) ** 2)))

    def radius(points: np.ndarray, i: int) -> float:
        return sorted(distance(points[i], other) for j, other in enumerate(points) if j != i)[k - 1]

    n, m = len(real), len(generated)
    real_radii, generated_radii = ([radius(points, i) for i in range(len(points))] for points in (real, generated))
    near = [[distance(real[i], generated[j]) for j in range(m)] for i in range(n)]
    return {
        "precision": sum(any(near[i][j] <= real_radii[i] for i in range(n)) for j in range(m)) / m,
        "recall": sum(any(near[i][j] <= generated_radii[j] for j in range(m)) for i in range(n)) / n,
        "density": sum(near[i][j] <= real_radii[i] for i in range(n) for j in range(m)) / (k * m),
        "coverage": sum(min(near[i]) <= real_radii[i] for i in range(n)) / n,
    }


def test_scores_are_those_of_loops_over_pairs() -> None:
    real, generated = part(0).take(slice(0, 60)), blurred(part(1)).take(slice(0, 45))
    found = values(METRIC.measure(METRIC.Params(neighbours=3), real, generated, np.random.default_rng(0)))
    sigma = features(real).std(axis=0)
    assert found == pytest.approx(by_loops(features(real) / sigma, features(generated) / sigma, 3))


def test_pairs_are_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(50, 3)), rng.normal(size=(40, 3))
    whole = neighbourhoods(real, generated, 4)
    monkeypatch.setattr(coverage, "AT_ONCE", 7 * 40)
    pieces = neighbourhoods(real, generated, 4)
    for name in ("balls", "reached", "real_in_any"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))


def test_radii_reach_to_the_neighbour_itself_not_counted() -> None:
    np.testing.assert_allclose(radii(np.array([[0.0], [1], [3], [7]]), 2), [3, 2, 3, 6])


def test_the_same_sample_has_everything() -> None:
    found = values(measured(METRIC, part(0), part(0)))
    assert found["recall"] == found["precision"] == found["coverage"] == 1


def test_recall_sees_a_lost_tail_better_than_coverage() -> None:
    same, tail, blur, conditions = excess(METRIC, [unchanged, without_tail, blurred, shuffled])
    assert abs(same) < 3
    assert tail < -4
    assert blur < -20
    assert conditions == pytest.approx(same)
    (covered,) = excess(METRIC, [without_tail], "coverage")
    assert tail < covered - 1


def test_more_of_the_same_is_dense() -> None:
    centre = features(part(0))
    near = np.argsort(((centre - centre.mean(axis=0)) / centre.std(axis=0) ** 2).__abs__().sum(axis=1))[:200]
    assert values(measured(METRIC, part(0), part(0).take(near)))["density"] > 1.2


def test_tiny_samples_have_smaller_balls_and_a_note() -> None:
    found = measured(METRIC, part(0), part(1).take([0, 1, 2]))
    assert found.notes == ("balls reach to neighbour 2, because there are no more",)
    assert np.isfinite(list(values(found).values())).all()


def test_constant_features_are_named() -> None:
    notes = measured(METRIC, empty(part(0)), part(1)).notes
    assert notes[0].startswith("constant in the real responses, so that they are in their own units: mean pad")


def test_empty_and_broken_responses() -> None:
    found = values(measured(METRIC, part(0), empty(part(1))))
    assert found["recall"] == found["precision"] == 0
    found = measured(METRIC, part(0), broken(part(1)))
    assert values(found) == values(measured(METRIC, part(0), part(1).take(slice(3, None))))
    assert found.notes[0].startswith("3 responses")
    nothing = with_responses(part(1), np.full_like(part(1).responses, np.nan))
    assert np.isnan(list(values(measured(METRIC, part(0), nothing)).values())).all()
