"""One number per pixel of a response, in both samples."""

from __future__ import annotations

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import Maps
from runner.report.figures.canvas import drawable, label
from runner.report.figures.images import image, three_panels


def maps(data: Maps) -> Figure:
    """Both maps on one scale of colours, and their ratio; pixels without a ratio stay grey.

    Args:
        data: What to draw.
    """
    real, generated = drawable(data.real), drawable(data.generated)
    figure, axes, bars = three_panels(data.title)
    norm = _norm(np.concatenate([real, generated]), data.log)
    for axis, title, values in zip(axes, ("real", "generated"), (real, generated), strict=False):
        image(axis, np.ma.masked_where(~_has_colour(values, data.log), values), data.axes, norm=norm)
        axis.set_title(title)
    figure.colorbar(ScalarMappable(norm), cax=bars[0], label=label(data.label, data.unit))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = generated / real
    known = ~np.isnan(ratio)  # infinite where only generated responses have something
    reach = _reach(ratio[np.isfinite(ratio)] - 1)
    ratio = np.clip(ratio, 1 - 2 * reach, 1 + 2 * reach)
    beyond = "both" if (np.abs(ratio[known] - 1) > reach).any() else "neither"
    drawn = image(
        axes[2], np.ma.masked_where(~known, ratio), data.axes, norm=Normalize(1 - reach, 1 + reach), cmap="PuOr"
    )
    axes[2].set_title("generated / real")
    for axis in axes[1:]:
        axis.set_ylabel("")
    figure.colorbar(drawn, cax=bars[1], label="ratio", extend=beyond)
    return figure


def _has_colour(values: NDArray[np.float64], log: bool) -> NDArray[np.bool_]:
    return np.isfinite(values) & (values > 0) if log else np.isfinite(values)


def _norm(values: NDArray[np.float64], log: bool) -> Normalize:
    kept = values[_has_colour(values, log)]
    if log:
        low, high = (kept.min(), kept.max()) if len(kept) else (1.0, 10.0)
        return LogNorm(low, high if high > low else 10 * low)
    low, high = (min(kept.min(), 0.0), kept.max()) if len(kept) else (0.0, 1.0)
    return Normalize(low, high if high > low else low + 1)


def _reach(deviations: NDArray[np.float64]) -> float:
    """How far from 1 the colours reach: as far as nine of ten pixels."""
    return float(np.clip(np.quantile(np.abs(deviations), 0.9), 0.05, 1.0)) if len(deviations) else 1.0
