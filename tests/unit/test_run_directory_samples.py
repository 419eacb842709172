from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from runner.api import Axis, Condition, DataInfo, Sample
from runner.errors import RunDirectoryError
from runner.provenance import digest_sample
from runner.run_directory import read_sample, write_sample

INFO = DataInfo(
    axes=(Axis("pad", 3, "pad", -1.5), Axis("time", 4)),
    quantity="amplitude",
    unit="ADC",
    threshold=1,
    conditions=(Condition("crossing_angle", "°", -20, 20.1), Condition("drift_length", "time bins", 0.1, 0.1, 1.0)),
)


def a_sample(events: int = 20, info: DataInfo = INFO) -> Sample:
    rng = np.random.default_rng(5)
    return Sample(
        info,
        rng.gamma(1, 10, (events, *info.shape)).astype(np.float32),
        rng.random((events, len(info.conditions))).astype(np.float32),
        rng.permutation(events) + 2**40,
        ("3 hits outside the window", "ünd"),
    )


@pytest.mark.parametrize(
    "sample",
    [
        a_sample(),
        a_sample(0),
        a_sample(1),
        a_sample(info=replace(INFO, conditions=())),
        a_sample(0, replace(INFO, conditions=())),
        replace(a_sample(), notes=()),
    ],
    ids=["events", "no events", "one", "unconditional", "nothing", "no notes"],
)
def test_events_come_back_as_they_were(tmp_path: Path, sample: Sample) -> None:
    write_sample(tmp_path / "a.h5", sample, seed=3, step=2000, source="généré")
    found = read_sample(tmp_path / "a.h5")
    assert found.info == sample.info
    assert found.notes == sample.notes
    for name in ("responses", "conditions", "event_ids"):
        np.testing.assert_array_equal(getattr(found, name), getattr(sample, name))
    assert digest_sample(found) == digest_sample(sample)


def test_names_units_and_ranges_are_attributes_anyone_can_read(tmp_path: Path) -> None:
    write_sample(tmp_path / "a.h5", a_sample(), seed=3)
    with h5py.File(tmp_path / "a.h5", "r") as file:
        assert file.attrs["seed"] == 3
        responses, conditions = file["responses"], file["conditions"]
        assert list(responses.attrs["axis_names"]) == ["pad", "time"]
        assert list(responses.attrs["axis_sizes"]) == [3, 4]
        assert (responses.attrs["quantity"], responses.attrs["unit"]) == ("amplitude", "ADC")
        assert list(conditions.attrs["names"]) == ["crossing_angle", "drift_length"]
        assert list(conditions.attrs["units"]) == ["°", "time bins"]
        assert list(conditions.attrs["high"]) == [20.1, 0.1]


def test_sparse_responses_take_little_room(tmp_path: Path) -> None:
    sample = a_sample(2000, replace(INFO, axes=(Axis("pad", 8), Axis("time", 16))))
    sample.responses[:, :, 3:] = 0
    write_sample(tmp_path / "a.h5", sample)
    assert (tmp_path / "a.h5").stat().st_size < sample.responses.nbytes / 3


def replace_dataset(name: str, **arguments: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, **arguments).attrs.update(attributes)

    return change


def without(name: str) -> Callable[[h5py.File], None]:
    return lambda file: file.__delitem__(name)


def as_group(file: h5py.File) -> None:
    del file["event_ids"]
    file.create_group("event_ids")


def period(values: list[object]) -> Callable[[h5py.File], None]:
    return lambda file: file["conditions"].attrs.__setitem__("period", values)


def test_a_file_without_periods_has_none(tmp_path: Path) -> None:
    write_sample(tmp_path / "a.h5", a_sample())
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["conditions"].attrs["period"]
    assert [condition.period for condition in read_sample(tmp_path / "a.h5").info.conditions] == [None, None]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("event_ids"), "event_ids"),
        (as_group, "event_ids must be a int64 dataset"),
        (replace_dataset("event_ids", data=np.arange(19)), "the rest of the file says"),
        (replace_dataset("event_ids", data=np.zeros((20, 2), np.int64)), "event_ids has shape"),
        (replace_dataset("event_ids", data=np.int64(3)), "the rest of the file says"),
        (replace_dataset("event_ids", data=h5py.Empty("int64")), "is not a file of responses"),
        (replace_dataset("conditions", data=np.zeros((20, 3), np.float32)), "conditions has shape"),
        (replace_dataset("responses", data=np.zeros((20, 3, 4))), "responses must be a float32 dataset"),
        (replace_dataset("responses", data=np.zeros((20, 4, 3), np.float32)), "responses has shape"),
        (
            replace_dataset("responses", shape=(2**40, 3, 4), dtype="float32", chunks=(1, 3, 4)),
            "'responses' claims 52776558133248 bytes, which are not in a file of",
        ),
        (lambda file: file["responses"].attrs.__delitem__("unit"), "unit"),
        (lambda file: file["responses"].attrs.__setitem__("threshold", "low"), "could not convert"),
        (lambda file: file["conditions"].attrs.__setitem__("low", [1.0]), "shorter"),
        (period([1.0]), "shorter"),
        (period([np.nan, 0.0]), "the period of the condition drift_length must be a positive number, not 0"),
        (period([np.inf, 1.0]), "the period of the condition crossing_angle must be a positive number, not inf"),
        (period(["a", "b"]), "must be real number|could not convert"),
    ],
)
def test_a_damaged_file_is_refused_with_its_path(
    tmp_path: Path, damage: Callable[[h5py.File], None], message: str
) -> None:
    path = tmp_path / "a.h5"
    write_sample(path, a_sample())
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(RunDirectoryError, match=f"{path}: is not a file of responses: .*{message}|{message}"):
        read_sample(path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_sample(path, a_sample(500))
    whole = path.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(RunDirectoryError, match=r"a.h5: is not a file of responses"):
            read_sample(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"real.h5: no such file"):
        read_sample(tmp_path / "real.h5")
