"""Correlation matrices of both samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from runner.api import Matrices
from runner.report.figures.canvas import drawable, shown
from runner.report.figures.images import three_panels

_CELL = 0.27  # inch
_LETTER = 0.064  # inch, the mean width of one on an axis


def matrices(data: Matrices) -> Figure:
    """Both matrices on a scale from -1 to 1, and their difference on its own; what is undefined stays grey.

    Args:
        data: What to draw.
    """
    real, generated = drawable(data.real), drawable(data.generated)
    rows, columns = [[name.replace("_", " ") for name in names] for names in (data.names, data.columns)]
    left, bottom = _room(rows), _room(columns)
    width = left + 3 * max(_CELL * len(columns), 2.2) + 2.4
    height = bottom + max(_CELL * len(rows), 2.2) + 0.65
    figure, axes, bars = three_panels(data.title, width, height, left=left, bottom=bottom)
    difference = generated - real
    finite = np.abs(difference[np.isfinite(difference)])
    reach = max(float(finite.max()) if len(finite) else 0.0, 0.05)
    norms = (Normalize(-1, 1), Normalize(-1, 1), Normalize(-reach, reach))
    titles = ("real", "generated", "generated - real")
    for axis, title, values, norm in zip(axes, titles, (real, generated, difference), norms, strict=True):
        axis.imshow(np.ma.masked_invalid(values), norm=norm, cmap="PuOr", aspect="auto", interpolation="nearest")
        axis.set_title(title)
        axis.set_xticks(range(len(columns)), [shown(name) for name in columns], rotation=90)
        axis.set_yticks(range(len(rows)), [shown(name) for name in rows])
        axis.minorticks_off()
        axis.tick_params(length=0, labelsize="small", labelleft=axis is axes[0])
    figure.colorbar(ScalarMappable(norms[0], "PuOr"), cax=bars[0], label="correlation")
    figure.colorbar(ScalarMappable(norms[2], "PuOr"), cax=bars[1], label="difference of correlations")
    return figure


def _room(names: Sequence[str]) -> float:
    """What the longest name takes [inch]."""
    return 0.25 + _LETTER * max((len(name) for name in names), default=0)
