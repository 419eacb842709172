"""Responses of a time projection chamber in files: rows of a CSV file, raw ``.dat`` lines, or HDF5."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import model_validator

from runner.api import Axis, Condition, DataFile, DataInfo, Dataset, Field, Params, Sample, Writer, hookimpl

Window = tuple[int, int]


class ConditionColumn(Params):
    """A column beside the hits, one value per event."""

    name: str = Field(pattern="^[A-Za-z][A-Za-z0-9_]*$", description="name; in a CSV file, the column's")
    unit: str = Field("", description="unit of its values")
    range: tuple[float, float] | None = Field(None, description="lowest and highest value, needed if it is used")
    period: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="length of a bin in that unit, where the fraction of a bin says where in its pixel a cluster lies",
    )
    use: bool = Field(True, description="whether networks are told it")

    @model_validator(mode="after")
    def _check(self) -> ConditionColumn:
        if self.use and self.range is None:
            raise ValueError(f"the condition {self.name} needs a range: [low, high], or use: false")
        if self.range and not (np.isfinite(self.range).all() and self.range[0] <= self.range[1]):
            raise ValueError(f"the range of {self.name} must be [low, high], not {list(self.range)}")
        return self


class TpcDigitsParams(Params):
    """Parameters of `tpc_digits`."""

    path: DataFile = Field(description="CSV, raw .dat or HDF5 file, told apart by content")
    pads: Window = Field((40, 48), description="window in pads, [first, last + 1)")
    times: Window = Field((267, 275), description="window in time bins, [first, last + 1)")
    conditions: tuple[ConditionColumn, ...] = Field((), description="all columns beside the hits, in order")
    pad_offset: str | None = Field(None, description="condition whose integer part is subtracted from the pad")
    time_offset: str | None = Field(None, description="condition whose integer part is subtracted from the time bin")
    threshold: float = Field(1.0, gt=0, allow_inf_nan=False, description="detection threshold [ADC]")
    outside: Literal["strict", "report"] = Field(
        "strict", description="what lies outside the window or a range: an error, or left out and reported"
    )

    largest_in_memory: int = Field(
        512,
        ge=0,
        description="size of a file [MiB] above which responses are not kept in memory but, converted once, in a cache "
        "(RUNNER_CACHE, or runner below the user's cache folder; it may be deleted at any time)",
    )

    @model_validator(mode="after")
    def _check(self) -> TpcDigitsParams:
        for name, (low, high) in (("pads", self.pads), ("times", self.times)):
            if not low < high <= low + 1024:
                raise ValueError(f"{name} must be [first, last + 1) with 1 to 1024 bins, not {[low, high]}")
        names = [condition.name for condition in self.conditions]
        if len(set(names)) < len(names):
            raise ValueError("two conditions have one name")
        if taken := {"evtId", "ipad", "itime", "amp"}.intersection(names):
            raise ValueError(f"{', '.join(sorted(taken))}: a column of the hits, not a condition")
        for key, offset in (("pad_offset", self.pad_offset), ("time_offset", self.time_offset)):
            if offset is not None and offset not in names:
                raise ValueError(
                    f"{key} names {offset!r}, which is not among the conditions: {', '.join(names) or 'none'}"
                )
        return self


class TpcDigits(Dataset):
    """Measured or simulated responses from a CSV, raw .dat or HDF5 file.

    CSV: a header ``evtId,ipad,itime,amp`` and the names of the conditions, then one hit per row. Raw: for each
    event a line ``params: <conditions>`` (left out where there are none) and a line of ``ipad itime amp`` triplets.
    HDF5: as a run keeps its samples and ``runner generate`` writes them.
    A response is the window ``pads x times`` of an event's amplitudes [ADC], 0 where there is no hit.
    """

    name = "tpc_digits"
    Params = TpcDigitsParams
    reference = "PhysGAN (2020), github.com/prutianova-nastia/PhysGAN: format of its data"

    def describe(self, params: TpcDigitsParams) -> DataInfo:
        """Axes from the window, conditions from those that are used."""
        return DataInfo(
            axes=(
                Axis("pad", params.pads[1] - params.pads[0], "pad", float(params.pads[0])),
                Axis("time", params.times[1] - params.times[0], "time bin", float(params.times[0])),
            ),
            quantity="amplitude",
            unit="ADC",
            threshold=params.threshold,
            conditions=tuple(
                Condition(column.name, column.unit, *column.range, column.period)
                for column in params.conditions
                if column.use and column.range
            ),
        )

    def load(self, params: TpcDigitsParams, rng: np.random.Generator) -> Sample:
        """All events of the file, by event number; their responses stay on disk where the file is large.

        Raises:
            DataError: Where the file is not what it should be, with file, row and event.
        """
        from plugins.tpc_digits.assembly import assemble
        from plugins.tpc_digits.cache import cached
        from plugins.tpc_digits.reading import read

        info = self.describe(params)
        if params.path.is_file() and params.path.stat().st_size > params.largest_in_memory * 2**20:
            return cached(params, info)
        return assemble(read(params.path, [column.name for column in params.conditions]), params, info)


class CsvWriter(Writer):
    """One hit per row, with event number and conditions; events without a hit are left out."""

    name = "csv"
    suffix = ".csv"

    def write(self, path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
        """Writes a file that `TpcDigits` reads."""
        from plugins.tpc_digits.csv_file import write_csv

        return write_csv(path, info, events, samples)


class DatWriter(Writer):
    """A line of hits per event, after one of its conditions; events without a hit are left out."""

    name = "dat"
    suffix = ".dat"

    def write(self, path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
        """Writes a file that `TpcDigits` reads."""
        from plugins.tpc_digits.dat_file import write_dat

        return write_dat(path, info, events, samples)


class Hdf5Writer(Writer):
    """Responses, conditions and event numbers as arrays, of any axes; every event is kept."""

    name = "hdf5"
    suffix = ".h5"

    def write(self, path: Path, info: DataInfo, events: int, samples: Iterable[Sample]) -> tuple[str, ...]:
        """Writes a file that `TpcDigits` reads where the axes are pad and time."""
        from plugins.tpc_digits.hdf5_file import write_hdf5

        return write_hdf5(path, info, events, samples)


@hookimpl
def runner_datasets() -> Iterable[Dataset]:
    """The data set of this plugin."""
    return [TpcDigits()]


@hookimpl
def runner_writers() -> Iterable[Writer]:
    """The formats of this plugin."""
    return [CsvWriter(), DatWriter(), Hdf5Writer()]
