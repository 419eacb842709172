"""Whether generated responses lie where real ones do, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values, features
from plugins.fidelity.vectors import constants, spreads
from runner.api import Field, Measurement, Metric, Params, Sample, Score

AT_ONCE = 2_000_000
"""Distances that are held in memory at a time."""


class Coverage(Metric):
    r"""Precision, recall, density and coverage of the generated responses among the real ones.

    Around each response lies a ball that reaches to its k-th nearest neighbour of the same sample, in the space of the
    thirteen features, standardised with the real events. Precision is the share of generated responses in the ball of
    any real one, recall the share of real responses in the ball of any generated one; density is the number of real
    balls a generated response lies in, over k (unbounded, 1 in the mean for equal samples), and coverage the share of
    real balls with a generated response inside. The headline is recall: balls of rare real responses are wide and
    easily reached from the bulk, so that coverage is slower to miss a tail that is lost, while no ball of a generated
    response reaches there.
    """

    name = "coverage"
    unit = "1"
    better = "higher"
    headline = "recall"
    reference = "Naeem et al., arXiv:2002.09797; precision and recall: Kynkaanniemi et al., arXiv:1904.06991"

    class Params(Params):
        """The balls."""

        neighbours: int = Field(5, ge=1, description="a ball reaches to the neighbour of this number, k")

    def measure(
        self, params: Coverage.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The four scores; errors are those of means over events, with the balls as they are.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        if not pair.enough:
            unknown = Score(np.nan)
            names = ("recall", "precision", "coverage")
            scores = {name: unknown for name in names} | {"density": Score(np.nan, better="one")}
            return Measurement(scores, notes=pair.notes)
        a, b = features(pair.real), features(pair.generated)
        sigma = spreads(a)
        k = min(params.neighbours, len(a) - 1, len(b) - 1)
        inside = neighbourhoods(a / sigma, b / sigma, k)
        notes = (*pair.notes, *constants(pair.real))
        if k < params.neighbours:
            notes = (*notes, f"balls reach to neighbour {k}, because there are no more")
        return Measurement(
            {
                "recall": _mean(inside.real_in_any),
                "precision": _mean(inside.balls > 0),
                "coverage": _mean(inside.reached),
                "density": _mean(inside.balls / k, better="one"),
            },
            notes=notes,
        )


@dataclass(frozen=True)
class Neighbourhoods:
    """What lies in which balls.

    Attributes:
        balls: Real balls that each generated response lies in, (m,).
        reached: Whether a generated response lies in each real ball, (n,).
        real_in_any: Whether each real response lies in a generated ball, (n,).
    """

    balls: NDArray[np.int64]
    reached: NDArray[np.bool_]
    real_in_any: NDArray[np.bool_]


def neighbourhoods(real: Values, generated: Values, k: int) -> Neighbourhoods:
    """Which responses lie in which balls, that reach to the k-th neighbour.

    Args:
        real: (n, columns), n > k.
        generated: (m, columns), m > k.
        k: At least 1.
    """
    real_radii, generated_radii = radii(real, k), radii(generated, k)
    balls = np.zeros(len(generated), np.int64)
    reached, in_any = [], []
    for distances in _distances(real, generated):
        start = len(reached)
        inside = distances <= real_radii[start : start + len(distances), None]
        balls += inside.sum(axis=0)
        reached += inside.any(axis=1).tolist()
        in_any += (distances <= generated_radii).any(axis=1).tolist()
    return Neighbourhoods(balls, np.array(reached), np.array(in_any))


def radii(points: Values, k: int) -> Values:
    """Distance of each point to its k-th nearest neighbour, (points,)."""
    # a point is its own nearest one, so that the k-th neighbour stands at place k
    return np.concatenate([np.partition(distances, k, axis=1)[:, k] for distances in _distances(points, points)])


def _distances(first: Values, second: Values) -> Iterator[Values]:
    """Distances of all pairs, some rows of `first` at a time, (rows, len(second))."""
    from scipy.spatial.distance import cdist

    rows = max(AT_ONCE // len(second), 1)
    for start in range(0, len(first), rows):
        yield cdist(first[start : start + rows], second)


def _mean(values: NDArray[np.generic], better: Literal["one"] | None = None) -> Score:
    numbers = np.asarray(values, np.float64)
    return Score(numbers.mean(), numbers.std(ddof=1) / np.sqrt(len(numbers)), better=better)
