"""Numbers with names."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runner.api import Bars
from runner.report.figures.canvas import blank, drawable, label, lengths, shown
from runner.report.tables import uncertain

_LETTER = 0.085  # inch, the mean width of one on an axis


def bars(data: Bars) -> Figure:
    """Bars to the right, the first one on top, with their errors and with their numbers beside them.

    Args:
        data: What to draw.
    """
    values = drawable(data.values)
    errors = np.full(len(values), np.nan) if data.errors is None else lengths(data.errors)
    names = [shown(name) for name in data.names]
    width, height = 6.5, 1.1 + 0.4 * max(len(names), 1)
    left = min(0.3 + _LETTER * max((len(name) for name in names), default=0), width / 2)
    figure = blank(width, height)
    figure.subplots_adjust(left=left / width, right=0.97, top=1 - 0.35 / height, bottom=0.55 / height)
    axis = figure.subplots()
    low, high = _limits(values, np.nan_to_num(errors), data.log)
    axis.set_xscale("log" if data.log else "linear")
    axis.set_xlim(low, high)
    for place, (value, error) in enumerate(zip(values, errors, strict=True)):
        if not np.isfinite(value) or (data.log and value <= 0):
            continue
        axis.barh(place, value - low if data.log else value, left=low if data.log else 0, height=0.6, color="#56b4e9")
        end = value + np.nan_to_num(error)
        if error > 0:
            axis.errorbar(value, place, xerr=error, color="black", elinewidth=1, capsize=3)
        text = uncertain(float(value), float(error))
        axis.annotate(text, (max(end, 0), place), (5, 0), textcoords="offset points", va="center", fontsize="small")
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", which="both", length=0)
    axis.set_title(shown(data.title))
    axis.set_xlabel(label(data.label, data.unit))
    return figure


def _limits(
    values: np.typing.NDArray[np.float64], errors: np.typing.NDArray[np.float64], log: bool
) -> tuple[float, float]:
    """Of the axis: from 0, or from below the smallest value, with room for the numbers."""
    kept = np.isfinite(values) & ((values > 0) | (not log))
    if not kept.any():
        return (0.1, 1.0) if log else (0.0, 1.0)
    ends = (values + errors)[kept]
    if log:
        low, high = values[kept].min() / 3, ends.max()
        return float(low), float(high * (high / low) ** 0.4)
    low, high = min((values - errors)[kept].min(), 0.0), max(ends.max(), 0.0)
    span = high - low or 1.0
    return float(low - 0.05 * span * (low < 0)), float(high + 0.35 * span)
