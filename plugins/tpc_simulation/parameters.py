"""What an experiment file may say of the simulation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import isfinite
from typing import Annotated

from pydantic import BeforeValidator

from plugins.tpc_simulation.window import Window
from runner.api import Field, Params

Fixed = float
Range = tuple[float, float]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _number_or_range(value: object, *, lowest: float, highest: float) -> object:
    if _is_number(value):
        numbers = (value,)
    elif isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value)):
        numbers = tuple(value)
        if not numbers[0] < numbers[1]:
            raise ValueError(f"the range {list(numbers)} does not increase; write [low, high], or one number")
    else:
        raise ValueError(f"expected a number or a range [low, high], found {value!r}")
    for number in numbers:
        if not lowest <= number <= highest:
            raise ValueError(f"expected values from {lowest:g} to {highest:g}, found {number:g}")
    return value if len(numbers) == 1 else numbers


def _quantity(lowest: float, highest: float) -> object:
    """Type of a number or range within bounds; the validator words mistakes, the bounds are for the JSON Schema."""
    bounded = Annotated[float, Field(ge=lowest, le=highest)]
    check = BeforeValidator(partial(_number_or_range, lowest=lowest, highest=highest))
    return Annotated[bounded | tuple[bounded, bounded], check]


Angle = _quantity(-60.0, 60.0)
Drift = _quantity(1.0, 170.0)
Pad = _quantity(0.0, 200.0)


class SimulationParams(Params):
    """Parameters of `tpc_simulation`.

    A quantity of the track is a number, the same for all events, or a range ``[low, high]``: then it is drawn
    uniformly for each event and is a condition. The defaults are the tracks of PhysGAN's data sets.
    """

    events: int = Field(10_000, ge=1, description="number of responses")
    crossing_angle: Angle = Field(
        0.0, description="angle between track and the row's normal in the pad plane [deg]: number or range"
    )
    dip_angle: Angle = Field(16.941, description="angle between track and pad plane [deg]: number or range")
    drift_length: Drift = Field(
        147.36, description="distance from the track's middle to the pad plane [cm]: number or range"
    )
    pad_coordinate: Pad = Field(43.19, description="where the track crosses the row [pads]: number or range")
    pads: int = Field(8, ge=1, le=64, description="pads of a response")
    times: int = Field(8, ge=1, le=64, description="time bins of a response")

    @property
    def window(self) -> Window:
        """Size of a response."""
        return Window(self.pads, self.times)

    @property
    def track(self) -> Mapping[str, tuple[Fixed | Range, str]]:
        """Value and unit of each quantity of the track, in the order of the conditions."""
        return {
            "crossing_angle": (self.crossing_angle, "deg"),
            "dip_angle": (self.dip_angle, "deg"),
            "drift_length": (self.drift_length, "cm"),
            "pad_coordinate": (self.pad_coordinate, "pad"),
        }
