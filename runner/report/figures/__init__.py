"""The figures of a run, drawn without a display.

Every function returns a ``matplotlib.figure.Figure``, made in the style that `style` chooses; `save` and `encoded`
turn one into a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure as MplFigure

from runner.api import Bars, Curves, Figure, Histogram, Maps, Matrices, Profile, Scatter
from runner.report.figures.bars import bars
from runner.report.figures.canvas import encoded, save
from runner.report.figures.clouds import scatter
from runner.report.figures.curves import curves
from runner.report.figures.distributions import histogram
from runner.report.figures.maps import maps
from runner.report.figures.matrices import matrices
from runner.report.figures.profiles import profile
from runner.report.figures.responses import gallery, mean_response
from runner.report.figures.styles import STYLES, style, styled
from runner.report.figures.training import MOST_STEPS, loss_curves, validation_curves

__all__ = [
    "MOST_STEPS",
    "STYLES",
    "draw",
    "encoded",
    "gallery",
    "loss_curves",
    "mean_response",
    "save",
    "style",
    "validation_curves",
]

_KINDS: Mapping[type, Callable[[Any], MplFigure]] = {
    Histogram: histogram,
    Scatter: scatter,
    Profile: profile,
    Maps: maps,
    Matrices: matrices,
    Curves: curves,
    Bars: bars,
}


@styled
def draw(data: Figure) -> MplFigure:
    """The figure of a metric.

    Raises:
        TypeError: For what is no data of a figure.
    """
    if type(data) not in _KINDS:
        raise TypeError(f"no way to draw {type(data).__name__}")
    return _KINDS[type(data)](data)
