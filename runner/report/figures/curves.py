"""Curves with a common x axis, for example ROC curves."""

from __future__ import annotations

from itertools import cycle

from matplotlib.figure import Figure

from runner.api import Curves
from runner.report.figures.canvas import COLOURS, FLOOR, blank, drawable, label, shown

_LINES = ("-", "--", "-.", ":")


def curves(data: Curves) -> Figure:
    """Each curve in a colour and a kind of line of its own, with the band of real against real behind them.

    Args:
        data: What to draw.
    """
    figure = blank(6, 5)
    figure.subplots_adjust(left=0.14, right=0.97, top=0.93, bottom=0.11)
    axis = figure.subplots()
    if data.band is not None and len(data.band):
        x, low, high = drawable(data.band).T
        axis.fill_between(x, low, high, color=FLOOR, linewidth=0, zorder=0, label="real against real")
    for (name, points), colour, line in zip(data.curves.items(), cycle(COLOURS), cycle(_LINES), strict=False):
        axis.plot(*drawable(points).T, line, color=colour, linewidth=1.5, label=shown(name))
    axis.set_title(shown(data.title))
    axis.set_xlabel(label(data.labels[0], data.units[0]))
    axis.set_ylabel(label(data.labels[1], data.units[1]))
    axis.margins(x=0)
    if axis.get_legend_handles_labels()[0]:
        axis.legend()
    return figure
