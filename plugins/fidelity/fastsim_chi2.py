"""TPC-FastSim's chi2 between the profiles of five moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.bins import EVENTS_PER_BIN
from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values, features
from plugins.fidelity.moments import FEWEST_IN_BIN, average, moments, squared_pulls
from runner.api import Field, Measurement, Metric, Params, Sample, Score

FRACTION_ALONE = ("pad_coordinate", "pad")
"""Conditions that count by their fraction of a bin alone, where they have a period."""

MOMENTS = 5
"""Means, variances and covariance of a response."""


class FastsimChi2(Metric):
    r"""TPC-FastSim's chi2: profiles of the means, variances and covariance of a response, without its faults.

    In bins of each condition, mean $\mu$ and standard deviation $\sigma$ of a moment make $U, L = \mu \pm \sigma$ with
    $e^2 = e_\mu^2 + e_\sigma^2$ each; chi2 is the sum of $[(U_r - U_g)^2 + (L_r - L_g)^2] / (e_r^2 + e_g^2)$. Bins are
    equally wide from the lowest to the highest value of both samples. Real against real gives about 1 per term, so that
    the headline is chi2 over the number of terms; TPC-FastSim's papers quote the sum. To judge a model, use `profiles`.
    """

    name = "fastsim_chi2"
    unit = "1"
    better = "lower"
    headline = "per_term"
    reference = "TPC-FastSim, https://github.com/SiLiKhon/TPC-FastSim; Maevskiy et al., arXiv:2012.04595"

    class Params(Params):
        """Bins of the conditions, and how the errors are found."""

        bins: int = Field(
            19, ge=1, le=1000, description="bins of each condition, of equal width; fewer where events are few"
        )
        bootstrap: int = repeats_field()

    def measure(
        self, params: FastsimChi2.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """Chi2 per term, chi2, the number of terms, and chi2 per term of each profiled condition.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        samples = pair.real, pair.generated
        tables = [profiled(sample) for sample in samples]
        names = list(tables[0]) if real.info.conditions else []
        bins = min(params.bins, max(min(map(len, samples)) // EVENTS_PER_BIN, 1))
        edges = {name: np.linspace(*_range(tables, name), bins + 1) for name in tables[0]}
        a, b = (
            np.column_stack([response_moments(sample), *_numbers(table, edges)])
            for sample, table in zip(samples, tables, strict=True)
        )
        found = estimate(lambda x, y: _sums(x, y, bins), a, b, params.bootstrap, rng)
        shown = zip(["per_term", "chi2", "terms", *names], found.value, found.error, strict=False)
        scores = {name: Score(value, error) for name, value, error in shown}
        scores["terms"] = Score(found.value[2], better="none")
        notes = list(pair.notes)
        if not names:
            notes.append("the data have no conditions: moments of all events are compared, in one bin")
        elif pair.enough and found.value[2] < (possible := 2 * MOMENTS * bins * len(names)):
            notes.append(
                f"{found.value[2]:.0f} of {possible} terms: bins in which either sample has fewer than "
                f"{FEWEST_IN_BIN} events are left out"
            )
        return Measurement(scores, notes=tuple(notes))


def response_moments(sample: Sample) -> Values:
    """Means, variances and covariance of each response, (events, 5); all 0 for one without a hit."""
    mean_0, mean_1, width_0, width_1, covariance = features(sample).T[:5]
    return np.column_stack([mean_0, mean_1, width_0**2, width_1**2, covariance])


def profiled(sample: Sample) -> dict[str, Values]:
    """What moments are profiled against, (events,) each: conditions and fractions; zeros where there are none."""
    found = {}
    for condition, values in zip(sample.info.conditions, sample.conditions.T.astype(np.float64), strict=True):
        if not (condition.period and condition.name in FRACTION_ALONE):
            found[f"at_{condition.name}"] = values
        if condition.period:
            found[f"at_{condition.name}_fraction"] = values / condition.period % 1
    return found or {"all": np.zeros(len(sample))}


def _range(tables: Sequence[dict[str, Values]], name: str) -> tuple[float, float]:
    both = np.concatenate([table[name] for table in tables])
    return float(both.min()), float(both.max())


def _numbers(table: dict[str, Values], edges: dict[str, Values]) -> list[NDArray[np.int64]]:
    """Number of each event's bin, (events,) each; the highest value is in the last one."""
    return [np.searchsorted(edges[name][1:-1], values, side="right") for name, values in table.items()]


def _sums(real: Values, generated: Values, bins: int) -> Values:
    """Chi2 per term, chi2, the number of terms, and chi2 per term of each profiled condition.

    Args:
        real: Moments, and the number of the bin of each profiled condition, (n, 5 + profiled).
        generated: The same, (m, 5 + profiled).
        bins: Bins of a condition.
    """
    tables = []
    for column in range(MOMENTS, real.shape[1]):
        a, b = (moments(rows[:, :MOMENTS], rows[:, column].astype(np.int64), bins) for rows in (real, generated))
        variance = a.mean_error**2 + a.sd_error**2 + b.mean_error**2 + b.sd_error**2
        upper = (b.mean + b.sd) - (a.mean + a.sd)
        lower = (b.mean - b.sd) - (a.mean - a.sd)
        tables.append([squared_pulls(difference, variance, a, b) for difference in (upper, lower)])
    terms = np.array(tables)  # (profiled, upper or lower, bins, moments)
    per_term, known = average(terms), (~np.isnan(terms)).sum()
    return np.array([per_term, per_term * known, known, *map(average, terms)])
