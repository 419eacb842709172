"""The built-in simulation beside MPD's real responses, and its speed.

    RUNNER_DATA=FOLDER python benchmarks/simulation.py [--figure FILE.png] > benchmarks/reports/simulation.md

FOLDER holds mpd/digits_unconditional.csv and mpd/digits_crossing_angle.csv. Time is the processor's, best of five.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from plugins.cluster_shape.measures import REPRESENTATIONS, describe, measures
from plugins.cluster_shape.two_sample import means, standard_deviations
from plugins.tpc_simulation import TpcSimulation

Images = NDArray[np.float32]
SIMULATION = TpcSimulation()
EVENTS = 10_000


@dataclass(frozen=True)
class Responses:
    """Responses of one source.

    Attributes:
        name: Of the source.
        colour: In the figure.
        images: (events, 8, 8) [ADC].
        angles: Crossing angles [deg], (events,); empty where all are the same.
    """

    name: str
    colour: str
    images: Images
    angles: NDArray[np.floating]


Pair = tuple[Responses, Responses]  # real and simulated, of the same tracks


def simulate(**parameters: object) -> Responses:
    """Simulated responses."""
    sample = SIMULATION.load(SIMULATION.Params(events=EVENTS, **parameters), np.random.default_rng(1))
    return Responses("simulated", "tab:orange", sample.responses, sample.conditions[:, :1].ravel())


def read(path: Path) -> Responses:
    """Responses of a CSV file of hits, pads from 40 and time bins from 267."""
    hits = np.loadtxt(path, delimiter=",", skiprows=1)
    _, first, event = np.unique(hits[:, 0], return_index=True, return_inverse=True)
    images = np.zeros((len(first), 8, 8), dtype=np.float32)
    images[event, hits[:, 1].astype(int) - 40, hits[:, 2].astype(int) - 267] = hits[:, 3]
    return Responses("real", "tab:blue", images, hits[first, 4] if hits.shape[1] > 4 else np.empty(0))


def seconds(events: int, repeats: int = 5) -> float:
    """Processor time of simulating so many events, best of `repeats` [s]."""
    params = SIMULATION.Params(events=events, crossing_angle=(0.0, 15.0))
    times = []
    for _ in range(repeats):
        start = time.process_time()
        SIMULATION.load(params, np.random.default_rng(1))
        times.append(time.process_time() - start)
    return min(times)


def table(pair: Pair) -> list[str]:
    """Means and standard deviations of the seven measures as lines of Markdown."""
    lines = [
        "| measure | mean, real | simulated | ratio | sd, real | simulated | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    info = SIMULATION.describe(SIMULATION.Params())
    for name, representation in REPRESENTATIONS.items():
        real, simulated = (measures(representation.weights(responses.images)) for responses in pair)
        for column, measure in enumerate(describe(info, representation)):
            cells = [f"{measure.name}, {name}"]
            for estimate in (means, standard_deviations):
                a, b = estimate(real), estimate(simulated)
                cells += [f"{e.value[column]:.4g} ± {e.error[column]:.2g}" for e in (a, b)]
                cells.append(f"{b.value[column] / a.value[column]:.3f}")
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def draw(unconditional: Pair, crossing: Pair, file: Path) -> None:
    """Average responses, read-out shares, spectra and the trend with the crossing angle."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3)
    draw_averages(figure, axes[0, :2], unconditional)
    draw_shares(axes[0, 2], unconditional)
    hits = [responses.images[responses.images > 0] for responses in unconditional]
    draw_spectrum(axes[1, 0], unconditional, hits, np.geomspace(1, 40_951, 50), "amplitude of a hit [ADC]")
    charges = [responses.images.sum(axis=(1, 2)) for responses in unconditional]
    draw_spectrum(axes[1, 1], unconditional, charges, np.geomspace(500, 1e6, 45), "charge of a response [ADC]")
    draw_trend(axes[1, 2], crossing)
    figure.savefig(file, dpi=90)


def draw_averages(figure: Figure, axes: NDArray[np.object_], pair: Pair) -> None:
    """Mean amplitude of each pixel, on one colour scale."""
    for axis, responses in zip(axes, pair, strict=True):
        image = axis.imshow(
            np.ma.masked_less(responses.images.mean(axis=0), 1e-3).T,
            norm=LogNorm(1e-3, 2e3),
            origin="lower",
            extent=(39.5, 47.5, 266.5, 274.5),
        )
        axis.set(title=f"average response, {responses.name}", xlabel="pad", ylabel="time bin")
    figure.colorbar(image, ax=list(axes), label="mean amplitude [ADC]")


def draw_shares(axis: Axes, pair: Pair) -> None:
    """Share of responses in which a pixel of pad 41, 43 or 45 is read out, by time bin."""
    for responses, style in zip(pair, ("-", "--"), strict=True):
        for pad, marker in ((41, "v"), (43, "o"), (45, "^")):
            share = (responses.images[:, pad - 40] > 0).mean(axis=0)
            label = f"pad {pad}, {responses.name}"
            axis.plot(np.arange(267, 275), share, style, color=responses.colour, marker=marker, label=label)
    axis.set(title="pixels read out", xlabel="time bin", ylabel="share of responses", ylim=(-0.05, 1.5))
    axis.legend(fontsize="x-small", loc="upper center", ncols=2)


def draw_spectrum(axis: Axes, pair: Pair, values: Sequence[Images], bins: NDArray[np.float64], label: str) -> None:
    """Histograms per response on logarithmic axes."""
    for responses, data in zip(pair, values, strict=True):
        weights = np.full(len(data), 1 / len(responses.images))
        axis.hist(data, bins, weights=weights, histtype="step", color=responses.colour, label=responses.name)
    axis.set(xscale="log", yscale="log", xlabel=label, ylabel="entries per response and bin")
    axis.legend(fontsize="small")


def draw_trend(axis: Axes, pair: Pair) -> None:
    """Mean width in pads in bins of the crossing angle, linear amplitude."""
    edges = np.linspace(0, 15, 11)
    for responses, shift in zip(pair, (-0.1, 0.1), strict=True):
        width = measures(REPRESENTATIONS["linear"].weights(responses.images))[:, 4]
        parts = [width[(responses.angles >= low) & (responses.angles < high)] for low, high in pairwise(edges)]
        mean = [part.mean() for part in parts]
        error = [part.std(ddof=1) / np.sqrt(len(part)) for part in parts]
        centres = (edges[:-1] + edges[1:]) / 2 + shift
        axis.errorbar(centres, mean, error, fmt="o", color=responses.colour, label=responses.name)
    axis.set(title="crossing-angle file", xlabel="crossing angle [deg]", ylabel="mean width in pads")
    axis.legend(fontsize="small")


def main() -> None:
    """Prints the report, and draws the figure where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    folder = Path(os.environ["RUNNER_DATA"]) / "mpd"
    unconditional = read(folder / "digits_unconditional.csv"), simulate()
    crossing = read(folder / "digits_crossing_angle.csv"), simulate(crossing_angle=(0.0, 15.0))
    print("# The simulation beside real responses\n")
    print(f"10,000 events: {seconds(EVENTS):.2f} s of processor time, best of five.")
    for title, pair in (("Unconditional", unconditional), ("Crossing angle 0 to 15 deg", crossing)):
        real, simulated = (len(responses.images) for responses in pair)
        print(f"\n## {title}: {real:,} real, {simulated:,} simulated\n")
        print("\n".join(table(pair)))
    if arguments.figure:
        draw(unconditional, crossing, arguments.figure)


if __name__ == "__main__":
    main()
