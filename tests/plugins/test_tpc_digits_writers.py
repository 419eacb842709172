import errno
import json
import os
import struct
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from plugins.tpc_digits import CsvWriter, DatWriter, Hdf5Writer, TpcDigits, TpcDigitsParams, runner_writers
from runner.api import Axis, Condition, DataError, DataInfo, Sample, Writer
from runner.run_directory import read_sample, write_sample

AXES = (Axis("pad", 8, "pad", 40), Axis("time", 6, "time bin", 267))
ANGLE = Condition("angle", "deg", 0.0, 15.0)
DIP = Condition("dip", "deg", 16.941, 16.941)
DRIFT = Condition("drift", "cm", -0.3, 1e6, 0.545)  # -0.3 is smaller in float32
AWKWARD = (1.0, 40950.5, 1234.5678, 1.0000001, 3e38, 16777217.0, 0.1 + 1)


def info(*conditions: Condition, axes: tuple[Axis, ...] = AXES) -> DataInfo:
    return DataInfo(axes, "amplitude", "ADC", 1.0, conditions)


def events(described: DataInfo, number: int = 50, first: int = 0) -> Sample:
    """Random responses, number 7 and the last one without a hit."""
    rng = np.random.default_rng(number)
    responses = np.where(rng.random((number, *described.shape)) < 0.3, rng.uniform(1, 4e4, (number, 8, 6)), 0)
    responses[0].flat[: len(AWKWARD)] = AWKWARD
    responses[[7, -1]] = 0
    low, high = described.condition_ranges
    conditions = rng.uniform(low, high, (number, len(described.conditions))).astype(np.float32)
    conditions[1:3] = low, high
    return Sample(described, responses.astype(np.float32), conditions, np.arange(first, first + number))


def chunks(sample: Sample, size: int = 20) -> Iterator[Sample]:
    for begin in range(0, len(sample), size):
        yield sample.take(slice(begin, begin + size))


def write(writer: Writer, folder: Path, sample: Sample) -> tuple[Path, tuple[str, ...]]:
    path = folder / f"out{writer.suffix}"
    return path, writer.write(path, sample.info, len(sample), chunks(sample))


def load(path: Path, described: DataInfo, **parameters: Any) -> Sample:
    columns = [
        {"name": c.name, "unit": c.unit, "range": [c.low, c.high], "period": c.period} for c in described.conditions
    ]
    pads, times = ([int(axis.start), int(axis.start) + axis.size] for axis in AXES)
    given = {"path": str(path), "pads": pads, "times": times, "conditions": columns, **parameters}
    params = TpcDigitsParams.model_validate_json(json.dumps(given), strict=True)
    return TpcDigits().load(params, np.random.default_rng(0))


def assert_same(found: Sample, expected: Sample, ids: np.ndarray) -> None:
    assert found.info == expected.info
    np.testing.assert_array_equal(found.event_ids, ids)
    np.testing.assert_array_equal(found.responses, expected.responses)
    np.testing.assert_array_equal(found.conditions, expected.conditions)
    assert found.notes == ()


every_writer = pytest.mark.parametrize("writer", runner_writers(), ids=lambda writer: writer.name)
text_writers = pytest.mark.parametrize("writer", [CsvWriter(), DatWriter()], ids=lambda writer: writer.name)
all_conditions = pytest.mark.parametrize("conditions", [(), (ANGLE,), (DIP, ANGLE, DRIFT)], ids=len)


@all_conditions
def test_csv_holds_every_event_that_has_a_hit(tmp_path: Path, conditions: tuple[Condition, ...]) -> None:
    sample = events(info(*conditions), first=100)
    path, notes = write(CsvWriter(), tmp_path, sample)
    kept = sample.take(sample.responses.any(axis=(1, 2)))
    assert_same(load(path, sample.info), kept, kept.event_ids)
    assert len(kept) == 48
    assert notes == ("2 of 50 events have no hit and are not in the file",)


