"""Whether generated responses are copies of those trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.bootstrap import estimate, repeats_field
from plugins.fidelity.comparable import comparable
from plugins.fidelity.features import Values, usable
from plugins.fidelity.shares import posterior_variance
from runner.api import Field, Measurement, Metric, Params, Sample, Score

AT_ONCE = 4_000_000
"""Distances that are held in memory at a time."""

ROUNDING = 1e-5
"""Largest relative difference of the pixels of copies: what a transform and its inverse do in single precision."""


class Memorisation(Metric):
    r"""Distances of generated responses to the nearest ones trained on, over those of real responses.

    A pixel of amplitude $A$ counts $\ln(1 + A / t)$ with the detection threshold $t$; distances are Euclidean over all
    pixels. The headline is the median distance of a generated response to its nearest training response, over the
    median distance of a real response that was not trained on to its own: 1 for another draw of the simulation, 0 for
    copies of the training events, which no comparison of distributions can tell from it. Above 1, responses are unlike
    any real one. Responses without a hit are all alike and left out.
    """

    name = "memorisation"
    unit = "1"
    better = "zero"
    headline = "distance_ratio"
    uses = ("training",)
    reference = "Meehan, Chaudhuri, Dasgupta, arXiv:2004.05675; Alaa et al., arXiv:2102.08921"

    class Params(Params):
        """How many training events are searched, and how the error of the ratio is found."""

        most_training: int = Field(
            50_000, ge=1, description="training events that are searched; of more, so many are drawn at random"
        )
        bootstrap: int = repeats_field()

    def measure(
        self,
        params: Memorisation.Params,
        real: Sample,
        generated: Sample,
        rng: np.random.Generator,
        *,
        training: Sample,
    ) -> Measurement:
        """The ratio of distances, then shares of copies of training responses and of one another.

        Raises:
            DataError: Where fewer than two real responses are usable.
        """
        pair = comparable(real, generated)
        notes = list(pair.notes)
        if len(training) > params.most_training:
            notes.append(f"{params.most_training:,} of {len(training):,} training events are searched for copies")
            training = training.take(np.sort(rng.choice(len(training), params.most_training, replace=False)))
        trained = _hits_only(usable(training.loaded())[0])
        a, b = _hits_only(pair.real), _hits_only(pair.generated)
        if left_out := len(pair.real) + len(pair.generated) - len(a) - len(b):
            notes.append(f"{left_out:,} responses without a hit are left out")
        # chances to repeat one another grow with the number of responses
        count = min(len(a), len(b))
        a, b = (sample.take(rng.permutation(len(sample))[:count]) for sample in (a, b))
        if count < 2 or not len(trained):
            notes.append("too few responses with hits: nothing can be compared")
            nothing = Search(np.empty(0), np.empty(0, bool), np.empty(0, bool))
            return Measurement(_scores(nothing, nothing, Score(np.nan, better="one")), notes=tuple(notes))
        found = [search(sample, trained) for sample in (a, b)]
        distances = [of.distances[:, None] for of in found]
        ratio = estimate(_ratio_of_medians, *distances, params.bootstrap, rng)
        if np.isnan(ratio.value[0]):
            notes.append("half of the real responses are copies of training responses: the ratio is undefined")
        score = Score(ratio.value[0], ratio.error[0], better="one")
        return Measurement(_scores(*found, score), notes=tuple(notes))


@dataclass(frozen=True)
class Search:
    """What a search for the nearest training responses found.

    Attributes:
        distances: To the nearest training response, (events,).
        copies: Whether it is that one, (events,).
        repeats: Whether another response of the same sample is the same, (events,).
    """

    distances: Values
    copies: NDArray[np.bool_]
    repeats: NDArray[np.bool_]


def search(sample: Sample, training: Sample) -> Search:
    """The nearest training response of each response, and which are copies.

    Args:
        sample: Responses with hits, at least two.
        training: Responses with hits, at least one.
    """
    points, known = pixels(sample), pixels(training)
    nearest, like = nearest_rows(points, known), nearest_rows(points, points, others=True)
    return Search(
        # the search multiplies matrices, which leaves copies a rounding error apart
        np.linalg.norm(points - known[nearest], axis=1),
        are_copies(sample.responses, training.responses[nearest]),
        are_copies(sample.responses, sample.responses[like]),
    )


def nearest_rows(points: Values, known: Values, *, others: bool = False) -> NDArray[np.int64]:
    """Row of `known` nearest to each point, (points,).

    Args:
        points: (points, columns).
        known: (rows, columns).
        others: Whether the two are the same, and a point is not its own neighbour.
    """
    squares = (known**2).sum(axis=1)
    rows = max(AT_ONCE // len(known), 1)
    found = []
    for start in range(0, len(points), rows):
        # squares of the distances, but for the point's own square
        distances = squares - 2 * points[start : start + rows] @ known.T
        if others:
            at = np.arange(len(distances))
            distances[at, start + at] = np.inf
        found.append(distances.argmin(axis=1))
    return np.concatenate(found)


def pixels(sample: Sample) -> Values:
    r"""$\ln(1 + A / t)$ of all pixels, (events, pixels)."""
    amplitudes = sample.responses.reshape(len(sample), -1).astype(np.float64)
    return np.log1p(amplitudes / (sample.info.threshold or 1.0))


def are_copies(responses: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether responses are the same up to `ROUNDING`, pair by pair, (events,)."""
    same = np.abs(responses - others) <= ROUNDING * np.maximum(responses, others)
    return same.all(axis=tuple(range(1, responses.ndim)))


def _hits_only(sample: Sample) -> Sample:
    return sample.take((sample.responses > 0).any(axis=tuple(range(1, sample.responses.ndim))))


def _ratio_of_medians(real: Values, generated: Values) -> Values:
    usual = np.median(real)
    return np.array([np.median(generated) / usual if usual > 0 else np.nan])


def _scores(real: Search, generated: Search, ratio: Score) -> dict[str, Score]:
    return {
        "distance_ratio": ratio,
        "copies": _share(generated.copies),
        "repeats": _share(generated.repeats),
        "real_copies": _share(real.copies, better="none"),
        "real_repeats": _share(real.repeats, better="none"),
    }


def _share(which: NDArray[np.bool_], better: Literal["none"] | None = None) -> Score:
    """A share, and the standard deviation of its posterior."""
    if not len(which):
        return Score(np.nan, better=better)
    return Score(which.mean(), np.sqrt(posterior_variance(which.sum(), len(which))), better=better)
