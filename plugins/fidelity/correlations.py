"""Whether features go together, and with the conditions, as in real responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values, described, features
from runner.api import Matrices, Measurement, Metric, Params, Sample, Score


class Correlations(Metric):
    r"""Differences of the correlations of thirteen features with one another and with the conditions.

    $\lVert R_g - R_r \rVert_F$ with Pearson's correlations of each feature with each feature and each condition; the
    headline is that of the whole table, so that conditions that are not followed show in it. A correlation that is
    undefined in one sample, because a feature is constant there, counts as 0 against the other sample's; one that is
    undefined in both is left out.
    """

    name = "correlations"
    unit = "1"
    better = "lower"
    headline = "difference"
    reference = "Pearson, Proc. R. Soc. 58 (1895) 240"

    class Params(Params):
        """How the errors are found."""

        bootstrap: int = repeats_field()

    def measure(
        self, params: Correlations.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The norm of all differences, of those with features and with conditions alone, and the largest ones.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        labels = [column.label for column in described(real.info)]
        conditions = [condition.name.replace("_", " ") for condition in real.info.conditions]
        a, b = (np.column_stack([features(s), s.conditions.astype(np.float64)]) for s in (pair.real, pair.generated))
        found = estimate(lambda x, y: _norms(x, y, len(labels)), a, b, params.bootstrap, rng)
        names = ["difference", "features", "largest_feature", "conditions", "largest_condition"]
        shown = len(names) if conditions else 3
        numbers = zip(names[:shown], found.value, found.error, strict=False)
        scores = {name: Score(value, error) for name, value, error in numbers}
        if not pair.enough:
            return Measurement(scores, notes=pair.notes)
        tables = [correlations(rows, len(labels)) for rows in (a, b)]
        notes = [*pair.notes, *_undefined(tables, labels, conditions)]
        if conditions:
            notes.append(_largest(tables, labels, conditions))
        return Measurement(scores, tuple(_figures(tables, labels, conditions)), tuple(notes))


def correlations(rows: Values, features: int) -> Values:
    """Pearson's correlation of each feature with each column; NaN where either is constant.

    Args:
        rows: Features, then conditions, (events, columns).
        features: How many columns are features.

    Returns:
        (features, columns).
    """
    centred = rows - rows.mean(axis=0)
    sd = centred.std(axis=0)
    scale = np.abs(rows).max(axis=0)
    sd = np.where(sd > 1e-9 * scale, sd, np.nan)  # a constant's spread is a rounding error
    z = centred / sd
    # the table is too small for a product of matrices on several threads, which wait for one another
    return np.clip(np.einsum("ef,ec->fc", z[:, :features], z) / len(rows), -1, 1)


def differences(real: Values, generated: Values) -> Values:
    """Generated minus real; see `Correlations` for what is undefined."""
    found = np.nan_to_num(generated) - np.nan_to_num(real)
    # a feature's correlation with itself is 1 or undefined, which says nothing about the others
    np.fill_diagonal(found, 0)
    return found


def _norms(real: Values, generated: Values, features: int) -> Values:
    """Norm of all differences; norm and largest of those with features, then of those with conditions."""
    found = differences(correlations(real, features), correlations(generated, features))
    with_features, with_conditions = found[:, :features], found[:, features:]
    blocks = [with_features, with_conditions] if with_conditions.size else [with_features]
    parts = [number for block in blocks for number in (np.linalg.norm(block), np.abs(block).max())]
    return np.array([np.linalg.norm(found), *parts])


def _undefined(tables: Sequence[Values], labels: Sequence[str], conditions: Sequence[str]) -> Iterator[str]:
    """Which features and conditions are constant in which sample."""
    for sample, table in zip(("real", "generated"), tables, strict=True):
        constant = [label for label, own in zip(labels, np.diag(table), strict=True) if np.isnan(own)]
        columns = zip(conditions, table[:, len(labels) :].T, strict=True)
        constant += [name for name, column in columns if len(constant) < len(labels) and np.isnan(column).all()]
        if constant:
            yield f"constant in the {sample} responses, without a correlation: {', '.join(constant)}"


def _largest(tables: Sequence[Values], labels: Sequence[str], conditions: Sequence[str]) -> str:
    real, generated = (table[:, len(labels) :] for table in tables)
    row, column = np.unravel_index(np.abs(differences(*tables)[:, len(labels) :]).argmax(), real.shape)
    return (
        f"the correlation with a condition that differs most is that of {labels[row]} with {conditions[column]}: "
        f"{generated[row, column]:.3f} generated, {real[row, column]:.3f} real"
    )


def _figures(tables: Sequence[Values], labels: Sequence[str], conditions: Sequence[str]) -> Iterator[Matrices]:
    real, generated = tables
    n = len(labels)
    yield Matrices("features", "Correlations of features", labels, labels, real[:, :n], generated[:, :n])
    if conditions:
        title = "Correlations of features with conditions"
        yield Matrices("conditions", title, labels, conditions, real[:, n:], generated[:, n:])
