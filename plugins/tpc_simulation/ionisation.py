"""Electrons freed along a track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.tpc_simulation.detector import Detector

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Tracks:
    """Straight tracks through a pad row, one per event.

    Attributes:
        crossing_angle: Angle to the row's normal in the pad plane [deg], (events,).
        dip_angle: Angle to the pad plane [deg], (events,).
        drift_length: From the track, in the middle of the row, to the pad plane [cm], (events,).
        pad_coordinate: Where the track crosses the middle of the row [pads], (events,).
    """

    crossing_angle: Values
    dip_angle: Values
    drift_length: Values
    pad_coordinate: Values

    def __len__(self) -> int:
        return len(self.crossing_angle)

    def take(self, events: slice) -> Tracks:
        """The tracks of these events."""
        return Tracks(
            self.crossing_angle[events],
            self.dip_angle[events],
            self.drift_length[events],
            self.pad_coordinate[events],
        )


@dataclass(frozen=True)
class Electrons:
    """Electrons of many events, in the order of the events.

    Attributes:
        event: Index of the electron's event, (electrons,).
        along: Distance from the middle of the row, along the row's normal [cm], (electrons,).
    """

    event: NDArray[np.int64]
    along: Values


def track_length(tracks: Tracks, detector: Detector) -> Values:
    r"""Length of track in the row, $h / (\cos\alpha \cos\lambda)$ [cm], (events,)."""
    return detector.row_height / (np.cos(np.radians(tracks.crossing_angle)) * np.cos(np.radians(tracks.dip_angle)))


def cluster_sizes(detector: Detector, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    r"""Electrons per cluster, $P(n) = n^{-a} / \sum_{m=1}^{n_{max}} m^{-a}$: mostly 1, with a long tail.

    Reference:
        Blum, Riegler, Rolandi, Particle Detection with Drift Chambers (2008), chapter 1: the tail is close to
        1/n^2, as for collisions with free electrons.
    """
    weights = np.arange(1.0, detector.largest_cluster + 1) ** -detector.size_exponent
    cumulative = np.cumsum(weights)
    return 1 + np.searchsorted(cumulative, rng.random(number) * cumulative[-1], side="right")


def ionise(tracks: Tracks, detector: Detector, rng: np.random.Generator) -> Electrons:
    """Electrons of a Poisson process of clusters along each track; a cluster's electrons start at one point."""
    clusters = rng.poisson(detector.clusters * track_length(tracks, detector))  # (events,)
    event = np.repeat(np.arange(len(tracks)), clusters)
    along = (rng.random(len(event)) - 0.5) * detector.row_height
    sizes = cluster_sizes(detector, len(event), rng)
    return Electrons(np.repeat(event, sizes), np.repeat(along, sizes))
