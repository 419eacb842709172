"""Frechet distance of two samples with their conditions, extrapolated to samples without end."""

from __future__ import annotations

import numpy as np

from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values
from plugins.fidelity.vectors import constants, vectors
from runner.api import Field, Measurement, Metric, Params, Sample, Score

Gaussians = tuple[Values, Values]

FEWEST_IN_PART = 10
"""Events of the smallest part that a distance is computed of."""


class Frechet(Metric):
    r"""Frechet distance between Gaussians through thirteen features and the conditions, for samples without end.

    $|\mu_r - \mu_g|^2 + \mathrm{tr}(S_r + S_g - 2 (S_r^{1/2} S_g S_r^{1/2})^{1/2})$ of means and covariances of
    $[\phi(c), f]$, conditions and features standardised with the real events, so that responses at the wrong conditions
    have the wrong covariances. The distance of finite samples is too large by a term that goes as 1/N: both samples are
    cut at random into $k$ equal parts, the mean distance of the parts is a straight line in $k$, and the score is its
    value at $k = 0$, which scatters around 0 for equal samples. Without conditions the vector is that of the features.
    """

    name = "frechet"
    unit = "1"
    better = "lower"
    headline = "distance"
    reference = "Kansal et al., arXiv:2211.10295; Chong, Forsyth, arXiv:1911.07023 (extrapolation)"

    class Params(Params):
        """How the distance is extrapolated, and how its error is found."""

        parts: int = Field(5, ge=2, le=100, description="most parts that the samples are cut into; fewer of few events")
        repeats: int = Field(20, ge=2, le=1000, description="random cuts, and random halves for the error")

    def measure(self, params: Frechet.Params, real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
        """The distance with the conditions, and that of the features alone.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        fewest = 4 * FEWEST_IN_PART
        if min(len(pair.real), len(pair.generated)) < fewest:
            unknown = Score(np.nan)
            note = f"an extrapolation needs {fewest} usable responses of either sample: the scores are undefined"
            return Measurement({"distance": unknown, "unconditional": unknown}, notes=(*pair.notes, note))
        (given, a), (asked, b) = (vectors(sample, pair.real) for sample in (pair.real, pair.generated))
        rows, inputs = (np.hstack([given, a]), np.hstack([asked, b])), given.shape[1]

        def one(share: int) -> Values:
            """Of a random part of the events, a half of them where `share` is 2."""
            real, generated = (rng.permutation(some)[: len(some) // share] for some in rows)
            return extrapolated(real, generated, inputs, params.parts)

        cuts, halves = ([one(share) for _ in range(params.repeats)] for share in (1, 2))
        # the scatter of halves of a sample, drawn without repetition, is that of the whole (delete-half jackknife)
        numbers = zip(("distance", "unconditional"), np.mean(cuts, axis=0), np.std(halves, axis=0, ddof=1), strict=True)
        scores = {name: Score(value, error) for name, value, error in numbers}
        return Measurement(scores, notes=(*pair.notes, *constants(pair.real)))


def extrapolated(real: Values, generated: Values, inputs: int, parts: int) -> Values:
    """Distances of samples without end, of all columns and of those after the inputs, (2,).

    Args:
        real: Vectors in a random order, (n, inputs + features).
        generated: The same, (m, inputs + features).
        inputs: How many columns are made of conditions.
        parts: Most parts to cut into, of which the smallest has at least `FEWEST_IN_PART` events.
    """
    most = min(parts, min(len(real), len(generated)) // FEWEST_IN_PART)
    means = []
    for k in range(1, most + 1):
        a, b = gaussians(real, k), gaussians(generated, k)
        features = ((mean[:, inputs:], covariance[:, inputs:, inputs:]) for mean, covariance in (a, b))
        means.append([distances(a, b).mean(), distances(*features).mean()])
    # the value of a straight line at k = 0
    at_0: Values = np.polynomial.polynomial.polyfit(np.arange(1, most + 1), means, 1)[0]
    return at_0


def gaussians(rows: Values, parts: int) -> Gaussians:
    """Means (parts, columns) and covariances (parts, columns, columns) of consecutive parts of equal size."""
    size = len(rows) // parts
    cut = rows[: parts * size].reshape(parts, size, -1)
    mean = cut.mean(axis=1)
    centred = cut - mean[:, None]
    return mean, centred.transpose(0, 2, 1) @ centred / (size - 1)


def distances(real: Gaussians, generated: Gaussians) -> Values:
    """Frechet distances between Gaussians of these means and covariances, (parts,).

    The trace of the root is the sum of the roots of eigenvalues, so that no root of a matrix without symmetry is taken.
    """
    (mean_r, covariance_r), (mean_g, covariance_g) = real, generated
    eigenvalues, basis = np.linalg.eigh(covariance_r)
    root = basis * np.sqrt(np.maximum(eigenvalues, 0))[:, None] @ basis.transpose(0, 2, 1)
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariance_g @ root), 0)).sum(axis=1)
    traces = np.trace(covariance_r + covariance_g, axis1=1, axis2=2)
    distance: Values = ((mean_r - mean_g) ** 2).sum(axis=1) + traces - 2 * overlap
    return distance
