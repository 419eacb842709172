"""Pictures of a run, as PNG: drawn without a display, the same bytes for the same data."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.api import DataInfo, Histogram, Sample
from runner.run_directory import replace_atomic

REAL, GENERATED = "#0072b2", "#d55e00"  # told apart with every kind of colour vision (Okabe, Ito 2008)
_DPI = 150
_BINS = 40
_TILE_TEXT = 18  # characters that fit above one response


@contextmanager
def _figure(path: Path, width: float, height: float, layout: Any = "constrained") -> Iterator[Figure]:
    """A figure [inch] that is written atomically in the end."""
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    yield figure
    with replace_atomic(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, metadata={"Software": None})


def gallery(path: Path, real: Sample, generated: Sample, count: int = 15) -> Path:
    """The first real and the first generated responses on one logarithmic colour scale.

    Args:
        path: The PNG.
        real: Real events.
        generated: Generated events.
        count: Responses of each kind.
    """
    columns = 5
    rows = -(-count // columns)
    captions = [_captions(sample, count) for sample in (real, generated)]
    lines = max((caption.count("\n") + 1 for block in captions for caption in block), default=1)
    height = 1.3 + (1.3 + 0.15 * lines) * rows + 0.15 * (lines - 1)
    top, bottom = 1 - (0.6 + 0.15 * lines) / height, 0.5 / height
    with _figure(path, 13, height, layout=None) as figure:  # a layout by measuring takes seconds for so many axes
        norm = _amplitude_norm(real.responses[:count], generated.responses[:count])
        blocks = (("real", real, 0.046, 0.452), ("generated", generated, 0.511, 0.917))
        for (title, sample, left, right), texts in zip(blocks, captions, strict=True):
            grid = figure.add_gridspec(
                rows, columns, left=left, right=right, top=top, bottom=bottom, hspace=0.15 + 0.15 * lines, wspace=0.1
            )
            middle = (left + right) / 2
            above = 0.25 if sample.info.conditions else 0.4
            figure.text(middle, 1 - above / height, title, fontsize="x-large", ha="center")
            figure.text(middle, 1 - 0.43 / height, _legend(sample.info), fontsize="small", ha="center")
            axes: Any = grid.subplots(squeeze=False)
            for number, axis in enumerate(axes.flat):
                if number >= len(texts):
                    axis.set_axis_off()
                    continue
                _image(axis, sample.responses[number], sample.info, norm)
                axis.set_title(texts[number], fontsize="small", pad=3)
                axis.tick_params(labelsize="small")
                axis.label_outer()
        bar = figure.add_axes((0.935, bottom, 0.014, top - bottom))
        figure.colorbar(ScalarMappable(norm), cax=bar, label=f"{real.info.quantity} [{real.info.unit}]")
    return path


def _amplitude_norm(*responses: NDArray[np.float32]) -> LogNorm:
    hits = np.concatenate([values[values > 0] for values in responses])
    low, high = (hits.min(), hits.max()) if len(hits) else (1.0, 10.0)
    return LogNorm(low, high if high > low else low * 10)


def _captions(sample: Sample, count: int) -> list[str]:
    """Values of the conditions of the first events, in lines as wide as a tile."""
    values = (", ".join(f"{value:.3g}" for value in conditions) for conditions in sample.conditions[:count])
    return [textwrap.fill(text, _TILE_TEXT) for text in values]


def _legend(info: DataInfo) -> str:
    names = ", ".join(_label(condition.name, condition.unit) for condition in info.conditions)
    return f"above each: {names}" if names else ""


def _image(axis: Axes, values: NDArray[np.floating], info: DataInfo, norm: Any, **options: Any) -> Any:
    """First axis to the right, second one up, in the detector's coordinates."""
    flat = values.reshape(values.shape[0], -1)
    first = info.axes[0]
    second = info.axes[1] if len(info.axes) > 1 else None
    start = second.start if second else 0.0
    extent = (first.start - 0.5, first.start + flat.shape[0] - 0.5, start - 0.5, start + flat.shape[1] - 0.5)
    shown = np.ma.masked_where(flat == 0, flat).T
    image = axis.imshow(shown, origin="lower", extent=extent, norm=norm, aspect="auto", **options)
    axis.set_xlabel(_label(first.name, first.unit))
    axis.set_ylabel(_label(second.name, second.unit) if second else "")
    return image


def _label(name: str, unit: str) -> str:
    """Name with unit in brackets; one of them where they say the same."""
    name = name.replace("_", " ")
    if not unit or unit == name:
        return name
    return unit if unit.startswith(f"{name} ") else f"{name} [{unit}]"


def mean_response(path: Path, real: Sample, generated: Sample) -> Path:
    """Average responses, and their difference in units of its standard error.

    Args:
        path: The PNG.
        real: Real events.
        generated: Generated events.
    """
    (mean, variance), (mean_generated, variance_generated) = _average(real), _average(generated)
    means = (mean, mean_generated)
    error = np.sqrt(variance + variance_generated)
    pull = np.divide(means[1] - means[0], error, out=np.zeros_like(error), where=error > 0)
    with _figure(path, 12.5, 3.6) as figure:
        axes = figure.subplots(1, 3)
        norm = _amplitude_norm(*(mean.astype(np.float32) for mean in means))
        for axis, title, mean in zip(axes, ("real", "generated"), means, strict=False):
            _image(axis, mean, real.info, norm)
            axis.set_title(f"average response, {title}")
        label = f"{real.info.quantity} [{real.info.unit}]"
        figure.colorbar(ScalarMappable(norm), ax=axes[:2], label=label)
        largest = max(float(np.abs(pull).max()), 1.0)
        image = _image(axes[2], pull, real.info, TwoSlopeNorm(0, -largest, largest), cmap="PuOr")
        axes[2].set_title("(generated - real) / error")
        figure.colorbar(image, ax=axes[2], label="standard errors")
    return path


