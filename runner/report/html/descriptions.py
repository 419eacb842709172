"""What a figure shows in words and numbers, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from runner.api import Bars, Curves, Figure, Histogram, Maps, Matrices, Profile, Sample, Scatter
from runner.report.tables import uncertain
from runner.run_directory import ValidationRow


def described(data: Figure) -> str:
    """One line of numbers."""
    if isinstance(data, Histogram):
        return f"real {spread(data.real, data.unit)}; generated {spread(data.generated, data.unit)}"
    if isinstance(data, Scatter):
        return f"correlation of real {_correlation(data.real)}, of generated {_correlation(data.generated)}"
    if isinstance(data, Profile):
        return _profile(data)
    if isinstance(data, Maps):
        return f"mean over all pixels: real {_mean(data.real, data.unit)}, generated {_mean(data.generated, data.unit)}"
    if isinstance(data, Matrices):
        return _matrices(data)
    if isinstance(data, Curves):
        return ", ".join(data.curves)
    return _bars(data)


def gallery(real: Sample, generated: Sample) -> str:
    """What a gallery shows."""
    return f"{_events(real, 'real')} beside {_events(generated, 'generated')}"


def mean_response(real: Sample, generated: Sample) -> str:
    """What average responses show."""
    totals = []
    for sample in (real, generated):
        sums = np.asarray(sample.responses, np.float64).reshape(len(sample), -1).sum(axis=1)
        totals.append(spread(sums, sample.info.unit))
    return f"sum over a response: real {totals[0]}; generated {totals[1]}"


def losses(step: NDArray[np.int64], curves: Mapping[str, NDArray[np.floating]]) -> str:
    """What loss curves show."""
    last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in curves.items())
    return f"at step {step[-1]:,}: {last}"


def validation(rows: Sequence[ValidationRow]) -> str:
    """What the scores on validation events show."""
    ranked = [(row.shortfall, row) for row in rows if row.headline]
    best = min(((off, row) for off, row in ranked if off is not None), key=lambda pair: pair[0], default=None)
    if best is None:
        return "no score that can be ranked"
    row = best[1]
    floor = "" if row.floor is None else f", floor {uncertain(row.floor, row.floor_sd)}"
    return f"best at step {row.step:,}: {row.metric}/{row.score} {uncertain(row.value, row.error)}{floor}"


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else f" {unit}"


def spread(values: NDArray[np.floating], unit: str) -> str:
    """Mean and standard deviation of the finite values."""
    finite = np.asarray(values, np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return "no finite value"
    return f"mean {finite.mean():.4g}{_unit(unit)}, sd {finite.std():.3g}{_unit(unit)}"


def _mean(values: NDArray[np.floating], unit: str) -> str:
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    return f"{finite.mean():.4g}{_unit(unit)}" if finite.size else "undefined"


def _correlation(pairs: NDArray[np.floating]) -> str:
    x, y = np.asarray(pairs, np.float64)[np.isfinite(pairs).all(axis=1)].T
    if len(x) < 2 or not x.std() or not y.std():
        return "undefined"
    return f"{np.mean((x - x.mean()) * (y - y.mean())) / (x.std() * y.std()):.3f}"


def _profile(data: Profile) -> str:
    real, generated = np.asarray(data.real, np.float64), np.asarray(data.generated, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        pulls = (generated[0] - real[0]) / np.hypot(real[1], generated[1])
    if not np.isfinite(pulls).any():
        return "no bin with enough events"
    worst = int(np.nanargmax(np.where(np.isfinite(pulls), np.abs(pulls), np.nan)))
    low, high = data.edges[worst : worst + 2]
    return (
        f"the means differ most between {low:.4g} and {high:.4g}{_unit(data.units[0])}: "
        f"real {real[0, worst]:.4g}, generated {generated[0, worst]:.4g}{_unit(data.units[1])}, "
        f"{pulls[worst]:+.1f} standard errors"
    )


def _matrices(data: Matrices) -> str:
    off = np.abs(np.asarray(data.generated, np.float64) - np.asarray(data.real, np.float64))
    if not np.isfinite(off).any():
        return "undefined"
    row, column = map(int, np.unravel_index(int(np.nanargmax(off)), off.shape))
    return (
        f"largest difference: {data.names[row]} and {data.columns[column]}, "
        f"real {data.real[row, column]:.2f}, generated {data.generated[row, column]:.2f}"
    )


def _bars(data: Bars) -> str:
    errors: Sequence[float | None] = [None] * len(data.names) if data.errors is None else list(map(float, data.errors))
    bars = zip(data.names, map(float, data.values), errors, strict=False)
    return ", ".join(f"{name} {uncertain(value, error)}{_unit(data.unit)}" for name, value, error in bars)


def _events(sample: Sample, kind: str) -> str:
    return f"{len(sample)} {kind} response{'' if len(sample) == 1 else 's'}"
