"""From electrons to amplitudes: drift, avalanche, induction on the pads, shaping, digitisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from plugins.tpc_simulation.detector import Detector
from plugins.tpc_simulation.ionisation import Electrons, Tracks, Values, ionise
from plugins.tpc_simulation.window import Window

CHUNK = 1000  # events simulated at once: about 20 MB of electrons; another number gives other random events


@dataclass(frozen=True)
class Avalanches:
    """What reaches the anode wires, in coordinates of the event's window.

    Attributes:
        event: Index of the event, (electrons,).
        pad: Position along the row [pads], pad k covering k - 0.5 to k + 0.5, (electrons,).
        time: Arrival [time bins], bin k covering k - 0.5 to k + 0.5, (electrons,).
        charge: Charge [ADC], (electrons,).
    """

    event: NDArray[np.int64]
    pad: Values
    time: Values
    charge: Values


@dataclass(frozen=True)
class Responses:
    """What is read out.

    Attributes:
        amplitudes: float32 (events, pads, times) [ADC], 0 where nothing is read out.
        outside: Share of the avalanches' charge that arrives beside the window.
    """

    amplitudes: NDArray[np.float32]
    outside: float

    def notes(self, window: Window) -> tuple[str, ...]:
        """What the user has to know: charge beside the window (from 0.1%), and responses without a hit."""
        notes = []
        if self.outside >= 1e-3:
            notes.append(
                f"{self.outside:.1%} of the charge arrives beside the window of {window.pads} pads x "
                f"{window.times} time bins and is lost; larger 'pads' and 'times' keep it"
            )
        empty = int((self.amplitudes.max(axis=(1, 2)) == 0).sum())
        if empty:
            notes.append(f"{empty} of {len(self.amplitudes)} responses have no hit")
        return tuple(notes)


def simulate(tracks: Tracks, window: Window, detector: Detector, rng: np.random.Generator) -> Responses:
    """Responses to tracks."""
    amplitudes = np.empty((len(tracks), window.pads, window.times), dtype=np.float32)
    total = outside = 0.0
    for first in range(0, len(tracks), CHUNK):
        events = slice(first, first + CHUNK)
        part = tracks.take(events)
        avalanches = amplify(part, ionise(part, detector, rng), window, detector, rng)
        total += avalanches.charge.sum()
        outside += charge_outside(avalanches, window)
        collected = induce(avalanches, len(part), window, detector)
        amplitudes[events] = digitise(shape(collected, window, detector), detector)
    return Responses(amplitudes, outside / total if total else 0.0)


def charge_outside(avalanches: Avalanches, window: Window) -> float:
    """Charge of the avalanches whose pad or time bin is not in the window [ADC]."""
    pad, time = np.rint(avalanches.pad), np.rint(avalanches.time)
    outside = (pad < 0) | (pad >= window.pads) | (time < 0) | (time >= window.times)
    return float(avalanches.charge[outside].sum())


def amplify(
    tracks: Tracks, electrons: Electrons, window: Window, detector: Detector, rng: np.random.Generator
) -> Avalanches:
    r"""Drift of each electron to the anode wires, and its avalanche.

    An electron freed at distance y from the middle of the row arrives at pad $x_0 + (y \tan\alpha + \delta_T) / w$
    and time $(L - y \tan\lambda / \cos\alpha + \delta_L) / (v \Delta t)$, with the track's pad coordinate x0, drift
    length L, crossing angle alpha and dip angle lambda, the pad width w, and Gaussian diffusion of standard
    deviations $D_T \sqrt L$ and $D_L \sqrt L$. The avalanche is $g\,\Gamma(1+\theta)/(1+\theta)$: a Polya
    distribution of mean g and relative variance $1/(1+\theta)$.

    Reference:
        Blum, Riegler, Rolandi (2008), chapters 2 (drift and diffusion) and 4 (avalanches).
    """
    alpha, dip = np.radians(tracks.crossing_angle), np.radians(tracks.dip_angle)
    root = np.sqrt(tracks.drift_length)
    pad = tracks.pad_coordinate - np.floor(tracks.pad_coordinate) + window.pad_anchor
    time = tracks.drift_length / detector.bin_length
    time += window.time_anchor - np.floor(time)
    columns = np.stack(
        [
            pad,
            np.tan(alpha) / detector.pad_width,
            detector.transverse_diffusion * root / detector.pad_width,
            time,
            -np.tan(dip) / np.cos(alpha) / detector.bin_length,
            detector.longitudinal_diffusion * root / detector.bin_length,
        ]
    )[:, electrons.event]
    number = len(electrons.event)
    polya = 1 + detector.polya
    return Avalanches(
        event=electrons.event,
        pad=columns[0] + columns[1] * electrons.along + columns[2] * rng.standard_normal(number),
        time=columns[3] + columns[4] * electrons.along + columns[5] * rng.standard_normal(number),
        charge=detector.gain / polya * rng.standard_gamma(polya, number),
    )


def margin(detector: Detector) -> int:
    """Time bins before and after the window from which a pulse reaches into it: five standard deviations."""
    return int(np.ceil(5 * detector.shaping_width / detector.time_bin))


def induce(avalanches: Avalanches, events: int, window: Window, detector: Detector) -> Values:
    r"""Charge that the avalanches induce on each pad in each time bin, before shaping.

    A Gaussian of standard deviation s around the avalanche, integrated over the pads: pad k receives
    $\Phi((k + 1/2 - x)/s) - \Phi((k - 1/2 - x)/s)$ where it is at most `induction_reach` pads from the nearest, else 0.

    Returns:
        (events, pads, times + 2 margin) [ADC], `margin` bins more on each side than the window.
    """
    extra = margin(detector)
    times = window.times + 2 * extra
    nearest = np.rint(avalanches.pad)
    bins = np.rint(avalanches.time).astype(np.int64) + extra
    first = -detector.induction_reach
    offset = np.arange(first, detector.induction_reach + 2) - 0.5  # edges of the pads around the nearest
    width = detector.induction_width / detector.pad_width
    below = ndtr((offset[:, None] + (nearest - avalanches.pad)) / width)  # (edges, electrons)
    charges = np.diff(below, axis=0) * avalanches.charge  # (pads around, electrons)
    pads = nearest.astype(np.int64) + np.arange(first, detector.induction_reach + 1)[:, None]
    inside = (pads >= 0) & (pads < window.pads) & (bins >= 0) & (bins < times)
    cells = ((avalanches.event * window.pads + pads) * times + bins)[inside]
    collected = np.bincount(cells, charges[inside], minlength=events * window.pads * times)
    return collected.reshape(events, window.pads, times)


def shape(collected: Values, window: Window, detector: Detector) -> Values:
    r"""Pulses of the electronics, sampled once per time bin and read out where electrons arrived.

    A charge in bin m gives $\exp(-(k-m)^2 / 2 s^2) / (s \sqrt{2\pi})$ in bin k, s in time bins. Cells that no avalanche
    induced a charge on are suppressed: real responses end abruptly in time, far above the detection threshold.

    Returns:
        (events, pads, times) [ADC].
    """
    extra = margin(detector)
    width = detector.shaping_width / detector.time_bin
    samples = np.arange(window.times) + extra
    distance = np.arange(window.times + 2 * extra)[:, None] - samples
    pulse = np.exp(-0.5 * (distance / width) ** 2) / (width * np.sqrt(2 * np.pi))  # (times + 2 margin, times)
    return np.where(collected[:, :, samples] > 0, collected @ pulse, 0.0)


def digitise(amplitudes: Values, detector: Detector) -> NDArray[np.float32]:
    """Detection threshold, saturation, and rounding to `digits` significant digits; shape is kept [ADC]."""
    read_out = np.where(amplitudes >= detector.threshold, np.minimum(amplitudes, detector.saturation), 0.0)
    magnitude = np.floor(np.log10(np.maximum(read_out, detector.threshold)))
    step = 10.0 ** (magnitude - (detector.digits - 1))
    return (np.rint(read_out / step) * step).astype(np.float32)
