"""What real events score against each other: the floor of a metric, its references, and what it is able to see."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner import provenance, seeds
from runner.api import Metric, Reference, Sample
from runner.errors import PluginError
from runner.evaluation import events, faults
from runner.evaluation.cache import Numbers, ScoreCache
from runner.evaluation.events import Halves
from runner.evaluation.faults import FAULTS, SIZES, Fault
from runner.evaluation.measuring import Available, Tell, headline, measure
from runner.plan import Choice, Plan
from runner.run_directory import ScoreRow

SEEN = 3.0
"""Standard deviations of the floor at which a fault counts as seen."""

_DECIDE_DIGITS = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Yardstick:
    """Real events cut in two again and again. No model enters, so that what is measured is kept for the next run.

    Attributes:
        halves: The halving of a number; 0 is that of the scores.
        halvings: How many there are.
        seed: Of random numbers.
        available: What metrics can be given beside the two samples.
        data_digest: Digest of the events that are cut in two.
        code: Digest of each plugin's files, by its name.
        cache: Where numbers are kept.
        tell: Told what is being measured.
    """

    halves: Callable[[int], Halves]
    halvings: int
    seed: int
    available: Available
    data_digest: str
    code: Mapping[str, str]
    cache: ScoreCache
    tell: Tell = lambda _: None

    def floor(self, choice: Choice[Metric]) -> dict[str, NDArray[np.float64]]:
        """Scores of real against real events, (halvings,) by the score's name."""

        def compute() -> Numbers:
            found: Numbers = {}
            for number in range(self.halvings):
                self.tell(f"floor of {choice.component.name}: {number + 1} of {self.halvings}")
                halves = self.halves(number)
                rng = seeds.generator(self.seed, "floor", choice.component.name, number)
                measurement = measure(choice, halves.compared, halves.asked, rng, self.available)
                for name, score in measurement.scores.items():
                    found.setdefault(name, []).append(float(score.value))
            return found

        found = self.cache.remembered(self._key(choice, what="floor", halvings=self.halvings), compute)
        return {name: np.asarray(values, np.float64) for name, values in found.items()}

    def reference(self, choice: Choice[Metric], reference: Choice[Reference]) -> tuple[str, float, float | None]:
        """Main score of a reference: its name, its value and its error."""

        def compute() -> Numbers:
            self.tell(f"{choice.component.name} of {reference.component.name}")
            halves = self.halves(0)
            stand_in = self._stand_in(reference, halves.asked)
            rng = seeds.generator(self.seed, "floor", choice.component.name, 0)
            measurement = measure(choice, halves.compared, stand_in, rng, self.available)
            name = headline(choice.component, measurement)
            score = measurement.scores[name]
            return {name: [float(score.value), math.nan if score.error is None else float(score.error)]}

        identity = {**reference.resolved(), "code": self.code[reference.plugin], "training": self._training}
        found = self.cache.remembered(self._key(choice, what="reference", reference=identity), compute)
        ((name, (value, error)),) = found.items()
        return name, value, None if math.isnan(error) else error

    def smallest(self, choice: Choice[Metric], fault: str, main: ScoreRow) -> float | None:
        """Size of the fault at which the main score is `SEEN` standard deviations off the floor.

        The same events are measured with the fault and without, so that how they scatter does not matter. Between the
        sizes tried the size is interpolated, in logarithms.

        Args:
            choice: The metric.
            fault: One of `FAULTS`.
            main: Any row of its main score, for the direction.

        Returns:
            A fraction of 1; None where the largest size is not seen.
        """
        floor = self.floor(choice)[main.score]
        sd = floor.std(ddof=1)

        def compute() -> Numbers:
            shifts: list[float] = []
            for size in SIZES:
                self.tell(f"{choice.component.name} at {fault} {size:g}")
                shifts.append(self._with_fault(choice, FAULTS[fault], size, main.score) - floor[0])
                if not _strength(shifts[-1], sd, main.better) >= SEEN:
                    break
            return {"shifts": shifts}

        key = self._key(choice, what="fault", fault=fault, sizes=SIZES, halvings=self.halvings)
        shifts = self.cache.remembered(key, compute)["shifts"]
        strengths = [_strength(shift, sd, main.better) for shift in shifts]
        seen = [size for size, strength in zip(SIZES, strengths, strict=False) if strength >= SEEN]
        if not seen:
            return None
        if len(seen) == len(strengths):
            return seen[-1]
        stronger, weaker = strengths[len(seen) - 1], max(strengths[len(seen)], 0.0)
        if not math.isfinite(stronger) or not stronger > weaker:
            return seen[-1]
        below = SIZES[len(seen)]
        return float(below * (seen[-1] / below) ** ((SEEN - weaker) / (stronger - weaker)))

    def _with_fault(self, choice: Choice[Metric], fault: Fault, size: float, score: str) -> float:
        halves = self.halves(0)
        faulty = fault(halves.asked, size, seeds.generator(self.seed, "fault"))
        rng = seeds.generator(self.seed, "floor", choice.component.name, 0)
        return float(measure(choice, halves.compared, faulty, rng, self.available).scores[score].value)

    def _stand_in(self, reference: Choice[Reference], asked: Sample) -> Sample:
        if self.available.training is None:
            raise ValueError("references need the events trained on")
        rng = seeds.generator(self.seed, "reference", reference.component.name)
        with reference.blamed("respond"):
            responses = reference.component.respond(reference.params, self.available.training, asked, rng)
        if responses.shape != asked.responses.shape or responses.dtype != np.float32:
            raise PluginError(
                f"reference {reference.name}: respond returned {responses.dtype} {responses.shape}, "
                f"not float32 {asked.responses.shape}"
            )
        return replace(asked, responses=responses)

    def _key(self, choice: Choice[Metric], **more: Any) -> dict[str, Any]:
        metric, versions = choice.component, provenance.versions()
        return {
            "protocol": _protocol(),
            "metric": {**choice.resolved(), "version": metric.version, "code": self.code[choice.plugin]},
            "data": self.data_digest,
            "training": self._training if "training" in metric.uses else "",
            "seed": self.seed,
            "versions": {name: versions.get(name, "") for name in _DECIDE_DIGITS},
            **more,
        }

    @cached_property
    def _training(self) -> str:
        training = self.available.training
        return "" if training is None else provenance.digest_sample(training)


@cache
def _protocol() -> str:
    """Digest of the code that cuts events in two and makes them faulty."""
    return provenance.digest_files([Path(module.__file__ or "") for module in (events, faults)])


def plugin_code(plan: Plan) -> dict[str, str]:
    """Digest of each plugin's files, by its name."""
    return {plugin.name: provenance.digest_files(plugin.files) for plugin in plan.plugins_used()}


def with_floor(row: ScoreRow, floor: Mapping[str, NDArray[np.float64]]) -> ScoreRow:
    """A row with mean and standard deviation of its floor, where there are finite ones."""
    values = floor.get(row.score)
    if values is None or len(values) < 2 or not np.isfinite(values).all():
        return row
    return replace(row, floor=float(values.mean()), floor_sd=float(values.std(ddof=1)))


def _strength(shift: float, sd: float, better: str) -> float:
    """How far a score has moved to the worse, in standard deviations; NaN where it is undefined."""
    towards_worse = {"lower": shift, "higher": -shift}.get(better, abs(shift))
    if sd == 0:
        return math.copysign(math.inf, towards_worse) if towards_worse else 0.0
    return towards_worse / sd
