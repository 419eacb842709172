"""Images of responses: one of them, and the frame for real, generated and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from runner.api import Axis
from runner.report.figures.canvas import blank, label, shown

EMPTY = "0.82"  # behind pixels without a value


def image(axis: Axes, values: NDArray[np.floating], axes: Sequence[Axis], **options: Any) -> AxesImage:
    """First axis to the right, second one up, in the detector's coordinates; nothing where a value is masked.

    Args:
        axis: Where it is drawn.
        values: (size of the first axis, size of all others).
        axes: The axes of a response.
        options: Of ``imshow``.
    """
    flat = np.ma.asarray(values).reshape(values.shape[0], -1)
    first, second = axes[0], axes[1] if len(axes) > 1 else None
    start = second.start if second else 0.0
    extent = (first.start - 0.5, first.start + flat.shape[0] - 0.5, start - 0.5, start + flat.shape[1] - 0.5)
    drawn = axis.imshow(flat.T, origin="lower", extent=extent, aspect="auto", interpolation="nearest", **options)
    axis.minorticks_off()
    axis.tick_params(direction="out", top=False, right=False)
    axis.set_xlabel(label(first.name, first.unit))
    axis.set_ylabel(label(second.name, second.unit) if second else "")
    return drawn


def three_panels(
    title: str, width: float = 12.5, height: float = 3.9, *, left: float = 0.65, bottom: float = 0.55
) -> tuple[Figure, list[Axes], list[Axes]]:
    """Three panels side by side, with a colour bar for the first two and one for the third.

    Args:
        title: Of the figure.
        width: Of the figure [inch].
        height: Of the figure [inch].
        left: Margin [inch].
        bottom: Margin [inch].

    Returns:
        The figure, its panels, and the axes of the colour bars.
    """
    figure = blank(width, height)
    top, bar, gap, text = 0.65, 0.16, 0.12, 0.85
    panel = (width - left - 3 * gap - 2 * (bar + text)) / 3
    starts = (left, left + panel + gap, left + 2 * (panel + gap) + bar + text)
    tall = (height - bottom - top) / height
    axes = [figure.add_axes((start / width, bottom / height, panel / width, tall)) for start in starts]
    places = (starts[1] + panel + gap, starts[2] + panel + gap)
    bars = [figure.add_axes((place / width, bottom / height, bar / width, tall)) for place in places]
    for axis in axes:
        axis.set_facecolor(EMPTY)
    for axis in axes[1:]:
        axis.tick_params(labelleft=False)
    figure.suptitle(shown(title), y=1 - 0.1 / height, va="top")
    return figure, axes, bars
