"""The responses of two samples that features can be compared of."""

from __future__ import annotations

from dataclasses import dataclass

from plugins.fidelity.features import usable
from runner.api import DataError, Sample

FEWEST = 2
"""Responses below which a sample has no spread."""

MOST_UNUSABLE = 0.01
"""Share of the generated responses above which what is left says nothing of the model."""


@dataclass(frozen=True)
class Comparable:
    """What is left of both samples.

    Attributes:
        real: At least `FEWEST` usable responses.
        generated: Usable responses, however few; none where more than `MOST_UNUSABLE` are not.
        notes: What was left out, and whether too few are left.
    """

    real: Sample
    generated: Sample
    notes: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether the generated responses can be compared; scores are NaN otherwise."""
        return len(self.generated) >= FEWEST


def comparable(real: Sample, generated: Sample) -> Comparable:
    """The usable responses of both samples.

    Raises:
        DataError: Where fewer than two real responses are usable.
    """
    kept, notes = usable(real)
    if len(kept) < FEWEST:
        raise DataError(
            f"{len(kept)} of {len(real)} real responses have finite amplitudes that are not negative, and at least "
            f"{FEWEST} are needed: look at the data set, or give more events to the split"
        )
    made, more = usable(generated)
    if len(generated) - len(made) > MOST_UNUSABLE * len(generated):
        # those that are left may be perfect, and the model has diverged
        broken = f"these are more than {MOST_UNUSABLE:.0%} of the generated responses: the scores are undefined"
        return Comparable(kept, made.take([]), (*notes, *more, broken))
    if len(made) < FEWEST:
        more = (*more, f"{len(made)} usable generated responses are too few to compare: the scores are undefined")
    return Comparable(kept, made, (*notes, *more))
