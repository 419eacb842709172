"""How fast responses are generated, and with how large a model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from plugins.fidelity.features import Values
from runner.api import Bars, Field, Measurement, Metric, Params, Sample, Score, TrainedModel

FEWEST_REPEATS = 5
"""Calls of each batch that are timed, however slow the model."""


class Speed(Metric):
    """Time per response for several batch sizes, number of parameters and size of the files.

    Each batch is generated once without being timed, then at least five times and for as long as `seconds` say; the
    score is the median, which calls that something else interrupted do not move, and its error that of the bootstrap.
    A call goes from conditions to responses in physical units. The headline is the largest batch, which is how
    responses are generated for an experiment.
    """

    name = "speed"
    unit = "ms"
    better = "lower"
    uses = ("model",)
    reference = "Krause et al. (CaloChallenge), arXiv:2410.21611"

    class Params(Params):
        """What is timed."""

        batches: tuple[Annotated[int, Field(ge=1, le=10_000_000)], ...] = Field(
            (1, 100, 10_000), min_length=1, description="responses per call; the headline is the largest"
        )
        seconds: float = Field(
            1.0, ge=0, le=3600, description="a batch is repeated five times, then until this has passed [s]"
        )
        most_repeats: int = Field(50, ge=FEWEST_REPEATS, description="calls of a batch at most")

    def measure(
        self,
        params: Speed.Params,
        real: Sample,
        generated: Sample,
        rng: np.random.Generator,
        *,
        model: TrainedModel,
    ) -> Measurement:
        """Times per response, the largest batch first, then what the model takes."""
        batches = sorted(set(params.batches), reverse=True)
        timed = {batch: _milliseconds(model, _conditions(real, batch), params) for batch in batches}
        scores = {f"batch_{batch}": _median(times, rng) for batch, times in timed.items()}
        bars = _bars([(batch, scores[f"batch_{batch}"]) for batch in reversed(batches)])
        scores["parameters"] = Score(model.parameters, unit="1", better="none")
        scores["size"] = Score(model.size / 1e6, unit="MB", better="none")
        repeats = ", ".join(f"{len(timed[batch])} of {batch:,}" for batch in batches)
        return Measurement(scores, (bars,), (f"timed on {model.device}; calls of each batch: {repeats}",))


def _conditions(real: Sample, batch: int) -> NDArray[np.float32]:
    """Conditions of real events, repeated as often as needed, (batch, n)."""
    return real.conditions[np.arange(batch) % len(real)]


def _milliseconds(model: TrainedModel, conditions: NDArray[np.float32], params: Speed.Params) -> Values:
    """Times of calls, per response [ms]."""
    model.generate(conditions)
    times: list[float] = []
    while len(times) < FEWEST_REPEATS or (sum(times) < params.seconds and len(times) < params.most_repeats):
        started = time.perf_counter()
        model.generate(conditions)
        times.append(time.perf_counter() - started)
    return 1e3 * np.array(times) / len(conditions)


def _median(times: Values, rng: np.random.Generator) -> Score:
    repeated = np.median(rng.choice(times, (100, len(times))), axis=1)
    return Score(float(np.median(times)), float(repeated.std(ddof=1)))


def _bars(scores: Sequence[tuple[int, Score]]) -> Bars:
    return Bars(
        name="milliseconds",
        title="Time per response",
        label="time per response",
        unit="ms",
        names=[f"batch {batch:,}" for batch, _ in scores],
        values=np.array([score.value for _, score in scores]),
        errors=np.array([score.error for _, score in scores]),
        log=True,
    )
