"""A physical toy of a time projection chamber: responses to track segments, with nothing to download."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from plugins.tpc_simulation.detector import MPD, REFERENCES
from plugins.tpc_simulation.parameters import SimulationParams
from runner.api import Axis, Condition, DataInfo, Dataset, Sample, hookimpl

PERIODS = {"drift_length": MPD.bin_length, "pad_coordinate": 1.0}
"""Lengths of a bin, in the unit of the condition."""


class TpcSimulation(Dataset):
    """Simulated responses of one pad row of MPD's time projection chamber to straight track segments.

    Clusters of electrons are freed along the track, drift and diffuse to the anode wires, are amplified there,
    induce charge on the pads, and are shaped, sampled and digitised. The window follows the track: the event's pad
    and drift time lie in the middle of it (the lower middle bin of an even number). An axis starts at its detector
    coordinate where the track's is fixed, and counts from the track's own bin where it is a range.
    """

    name = "tpc_simulation"
    reference = REFERENCES
    Params = SimulationParams

    def describe(self, params: SimulationParams) -> DataInfo:
        """Pads x time bins of amplitudes [ADC], and a condition for each ranged quantity of the track."""
        pad, drift = params.pad_coordinate, params.drift_length
        pad_of_track = 0.0 if isinstance(pad, tuple) else np.floor(pad)
        bin_of_track = 0.0 if isinstance(drift, tuple) else np.floor(drift / MPD.bin_length)
        window = params.window
        return DataInfo(
            axes=(
                Axis("pad", params.pads, "pad", float(pad_of_track - window.pad_anchor)),
                Axis("time", params.times, "time bin", float(bin_of_track - window.time_anchor)),
            ),
            quantity="amplitude",
            unit="ADC",
            threshold=MPD.threshold,
            conditions=tuple(
                Condition(name, unit, *value, PERIODS.get(name))
                for name, (value, unit) in params.track.items()
                if isinstance(value, tuple)
            ),
        )

    def load(self, params: SimulationParams, rng: np.random.Generator) -> Sample:
        """Simulates the events; ranged quantities are drawn uniformly, then everything else in fixed chunks."""
        from plugins.tpc_simulation.ionisation import Tracks
        from plugins.tpc_simulation.simulation import simulate

        info = self.describe(params)
        values = {
            name: rng.uniform(*value, params.events) if isinstance(value, tuple) else np.full(params.events, value)
            for name, (value, _) in params.track.items()
        }
        responses = simulate(Tracks(**values), params.window, MPD, rng)
        drawn = [values[condition.name] for condition in info.conditions]
        return Sample(
            info,
            responses.amplitudes,
            np.array(drawn, dtype=np.float32).reshape(len(drawn), params.events).T,
            np.arange(params.events, dtype=np.int64),
            responses.notes(params.window),
        )


@hookimpl
def runner_datasets() -> Iterable[Dataset]:
    """The data set of this plugin."""
    return [TpcSimulation()]
