"""Largest distance between cumulative distributions, feature by feature."""

from __future__ import annotations

import numpy as np

from plugins.fidelity.features import Values, described, features, usable
from runner.api import Field, Measurement, Metric, Params, Sample, Score


class KolmogorovSmirnov(Metric):
    r"""Kolmogorov-Smirnov distances of thirteen features, their p-values corrected for their number.

    $D = \sup |F_r - F_g|$ of the two empirical distribution functions, scaled by $\sqrt{nm / (n + m)}$ so that its
    distribution for equal samples does not depend on their size, and the asymptotic p-value of $D$. The p-values are
    Holm's: under the null hypothesis, the chance that the smallest of them is below 0.05 is at most 5 %. The headline
    is the largest scaled distance.
    """

    name = "kolmogorov_smirnov"
    unit = "1"
    better = "lower"
    headline = "largest"
    reference = "Holm, Scand. J. Statist. 6 (1979) 65"

    class Params(Params):
        """How the errors are found."""

        bootstrap: int = Field(30, ge=2, description="pairs of samples drawn with repetition for the errors")

    def measure(
        self, params: KolmogorovSmirnov.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The largest distance, then each feature's, and p-values.

        Raises:
            DataError: Where responses are not images.
        """
        real, notes = usable(real)
        generated, more = usable(generated)
        columns = described(real.info)
        a, b = features(real), features(generated)
        found = distances(a, b)
        repeated = np.array(
            [
                distances(a[rng.integers(len(a), size=len(a))], b[rng.integers(len(b), size=len(b))])
                for _ in range(params.bootstrap)
            ]
        )
        errors = repeated.std(axis=0, ddof=1)
        largest = int(found.argmax())
        p_values = holm(asymptotic_p(found))
        scores = {
            "largest": Score(found[largest], repeated.max(axis=1).std(ddof=1)),
            "smallest_p": Score(p_values.min(), better="none"),
        }
        for k, column in enumerate(columns):
            scores[f"{column.name}"] = Score(found[k], errors[k])
            scores[f"{column.name}_p"] = Score(p_values[k], better="none")
        note = f"the largest distance is that of {columns[largest].label}"
        return Measurement(scores, notes=(*notes, *more, note))


def distances(real: Values, generated: Values) -> Values:
    r"""$D \sqrt{nm / (n + m)}$ of each column.

    Args:
        real: (n, columns).
        generated: (m, columns).
    """
    n, m = len(real), len(generated)
    found = []
    for a, b in zip(np.sort(real, axis=0).T, np.sort(generated, axis=0).T, strict=True):
        both = np.concatenate([a, b])
        steps = np.searchsorted(a, both, side="right") / n - np.searchsorted(b, both, side="right") / m
        found.append(np.abs(steps).max())
    return np.array(found) * np.sqrt(n * m / (n + m))


def asymptotic_p(scaled: Values) -> Values:
    """Chance of a larger scaled distance for equal distributions of many events."""
    from scipy.stats import kstwobign

    return kstwobign.sf(scaled)


def holm(p_values: Values) -> Values:
    """Holm's corrected p-values: the k-th smallest of n times n - k + 1, made monotonic, at most 1."""
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    result = np.empty_like(corrected)
    result[order] = corrected
    return result