@all_conditions
def test_dat_holds_every_event_that_has_a_hit_without_its_number(
    tmp_path: Path, conditions: tuple[Condition, ...]
) -> None:
    sample = events(info(*conditions), first=100)
    path, notes = write(DatWriter(), tmp_path, sample)
    kept = sample.take(sample.responses.any(axis=(1, 2)))
    assert_same(load(path, sample.info), kept, np.arange(48))
    assert notes[0] == "2 of 50 events have no hit and are not in the file"
    assert "no event numbers" in notes[1]


@all_conditions
def test_hdf5_holds_every_event(tmp_path: Path, conditions: tuple[Condition, ...]) -> None:
    sample = events(info(*conditions), first=100)
    path, notes = write(Hdf5Writer(), tmp_path, sample)
    assert_same(load(path, sample.info), sample, sample.event_ids)
    assert_same(read_sample(path), sample, sample.event_ids)
    assert notes == ()


def test_what_the_text_files_look_like(tmp_path: Path) -> None:
    responses = np.zeros((3, 8, 6), np.float32)
    responses[0, 0, 0], responses[0, 7, 5], responses[2, 1, 2] = 1, 1234.5678, 2.5
    conditions = np.array([[3.5, 16.941], [1, 16.941], [0.1, 16.941]], np.float32)
    sample = Sample(info(ANGLE, DIP), responses, conditions, np.arange(3))
    path, _ = write(CsvWriter(), tmp_path, sample)
    assert path.read_bytes() == (
        b"evtId,ipad,itime,amp,angle,dip\n"
        b"0,40,267,1,3.5,16.941\n"
        b"0,47,272,1234.56775,3.5,16.941\n"
        b"2,41,269,2.5,0.100000001,16.941\n"
    )
    path, _ = write(DatWriter(), tmp_path, sample)
    assert path.read_bytes() == (
        b"params: 3.5 16.941\n40 267 1 47 272 1234.56775\nparams: 0.100000001 16.941\n41 269 2.5\n"
    )


def test_a_sample_without_any_hit(tmp_path: Path) -> None:
    described = info(ANGLE)
    empty = Sample(described, np.zeros((4, 8, 6), np.float32), np.ones((4, 1), np.float32), np.arange(4))
    path, _ = write(Hdf5Writer(), tmp_path, empty)
    assert_same(load(path, described), empty, empty.event_ids)
    for writer in (CsvWriter(), DatWriter()):
        _, notes = write(writer, tmp_path, empty)
        assert notes[0].startswith("4 of 4 events have no hit")


@every_writer
def test_no_more_than_one_sample_is_held(tmp_path: Path, writer: Writer) -> None:
    described = info(ANGLE)

    def samples() -> Iterator[Sample]:
        for number in range(5):
            made = [events(described, 20, first=20 * number)]
            seen = [weakref.ref(part) for part in (made[0], made[0].responses, made[0].conditions)]
            yield made.pop()
            assert [part() for part in seen] == [None] * 3

    writer.write(tmp_path / "out", described, 100, samples())


@every_writer
@pytest.mark.parametrize("announced", [49, 51])
def test_the_number_of_events_must_be_as_announced(tmp_path: Path, writer: Writer, announced: int) -> None:
    sample = events(info())
    with pytest.raises(ValueError, match=f"{announced} events were announced"):
        writer.write(tmp_path / "out", sample.info, announced, chunks(sample))


