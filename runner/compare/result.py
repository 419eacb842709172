"""What a comparison finds, for tables and pages to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Test = Literal["paired", "Welch", "evaluation errors"]
"""Where an interval comes from; the first two also give a p-value."""

Verdict = Literal["better", "worse", "not distinguishable", "at floor", "too few seeds", ""]
"""See `runner.compare.verdict`."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Runs of one experiment that differ in the seed, or real responses that were scored in a model's place.

    Attributes:
        label: What it is called, unlike any other group: the experiment's name, where needed with the first run's id.
        name: Name of the experiment, or of the reference.
        ids: Ids of the runs, by seed; none for a reference.
        paths: Their folders.
        seeds: Their seeds, each once.
        reference: Whether it is no model.
    """

    label: str
    name: str
    ids: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    seeds: tuple[int, ...] = ()
    reference: bool = False


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far a group is from the baseline in one score.

    Attributes:
        value: Group minus baseline [unit of the score], over the common seeds where they are paired; of distances from
            the ideal value where that is 0 or 1.
        low: Lower end of the 95 % interval, or None where nothing is known of it.
        high: Its upper end, or None.
        p: Two-sided p-value, or None.
        p_holm: The same, corrected by Holm's method for the number of main scores; None without p, and for the others.
        test: Where interval and p-value come from.
        reason: Why there is no p-value, or "".
        verdict: In words; "" for what is no main score or has no good direction.
        unpaired: Seeds of one of the two groups alone, which a paired test leaves out.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    test: Test
    reason: str
    verdict: Verdict
    unpaired: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One score of one group.

    Attributes:
        mean: Mean over the seeds [unit]; NaN where any of them is undefined.
        sd: Standard deviation over the seeds (n - 1), or None below two.
        n: Number of seeds with this score.
        error: Standard error of one run's evaluation, in the root mean square, or None where unknown.
        z: Mean excess over the floor in standard deviations of the floor, or None where there is no floor.
        rms_z: Root mean square of z over the seeds, with the sign of their mean; None where there is no floor. Seeds
            far off on both sides of the floor have a mean at it.
        at_floor: Whether it cannot be told from real responses: the root mean square of z over the seeds is below 3;
            None where there is no floor.
        best: Whether no other model's mean is better, of those that have this score of every seed.
        gap: Which seeds' values are undefined or missing, or "".
        difference: To the baseline; None for the baseline itself, for references, and where a value is missing.
    """

    mean: float
    sd: float | None
    n: int
    error: float | None
    z: float | None
    rms_z: float | None
    at_floor: bool | None
    best: bool = False
    gap: str = ""
    difference: Difference | None = None


@dataclass(frozen=True, kw_only=True)
class ComparedScore:
    """One score of all groups.

    Attributes:
        metric: The metric.
        score: Its score.
        unit: Unit of the values.
        better: Direction: lower, higher, zero, one or none.
        headline: Whether it is the metric's main score.
        floor: What real responses score against real ones [unit], or None where it is not the same for all groups.
        floor_sd: Its standard deviation [unit], or None.
        cells: One for each group; None where it was not scored with it.
    """

    metric: str
    score: str
    unit: str
    better: str
    headline: bool
    floor: float | None
    floor_sd: float | None
    cells: tuple[Cell | None, ...]

    @property
    def key(self) -> str:
        """METRIC/SCORE, as tables and filters call it."""
        return f"{self.metric}/{self.score}"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A key of the experiment and its value in each group that is a model; None where there is no such key."""

    key: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether it is not the same in all groups."""
        return any(value != self.values[0] for value in self.values)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Result of `compare`.

    Attributes:
        groups: Models in the order they were named, then references.
        baseline: Index of the group that differences are to.
        scores: In the order of the first run.
        parameters: What differs, or everything if that was asked for.
        notes: How to read what is shown: what was tested and corrected, and why there is no p-value.
        warnings: What limits the comparison.
    """

    groups: tuple[Group, ...]
    baseline: int
    scores: tuple[ComparedScore, ...]
    parameters: tuple[Parameter, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