def _average(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean response and its variance, both *shape; zeros where there is no event."""
    if not len(sample):
        return np.zeros(sample.info.shape), np.zeros(sample.info.shape)
    variance = sample.responses.var(axis=0, dtype=np.float64) / len(sample)
    return sample.responses.mean(axis=0, dtype=np.float64), variance


def histogram(path: Path, data: Histogram) -> Path:
    """Densities of one quantity in both samples with their statistical errors, and the ratio below.

    Args:
        path: The PNG.
        data: What to draw.
    """
    samples = [np.asarray(values, np.float64) for values in (data.real, data.generated)]
    samples = [values[np.isfinite(values)] for values in samples]
    edges = _edges(*samples)
    with _figure(path, 6, 5) as figure:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        densities = [_density(values, edges) for values in samples]
        for (density, error), name, colour in zip(densities, ("real", "generated"), (REAL, GENERATED), strict=True):
            top.stairs(density, edges, color=colour, label=name)
            top.errorbar(_centres(edges), density, error, fmt="none", ecolor=colour, elinewidth=1)
        _ratio(bottom, edges, *densities)
        top.set_title(data.title)
        top.set_ylabel(f"density [1/{data.unit}]" if data.unit not in ("", "1") else "density")
        if data.log_y and any(density.any() for density, _ in densities):
            top.set_yscale("log")
        top.legend(frameon=False)
        unit = f" [{data.unit}]" if data.unit not in ("", "1") else ""
        beyond = any(((values < edges[0]) | (values > edges[-1])).any() for values in samples)
        bottom.set_xlabel(f"{data.label}{unit}" + "\n(the outermost bins hold what lies beyond them)" * beyond)
        bottom.set_ylabel("gen. / real")
    return path


def _edges(real: NDArray[np.float64], generated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bins over the bulk of both samples; whole numbers stand in the middle of theirs."""
    both = [_bulk(values) for values in (real, generated) if len(values)]
    low, high = (min(b[0] for b in both), max(b[1] for b in both)) if both else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low <= 1e-9 * largest or high == low:
        margin = max(0.5, 1e-3 * largest)
        low, high = low - margin, high + margin
    elif all((values == np.round(values)).all() for values in (real, generated)):
        low, high = np.floor(low), np.ceil(high)
        width = np.ceil((high - low + 1) / _BINS)
        whole: NDArray[np.float64] = low - 0.5 + width * np.arange(np.ceil((high - low + 1) / width) + 1)
        return whole
    return np.linspace(low, high, _BINS + 1)


def _bulk(values: NDArray[np.float64]) -> tuple[float, float]:
    """The central 99.8%, without tails farther out than five interquartile ranges, which would flatten the rest."""
    low, first, third, high = np.quantile(values, (0.001, 0.25, 0.75, 0.999))
    reach = 5 * (third - first)
    return (max(low, first - reach), min(high, third + reach)) if reach > 0 else (low, high)


def _centres(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    centres: NDArray[np.float64] = (edges[1:] + edges[:-1]) / 2
    return centres


def _density(
    values: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density and its Poisson error per bin."""
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(np.float64)
    scale = max(len(values), 1) * np.diff(edges)
    return counts / scale, np.sqrt(counts) / scale


def _ratio(
    axis: Axes,
    edges: NDArray[np.float64],
    real: tuple[NDArray[np.float64], NDArray[np.float64]],
    generated: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    filled = (real[0] > 0) & (generated[0] > 0)
    a, b = generated[0][filled], real[0][filled]
    ratio = a / b
    error = ratio * np.hypot(generated[1][filled] / a, real[1][filled] / b)
    known = error < 1  # a bin with two or three events says nothing
    places = _centres(edges)[filled][known]
    axis.axhline(1, color="0.6", linewidth=1)
    axis.errorbar(places, ratio[known], error[known], fmt=".", color=GENERATED, markersize=4, elinewidth=1)
    axis.set_ylim(0, 2)


def loss_curves(path: Path, steps: NDArray[np.int64], losses: Mapping[str, NDArray[np.floating]]) -> Path:
    """Each loss against the training step: every value, and a running mean over 2% of the training.

    Args:
        path: The PNG.
        steps: (steps,).
        losses: By name, (steps,) each.
    """
    rows = max(len(losses), 1)
    window = max(1, len(steps) // 50)
    with _figure(path, 8, 0.6 + 1.7 * rows) as figure, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a loss that is infinite is drawn as a gap
        axes = np.atleast_1d(figure.subplots(rows, 1, sharex=True))
        for axis, (name, values) in zip(axes, losses.items(), strict=False):
            shown = np.where(np.isfinite(values), values, np.nan)
            axis.plot(steps, shown, color=REAL, alpha=0.3, linewidth=0.6)
            if len(steps) > window > 1:
                smooth = np.convolve(shown, np.full(window, 1 / window), "valid")
                axis.plot(steps[window // 2 :][: len(smooth)], smooth, color=REAL, linewidth=1.5)
                axis.set_ylim(*_robust_range(shown))
            axis.set_ylabel(name)
            axis.grid(alpha=0.3)
        axes[-1].set_xlabel("training step")
    return path


def _robust_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Limits that a wild start does not set."""
    finite = values[np.isfinite(values)].astype(np.float64)
    low, high = np.quantile(finite, (0.005, 0.995)) if len(finite) else (0.0, 1.0)
    margin = 0.1 * (high - low) or max(1.0, 0.1 * abs(high))
    return float(low - margin), float(high + margin)
