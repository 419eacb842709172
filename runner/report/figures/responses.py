"""Responses: galleries and averages."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import DataInfo, Sample
from runner.report.figures.canvas import blank, label
from runner.report.figures.images import image, three_panels
from runner.report.figures.styles import styled

_TILE_TEXT = 18  # characters that fit above one response


@styled
def gallery(real: Sample, generated: Sample, count: int = 15, *, generated_title: str = "generated") -> Figure:
    """The first real and the first generated responses on one logarithmic colour scale.

    Args:
        real: Real events.
        generated: Generated events.
        count: Responses of each kind.
        generated_title: What is written above the generated ones.
    """
    columns = 5
    rows = -(-count // columns)
    above_each = [captions(sample, count) for sample in (real, generated)]
    lines = max((caption.count("\n") + 1 for block in above_each for caption in block), default=1)
    height = 1.3 + (1.3 + 0.15 * lines) * rows + 0.15 * (lines - 1)
    top, bottom = 1 - (0.6 + 0.15 * lines) / height, 0.5 / height
    figure = blank(13, height)
    norm = amplitude_norm(real.responses[:count], generated.responses[:count])
    blocks = (("real", real, 0.046, 0.452), (generated_title, generated, 0.511, 0.917))
    for (title, sample, left, right), texts in zip(blocks, above_each, strict=True):
        grid = figure.add_gridspec(
            rows, columns, left=left, right=right, top=top, bottom=bottom, hspace=0.15 + 0.15 * lines, wspace=0.1
        )
        middle = (left + right) / 2
        above = 0.25 if sample.info.conditions else 0.4
        figure.text(middle, 1 - above / height, title, fontsize="x-large", ha="center")
        figure.text(middle, 1 - 0.43 / height, conditions_above(sample.info), fontsize="small", ha="center")
        axes: Any = grid.subplots(squeeze=False)
        for number, axis in enumerate(axes.flat):
            if number >= len(texts):
                axis.set_axis_off()
                continue
            image(axis, hits(sample.responses[number]), sample.info.axes, norm=norm)
            axis.set_title(texts[number], fontsize="small", pad=3)
            axis.tick_params(labelsize="small")
            axis.label_outer()
    bar = figure.add_axes((0.935, bottom, 0.014, top - bottom))
    figure.colorbar(ScalarMappable(norm), cax=bar, label=label(real.info.quantity, real.info.unit))
    return figure


def amplitude_norm(*responses: NDArray[np.float32]) -> LogNorm:
    """One logarithmic colour scale for all hits."""
    hits = np.concatenate([values[np.isfinite(values) & (values > 0)] for values in responses])
    low, high = (hits.min(), hits.max()) if len(hits) else (1.0, 10.0)
    return LogNorm(low, high if high > low else low * 10)


def captions(sample: Sample, count: int) -> list[str]:
    """Values of the conditions of the first events, in lines as wide as a tile."""
    values = (", ".join(f"{value:.3g}" for value in conditions) for conditions in sample.conditions[:count])
    return [textwrap.fill(text, _TILE_TEXT) for text in values]


def conditions_above(info: DataInfo) -> str:
    """What `captions` are values of."""
    names = ", ".join(label(condition.name, condition.unit) for condition in info.conditions)
    return f"above each: {names}" if names else ""


def hits(response: NDArray[np.floating]) -> Any:
    """A response in which pixels without a hit are masked."""
    return np.ma.masked_equal(response, 0)


@styled
def mean_response(real: Sample, generated: Sample) -> Figure:
    """Average responses, and their difference in units of its standard error.

    Args:
        real: Real events.
        generated: Generated events.
    """
    (mean, variance), (mean_generated, variance_generated) = _average(real), _average(generated)
    means = (mean, mean_generated)
    error = np.sqrt(variance + variance_generated)
    pull = np.divide(means[1] - means[0], error, out=np.zeros_like(error), where=error > 0)
    figure, axes, bars = three_panels(f"Mean {real.info.quantity}")
    norm = amplitude_norm(*(mean.astype(np.float32) for mean in means))
    for axis, title, mean in zip(axes, ("real", "generated"), means, strict=False):
        image(axis, hits(mean), real.info.axes, norm=norm)
        axis.set_title(title)
    figure.colorbar(ScalarMappable(norm), cax=bars[0], label=label(f"mean {real.info.quantity}", real.info.unit))
    largest = max(float(np.abs(pull).max()), 1.0)
    pulls = image(axes[2], hits(pull), real.info.axes, norm=TwoSlopeNorm(0, -largest, largest), cmap="PuOr")
    axes[2].set_title("(generated - real) / error")
    for axis in axes[1:]:
        axis.set_ylabel("")
    figure.colorbar(pulls, cax=bars[1], label="standard errors")
    return figure


def _average(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of the finite responses and its variance, both *shape; zeros where there is none."""
    finite = np.isfinite(sample.responses).all(axis=tuple(range(1, sample.responses.ndim)))
    responses = sample.responses[finite]
    if not len(responses):
        return np.zeros(sample.info.shape), np.zeros(sample.info.shape)
    variance = responses.var(axis=0, dtype=np.float64) / len(responses)
    return responses.mean(axis=0, dtype=np.float64), variance
