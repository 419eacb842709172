"""The part of the pad plane and of time that a response shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Pads and time bins of a response, around the pad and the time bin of the track.

    Attributes:
        pads: Number of pads.
        times: Number of time bins.
    """

    pads: int
    times: int

    @property
    def pad_anchor(self) -> int:
        """Index of the pad that the track's coordinate is rounded down to."""
        return (self.pads - 1) // 2

    @property
    def time_anchor(self) -> int:
        """Index of the time bin that the track's drift time is rounded down to."""
        return (self.times - 1) // 2
