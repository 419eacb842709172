"""How far events have to be moved to turn one distribution into the other, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plugins.fidelity.bins import Bins, bins_field, bins_of, inner_edges
from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import FEWEST, comparable
from plugins.fidelity.features import Feature, Values, described, features
from plugins.fidelity.moments import average
from plugins.fidelity.vectors import constants, spreads
from runner.api import Condition, Measurement, Metric, Params, Sample, Score


class Wasserstein(Metric):
    r"""Wasserstein distances of thirteen features in units of the real spread, over all events and at given conditions.

    $W_1 = \int |F_r - F_g| \, dx / \sigma_r$: the mean distance, in standard deviations of the real events, by which
    the events of one distribution are moved to become the other. With conditions also in bins of each condition with
    equal numbers of real events, averaged over the bins: a model that makes the right responses for the wrong
    conditions has the right distributions over all events, and wrong ones in the bins. The headline is the mean over
    features, conditions and bins; without conditions the mean over features.
    """

    name = "wasserstein"
    unit = "sd"
    better = "lower"
    headline = "distance"
    reference = "Ramdas, Garcia, Cuturi, arXiv:1509.02237; Kansal et al., arXiv:2106.11535"

    class Params(Params):
        """Bins of the conditions, and how the errors are found."""

        bins: int = bins_field()
        bootstrap: int = repeats_field()

    def measure(
        self, params: Wasserstein.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The headline, the mean over all events, each feature's, and each feature's in bins of each condition.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        columns, conditions = described(real.info), real.info.conditions
        known = features(pair.real)
        units = spreads(known)
        edges = [inner_edges(values, params.bins) for values in pair.real.conditions.T]
        a = np.column_stack([known / units, *bins_of(pair.real, edges)])
        b = np.column_stack([features(pair.generated) / units, *bins_of(pair.generated, edges)])
        counts = [len(edge) + 1 for edge in edges]
        found = estimate(lambda x, y: _averages(x, y, counts), a, b, params.bootstrap, rng)
        names = ["distance", "unconditional", *_names(columns, conditions)]
        numbers = zip(names, found.value, found.error, strict=True)
        scores = {name: Score(value, error) for name, value, error in numbers}
        notes = [*pair.notes, *constants(pair.real)]
        if pair.enough:
            tables = in_bins(a, b, counts)
            notes += [_worst(*what, columns) for what in zip(conditions, edges, tables, strict=True)]
        return Measurement(scores, notes=tuple(notes))


def distances(real: Values, generated: Values) -> Values:
    r"""$\int |F_r - F_g| \, dx$ of each column, (columns,).

    Args:
        real: (n, columns).
        generated: (m, columns).
    """
    found = []
    for a, b in zip(np.sort(real, axis=0).T, np.sort(generated, axis=0).T, strict=True):
        both = np.sort(np.concatenate([a, b]))
        below = [np.searchsorted(values, both[:-1], side="right") / len(values) for values in (a, b)]
        found.append(np.abs(below[0] - below[1]) @ np.diff(both))
    return np.array(found)


def in_bins(real: Values, generated: Values, counts: Sequence[int]) -> list[Values]:
    """Distances in the bins of each condition, (bins, features) each; NaN where either sample has too few events.

    Args:
        real: Features, and the number of the bin of each condition, (n, features + conditions).
        generated: The same, (m, features + conditions).
        counts: Number of bins of each condition.
    """
    features = real.shape[1] - len(counts)
    tables = []
    for column, count in enumerate(counts, features):
        table = np.full((count, features), np.nan)
        for bin_ in range(count):
            a, b = (rows[rows[:, column] == bin_, :features] for rows in (real, generated))
            if min(len(a), len(b)) >= FEWEST:
                table[bin_] = distances(a, b)
        tables.append(table)
    return tables


def _averages(real: Values, generated: Values, counts: Sequence[int]) -> Values:
    """Headline, mean over the features, distance of each, and its average over the bins of each condition."""
    features = real.shape[1] - len(counts)
    overall = distances(real[:, :features], generated[:, :features])
    averaged = []
    for table in in_bins(real, generated, counts):
        filled = table[~np.isnan(table[:, 0])]
        averaged.append(filled.mean(axis=0) if len(filled) else np.full(features, np.nan))
    headline = average(np.array(averaged)) if averaged else overall.mean()
    return np.concatenate([[headline, overall.mean()], overall, *averaged])


def _names(columns: Sequence[Feature], conditions: Sequence[Condition]) -> list[str]:
    averaged = [f"{column.name}_at_{condition.name}" for condition in conditions for column in columns]
    return [*(column.name for column in columns), *averaged]


def _worst(condition: Condition, edges: Values, table: Values, columns: Sequence[Feature]) -> str:
    if np.isnan(table).all():
        return f"no bin of {condition.name} has enough events of both samples"
    bin_, feature = np.unravel_index(np.nanargmax(table), table.shape)
    return (
        f"worst bin of {condition.name}: {table[bin_, feature]:.2f} sd for {columns[feature].label} from "
        f"{Bins(condition, edges).ends(int(bin_))}"
    )