@text_writers
@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (AXES[::-1], "have the axes pad and time, these responses have time, pad"),
        (AXES[:1], "these responses have pad;"),
        ((*AXES, Axis("row", 2)), "these responses have pad, time, row"),
        ((Axis("pad", 8, "pad", 0.5), AXES[1]), "bin 0 of the axis pad is 0.5, which is no integer"),
    ],
)
def test_axes_that_hits_do_not_have(tmp_path: Path, writer: Writer, axes: tuple[Axis, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        writer.write(tmp_path / "out", info(axes=axes), 0, [])


@text_writers
@pytest.mark.parametrize("amplitude", [np.nan, np.inf, -1.0])
def test_amplitudes_that_cannot_be_read_out(tmp_path: Path, writer: Writer, amplitude: float) -> None:
    sample = events(info(), first=100)
    sample.responses[25, 3, 3] = amplitude
    with pytest.raises(DataError, match=f"event 125: the amplitude is {amplitude}"):
        write(writer, tmp_path, sample)


@pytest.mark.parametrize("name", ["amp", "a,b", " angle", "a\nb"])
def test_conditions_that_are_no_column(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be a column of a CSV file"):
        CsvWriter().write(tmp_path / "out", info(Condition(name, "", 0, 1)), 0, [])


def test_hdf5_takes_any_axes(tmp_path: Path) -> None:
    described = info(axes=(Axis("row", 3, "", 0.5),))
    sample = Sample(described, np.ones((2, 3), np.float32), np.ones((2, 0), np.float32), np.arange(2))
    path, _ = write(Hdf5Writer(), tmp_path, sample)
    assert_same(read_sample(path), sample, sample.event_ids)
    with pytest.raises(DataError, match="its axes are row; they must be pad and time"):
        load(path, described)


def test_the_compressed_samples_of_a_run_are_read_too(tmp_path: Path) -> None:
    sample = events(info(ANGLE, DIP))
    write_sample(tmp_path / "real.h5", sample)
    assert_same(load(tmp_path / "real.h5", sample.info), sample, sample.event_ids)


def test_hdf5_events_in_any_order_and_a_narrower_choice(tmp_path: Path) -> None:
    sample = events(info(ANGLE, DIP))
    path, _ = write(Hdf5Writer(), tmp_path, sample.take(slice(None, None, -1)))
    columns = [{"name": "dip", "use": False}, {"name": "angle", "range": [0, 15]}]
    found = load(path, sample.info, conditions=columns, pads=[41, 48], threshold=1e4, outside="report")
    expected = np.where(sample.responses < 1e4, 0, sample.responses)[:, 1:]
    np.testing.assert_array_equal(found.event_ids, sample.event_ids)
    np.testing.assert_array_equal(found.responses, expected)
    np.testing.assert_array_equal(found.conditions, sample.conditions[:, :1])
    assert [note.partition(" hits (")[2].partition(",")[2] for note in found.notes] == [
        " the first in event 48, lie outside the window of pads 41 to 47 and time bins 267 to 272; they are left out",
        " the first in event 48, are below the threshold of 10000 ADC; they are left out",
    ]


def replaced(name: str, **arguments: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, **arguments).attrs.update(attributes)

    return change


def attribute(dataset: str, name: str, value: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[dataset].attrs[name] = value

    return change


def value(dataset: str, place: tuple[int, ...], number: float) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[dataset][place] = number

    return change


def removed(name: str) -> Callable[[h5py.File], None]:
    return lambda file: file.pop(name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (removed("event_ids"), "event_ids must be a int64 dataset, not None"),
        (lambda file: file["conditions"].attrs.pop("names"), "'names'"),
        (replaced("responses", data=np.zeros((50, 8, 6))), "responses must be a float32 dataset"),
        (replaced("event_ids", data=np.arange(49)), r"event_ids has shape \(49,\); the rest of the file says \(50,\)"),
        (replaced("conditions", data=np.zeros((50, 3), np.float32)), r"conditions has shape \(50, 3\)"),
        (replaced("event_ids", data=np.zeros(50, int)), "event 0 is in it twice"),
        (
            replaced("responses", shape=(2**40, 8, 6), dtype="float32", chunks=(1000, 8, 6)),
            "'responses' claims 211106232532992 bytes",
        ),
        (replaced("event_ids", shape=(2**50,), dtype="int64"), "'event_ids' claims"),
        (attribute("responses", "axis_names", ["time", "pad"]), "its axes are time, pad"),
        (attribute("responses", "axis_starts", [40.5, 267]), r"responses\[0\], event 0: ipad is 40.5, not an integer"),
        (attribute("responses", "axis_starts", [40.0]), "not enough values"),
        (attribute("responses", "axis_starts", [41.0, 267.0]), "hits .* lie outside the window"),
        (attribute("conditions", "names", ["dip", "drift"]), "the file misses the condition angle and has the extra"),
        (value("responses", (4, 1, 2), np.nan), r"responses\[4\], event 4: the amplitude is nan"),
        (value("responses", (4, 1, 2), -1), r"responses\[4\], event 4: the amplitude is -1.0"),
        (value("conditions", (7, 0), np.inf), r"responses\[7\], event 7: angle is inf"),
        (value("conditions", (7, 0), 99), r"responses\[7\], event 7: 1 of 50 events .* have angle outside its range"),
        (value("event_ids", (7,), 2**53 + 1), r"responses\[7\], event 9007199254740992: evtId is"),
    ],
)
def test_bad_hdf5_files(tmp_path: Path, change: Callable[[h5py.File], Any], message: str) -> None:
    sample = events(info(ANGLE, DIP))
    path, _ = write(Hdf5Writer(), tmp_path, sample)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(DataError, match=message) as caught:
        load(path, sample.info)
    assert str(path) in str(caught.value)


def test_a_header_that_claims_more_than_there_is(tmp_path: Path) -> None:
    sample = events(info(ANGLE))
    path, _ = write(Hdf5Writer(), tmp_path, sample)
    content = path.read_bytes()
    claimed = content.replace(struct.pack("<Q", len(sample)), struct.pack("<Q", 2**36))
    assert claimed != content
    path.write_bytes(claimed)
    with pytest.raises(DataError, match="is not an HDF5 file of responses"):
        load(path, sample.info)


@pytest.mark.parametrize("length", [8, 100, 2000, -1])
def test_hdf5_files_that_were_cut_off(tmp_path: Path, length: int) -> None:
    sample = events(info(ANGLE))
    path, _ = write(Hdf5Writer(), tmp_path, sample)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DataError, match="is not an HDF5 file of responses") as caught:
        load(path, sample.info)
    assert str(path) in str(caught.value)


def test_a_foreign_hdf5_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_group("responses")
    with pytest.raises(DataError, match="responses must be a float32 dataset"):
        load(tmp_path / "model.h5", info())


WRITE = """
import sys
from pathlib import Path
from plugins.tpc_digits import Hdf5Writer
from runner import testing

folder, events, ballast = Path(sys.argv[1]), int(sys.argv[2]), len(sys.argv) > 3

def samples():
    if ballast:  # takes all the room that is left
        with (folder / "ballast").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(512)):
                    pass
            except OSError as error:
                print(error.errno)
    yield testing.sample(events=events)

try:
    Hdf5Writer().write(folder / "out.h5", testing.INFO, events, samples())
except OSError as error:
    sys.exit(error.errno)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 200 kB."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", tmp_path], capture_output=True)
    if done.returncode:
        pytest.skip(f"no small file system: {done.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WRITE, *arguments], capture_output=True, text=True)


def test_a_full_disk_is_an_error_before_anything_is_generated(small_disk: Path) -> None:
    done = python(str(small_disk), "1000")
    assert done.returncode == errno.ENOSPC, done.stderr
    (small_disk / "ballast").write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096))
    done = python(str(small_disk), "1")
    assert done.returncode == errno.ENOSPC, done.stderr


def test_a_disk_that_others_fill_meanwhile_does_no_harm(small_disk: Path) -> None:
    done = python(str(small_disk), "300", "ballast")
    assert (done.returncode, done.stdout) == (0, f"{errno.ENOSPC}\n"), done.stderr
    assert len(read_sample(small_disk / "out.h5")) == 300


def test_hdf5_files_of_too_many_hits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = events(info(ANGLE))
    path, _ = write(Hdf5Writer(), tmp_path, sample)
    hits = np.count_nonzero(sample.responses)
    monkeypatch.setattr("plugins.tpc_digits.hdf5_file._MOST_HITS", hits)
    load(path, sample.info)
    monkeypatch.setattr("plugins.tpc_digits.hdf5_file._MOST_HITS", hits - 1)
    with pytest.raises(DataError, match=f"it has more than {hits - 1} hits; divide it"):
        load(path, sample.info)


def test_a_signalling_nan_is_refused_like_others(tmp_path: Path) -> None:
    sample = events(info(ANGLE))
    path, _ = write(Hdf5Writer(), tmp_path, sample)
    with h5py.File(path, "r+") as file:
        file["responses"][4, 1, 2] = np.array(0x7FA00000, np.uint32).view(np.float32)
    with pytest.raises(DataError, match="the amplitude is nan"):
        load(path, sample.info)
