"""Largest distance between cumulative distributions, feature by feature."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Feature, Values, described, features
from runner.api import Histogram, Measurement, Metric, Params, Sample, Score


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

        bootstrap: int = repeats_field()

    def measure(
        self, params: KolmogorovSmirnov.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The largest distance, then each feature's, p-values, and histograms of the features.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        columns = described(real.info)
        a, b = features(pair.real), features(pair.generated)
        found = estimate(distances, a, b, params.bootstrap, rng)
        p_values = holm(asymptotic_p(found.value, len(a), len(b)))
        largest = int(found.value.argmax())
        scores = {
            "largest": Score(found.value[largest], found.replicas.max(axis=1).std(ddof=1)),
            "smallest_p": Score(p_values.min(), better="none"),
        }
        for k, column in enumerate(columns):
            scores[column.name] = Score(found.value[k], found.error[k])
            scores[f"{column.name}_p"] = Score(p_values[k], better="none")
        if not pair.enough:
            return Measurement(scores, notes=pair.notes)
        note = f"the largest distance is that of {columns[largest].label}"
        return Measurement(scores, tuple(_histograms(columns, a, b)), (*pair.notes, note))


def _histograms(columns: tuple[Feature, ...], real: Values, generated: Values) -> Iterator[Histogram]:
    for k, column in enumerate(columns):
        title = column.label[0].upper() + column.label[1:]
        yield Histogram(column.name, title, column.label, column.unit, real[:, k], generated[:, k])


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


def asymptotic_p(scaled: Values, n: int, m: int) -> Values:
    r"""Chance of a larger distance for equal distributions.

    That of one sample of $nm / (n + m)$ events against a known distribution, which is the limit of many events; for
    features that take few values it is too large.

    Args:
        scaled: Scaled distances.
        n: Real events.
        m: Generated events.
    """
    from scipy.stats import kstwo

    if not n * m:
        return np.full_like(scaled, np.nan)
    effective = n * m / (n + m)
    return kstwo.sf(scaled / np.sqrt(effective), max(round(effective), 1))


def holm(p_values: Values) -> Values:
    """Holm's corrected p-values: the k-th smallest of n times n - k + 1, made monotonic, at most 1."""
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    result = np.empty_like(corrected)
    result[order] = corrected
    return result
