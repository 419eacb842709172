"""Whether generated responses are possible ones, pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import Comparable, comparable
from plugins.fidelity.features import Values, described
from plugins.fidelity.shares import posterior_variance
from runner.api import DataInfo, Histogram, Maps, Measurement, Metric, Params, Sample, Score

FAR = 3.0
"""Pulls beyond it are counted; of equal samples, 0.3 % of the pixels have such."""


class Validity(Metric):
    r"""Impossible responses, and how often each pixel is hit.

    Shares of responses with a NaN or infinite amplitude, with a negative one, and without a hit; the share of pixels
    with an amplitude between 0 and the detection threshold, which no detector reads out; the largest amplitude over
    the largest real one. The pull of a pixel is $(q - p) / \sqrt{s (1 - s) (1/n + 1/m)}$ with the shares $p$, $q$ of
    real and generated responses that hit it and their common share $s$. The headline is the largest pull: one dead
    pixel shows in it.
    """

    name = "validity"
    unit = "1"
    better = "zero"
    headline = "largest_pull"

    class Params(Params):
        """How the error of the largest pull is found."""

        bootstrap: int = repeats_field()

    def measure(
        self, params: Validity.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The largest pull, the share of large ones, impossible responses, and the largest amplitude.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        described(real.info)
        pair, pixels = comparable(real, generated), math.prod(real.info.shape)
        a, b = (_hits(sample).reshape(len(sample), pixels) for sample in (pair.real, pair.generated))
        found = estimate(_occupancy, a, b, params.bootstrap, rng)
        scores = {
            "largest_pull": Score(found.value[0], found.error[0], better="lower"),
            "far_pulls": Score(found.value[1], found.error[1], better="lower"),
            "not_finite": _difference(_any(~np.isfinite(real.responses)), _any(~np.isfinite(generated.responses))),
            "negative": _difference(_any(real.responses < 0), _any(generated.responses < 0)),
            "no_hit": _difference(_empty(real), _empty(generated)),
            "below_threshold": _difference(_below_threshold(real), _below_threshold(generated)),
            "largest_amplitude": _largest_amplitude(pair),
        }
        if not pair.enough:
            return Measurement(scores, notes=pair.notes)
        pull = np.abs(pulls(a, b))
        first, second = np.unravel_index(pull.argmax(), real.info.shape)
        one, other = real.info.axes
        note = f"the largest pull is that of {one.name} bin {first}, {other.name} bin {second}"
        return Measurement(scores, tuple(_figures(pair, real.info)), (*pair.notes, note))


def pulls(real: NDArray[np.bool_], generated: NDArray[np.bool_]) -> Values:
    """Pulls of the shares of hits of each pixel, (pixels,); 0 for a pixel that is always or never hit.

    Args:
        real: Which pixels are hit, (n, pixels).
        generated: The same, (m, pixels).
    """
    n, m = len(real), len(generated)
    p, q = real.mean(axis=0), generated.mean(axis=0)
    common = (n * p + m * q) / (n + m)
    sigma = np.sqrt(common * (1 - common) * (1 / n + 1 / m))
    return np.divide(q - p, sigma, out=np.zeros_like(sigma), where=sigma > 0)


def _occupancy(real: NDArray[np.bool_], generated: NDArray[np.bool_]) -> Values:
    pull = np.abs(pulls(real, generated))
    return np.array([pull.max(), (pull > FAR).mean()])


def _hits(sample: Sample) -> NDArray[np.bool_]:
    return sample.responses > 0


def _empty(sample: Sample) -> NDArray[np.bool_]:
    """Whether a response is finite and has no hit, (events,)."""
    return ~_any(_hits(sample) | ~np.isfinite(sample.responses))


def _any(which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether any pixel of a response is among them, (events,)."""
    return which.any(axis=(1, 2))


def _below_threshold(sample: Sample) -> Values:
    """Share of each response's pixels, (events,)."""
    below = (sample.responses > 0) & (sample.responses < np.float32(sample.info.threshold))
    return below.mean(axis=(1, 2))


def _difference(real: NDArray[np.generic], generated: NDArray[np.generic]) -> Score:
    """Mean over events of numbers from 0 to 1, generated - real.

    The error is that of shares of events, from the posterior for a flat prior, which is not 0 where the share is; for
    numbers between 0 and 1 it is an upper limit.
    """
    if not (len(real) and len(generated)):
        return Score(np.nan)
    values, variances = [], []
    for numbers in (np.asarray(real, np.float64), np.asarray(generated, np.float64)):
        values.append(numbers.mean())
        variances.append(posterior_variance(numbers.sum(), len(numbers)))
    return Score(values[1] - values[0], np.sqrt(sum(variances)))


def _largest_amplitude(pair: Comparable) -> Score:
    """Without an error: that of a maximum depends on a tail that the events do not tell."""
    real = pair.real.responses.max()
    if not (pair.enough and real > 0):
        return Score(np.nan, better="one")
    return Score(float(pair.generated.responses.max() / real), better="one")


def _figures(pair: Comparable, info: DataInfo) -> Iterator[Maps | Histogram]:
    both = (pair.real, pair.generated)
    occupancy = [_hits(sample).mean(axis=0) for sample in both]
    amplitude = [sample.responses.mean(axis=0, dtype=np.float64) for sample in both]
    yield Maps("occupancy", "Occupancy", "share of responses with a hit", "", info.axes, *occupancy)
    title = f"Mean {info.quantity}"
    yield Maps("mean_amplitude", title, f"mean {info.quantity}", info.unit, info.axes, *amplitude, log=True)
    spectra = [np.log10(sample.responses[_hits(sample)]) for sample in both]  # float32: they are kept with the run
    yield Histogram(
        name="amplitude_spectrum",
        title=f"{info.quantity.capitalize()} of all hits",
        label=f"log10 of the {info.quantity} of a hit",
        unit=f"log10 {info.unit}",
        real=spectra[0],
        generated=spectra[1],
        log_y=True,
        mark=float(np.log10(info.threshold)) if info.threshold > 0 else None,
    )
