"""Means and standard deviations of features at given conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.bins import Bins, bins_field, bins_of, inner_edges
from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Feature, Values, described, features
from plugins.fidelity.moments import FEWEST_IN_BIN, Moments, average, moments, squared_pulls
from runner.api import Field, Measurement, Metric, Params, Profile, Sample, Score

NAMED = 10
"""Largest contributions that are named in the note."""


class Profiles(Metric):
    r"""Chi2 between the profiles of thirteen features: their means and spreads in bins of each condition.

    $\sum (\mu_r - \mu_g)^2 / (e_r^2 + e_g^2) + (s_r - s_g)^2 / (e_{s,r}^2 + e_{s,g}^2)$ over features, conditions and
    bins with equal numbers of real events, over the number of terms. It is about 1 for equal samples; features of one
    event go together, so that it scatters more than a chi2 of that many independent terms. Without conditions there is
    one bin with all events.
    """

    name = "profiles"
    unit = "1"
    better = "lower"
    headline = "chi2_ndf"
    reference = "profiles: Maevskiy et al., arXiv:2012.04595; errors: Cramer (1946), section 27.4"

    class Params(Params):
        """Bins of the conditions, what is drawn, and how the errors are found."""

        bins: int = bins_field()
        figures: int = Field(12, ge=0, description="profiles that are drawn, those with the largest chi2")
        bootstrap: int = repeats_field()

    def measure(
        self, params: Profiles.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The headline, that of the means and of the standard deviations alone, of each feature and each condition.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        columns, conditions = described(real.info), real.info.conditions
        edges = [inner_edges(values, params.bins) for values in pair.real.conditions.T]
        a, b = (np.column_stack([features(s), *_numbers(s, edges)]) for s in (pair.real, pair.generated))
        counts = [len(edge) + 1 for edge in edges] or [1]
        found = estimate(lambda x, y: _averages(profiles(x, y, counts)), a, b, params.bootstrap, rng)
        names = ["chi2_ndf", "means", "deviations", *(column.name for column in columns)]
        names += [f"at_{condition.name}" for condition in conditions]
        numbers = zip(names, found.value, found.error, strict=False)  # without conditions, the last has no name
        scores = {name: Score(value, error) for name, value, error in numbers}
        notes = list(pair.notes)
        if not conditions:
            notes.append("the data have no conditions: means and spreads of all events are compared, in one bin")
        if not pair.enough:
            return Measurement(scores, notes=tuple(notes))
        compared = profiles(a, b, counts)
        few = sum(int(np.isnan(profile.means[:, 0]).sum()) for profile in compared)
        if few:
            notes.append(f"{few} of {sum(counts)} bins have fewer than {FEWEST_IN_BIN} events and are left out")
        if few == sum(counts):
            return Measurement(scores, notes=tuple(notes))
        axes = [Bins(condition, edge) for condition, edge in zip(conditions, edges, strict=True)]
        notes.append(_largest(compared, columns, axes))
        return Measurement(scores, tuple(_figures(compared, columns, axes, params.figures)), tuple(notes))


@dataclass(frozen=True)
class Comparison:
    """Profiles of all features against one condition in both samples.

    Attributes:
        real: Moments in each bin.
        generated: The same.
        means: Contribution to chi2 of each bin's mean, (bins, features); NaN where either sample has too few events.
        deviations: The same of its standard deviation.
    """

    real: Moments
    generated: Moments
    means: Values
    deviations: Values

    @property
    def terms(self) -> Values:
        """Contributions of means and of standard deviations, (2, bins, features)."""
        return np.stack([self.means, self.deviations])


def profiles(real: Values, generated: Values, counts: Sequence[int]) -> list[Comparison]:
    """Profiles against each condition.

    Args:
        real: Features, and the number of the bin of each condition, (n, features + conditions).
        generated: The same, (m, features + conditions).
        counts: Number of bins of each condition.
    """
    width = real.shape[1] - len(counts)
    found = []
    for column, count in enumerate(counts, width):
        a, b = (moments(rows[:, :width], rows[:, column].astype(np.int64), count) for rows in (real, generated))
        means = squared_pulls(b.mean - a.mean, a.mean_error**2 + b.mean_error**2, a, b)
        deviations = squared_pulls(b.sd - a.sd, a.sd_error**2 + b.sd_error**2, a, b)
        found.append(Comparison(a, b, means, deviations))
    return found


def _numbers(sample: Sample, edges: Sequence[Values]) -> list[NDArray[np.int64]]:
    """Bins of each condition; one bin for all events where there is none."""
    return bins_of(sample, edges) or [np.zeros(len(sample), np.int64)]


def _averages(compared: Sequence[Comparison]) -> Values:
    """Means of the terms: of all, of means, of standard deviations, of each feature, and of each condition."""
    terms = np.concatenate([profile.terms for profile in compared], axis=1)  # (2, bins of all conditions, features)
    parts = [*terms, *np.moveaxis(terms, 2, 0), *(profile.terms for profile in compared)]
    return np.array([average(terms), *map(average, parts)])


def _largest(compared: Sequence[Comparison], columns: Sequence[Feature], axes: Sequence[Bins]) -> str:
    contributions = [
        (
            float(value),
            columns[feature].label,
            f"at {axes[k].label} {axes[k].ends(number)}" if axes else "of all events",
        )
        for k, profile in enumerate(compared)
        for (number, feature), value in np.ndenumerate(profile.means + profile.deviations)
        if value > 0
    ]
    largest = sorted(contributions, key=lambda one: -one[0])[:NAMED]
    named = "; ".join(f"{label} {where}: {value:.1f}" for value, label, where in largest)
    return f"largest contributions to chi2, of two terms each: {named or 'none'}"


def _figures(
    compared: Sequence[Comparison], columns: Sequence[Feature], axes: Sequence[Bins], most: int
) -> Iterator[Profile]:
    pairs = [
        (float(np.nansum(profile.terms[:, :, k])), axis, column, profile, k)
        for axis, profile in zip(axes, compared, strict=False)
        for k, column in enumerate(columns)
    ]
    for _, axis, column, profile, k in sorted(pairs, key=lambda pair: -pair[0])[:most]:
        yield Profile(
            name=f"{column.name}_against_{axis.condition.name}",
            title=f"{column.label[0].upper()}{column.label[1:]} against {axis.label}",
            labels=(axis.label, column.label),
            units=(axis.condition.unit, column.unit),
            edges=axis.edges,
            real=_drawn(profile.real, k),
            generated=_drawn(profile.generated, k),
        )


def _drawn(found: Moments, column: int) -> Values:
    return np.stack([found.mean[:, column], found.mean_error[:, column], found.sd[:, column]])
