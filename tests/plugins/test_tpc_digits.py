import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from plugins.tpc_digits import TpcDigits, TpcDigitsParams
from runner.api import DataError, Sample

ANGLE = {"name": "angle", "unit": "deg", "range": [0.0, 15.0]}
DIP = {"name": "dip", "unit": "deg", "use": False}
HEADER = "evtId,ipad,itime,amp\n"


def load(path: Path, /, **parameters: Any) -> Sample:
    text = json.dumps({"path": str(path), **parameters})
    params = TpcDigitsParams.model_validate_json(text, strict=True)
    return TpcDigits().load(params, np.random.default_rng(0))


def write(folder: Path, text: str | bytes, name: str = "digits.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_hits_become_images_by_event_number(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "7,41,268,2.5\n3,40,267,10\n7,47,274,1\n")
    sample = load(path)
    np.testing.assert_array_equal(sample.event_ids, [3, 7])
    assert sample.responses.dtype == np.float32
    assert sample.responses[0, 0, 0] == 10
    assert (sample.responses[1, 1, 1], sample.responses[1, 7, 7]) == (2.5, 1)
    assert np.count_nonzero(sample.responses) == 3
    assert sample.conditions.shape == (2, 0)
    assert sample.notes == ()


def test_the_description_needs_no_file() -> None:
    params = TpcDigitsParams.model_construct(
        path=Path("absent"), pads=(40, 44), times=(0, 6), conditions=(), threshold=1.0, outside="strict"
    )
    info = TpcDigits().describe(params)
    assert info.shape == (4, 6)
    assert [(axis.name, axis.start) for axis in info.axes] == [("pad", 40), ("time", 0)]


def test_conditions_are_taken_by_name_and_only_those_that_are_used(tmp_path: Path) -> None:
    path = write(tmp_path, "evtId,dip,ipad,itime,amp,angle\n1,16.9,40,267,5,3.5\n2,16.9,40,267,5,4.5\n")
    sample = load(path, conditions=[ANGLE | {"period": 0.5}, DIP])
    np.testing.assert_array_equal(sample.conditions, np.array([[3.5], [4.5]], np.float32))
    assert [(c.name, c.unit, c.low, c.high, c.period) for c in sample.info.conditions] == [("angle", "deg", 0, 15, 0.5)]


def test_raw_files_are_told_by_their_content(tmp_path: Path) -> None:
    raw = write(tmp_path, "params: 3.5 16.9\n40 267 5.5  41 268 7\nparams:4.5 16.9\n 47 274 1e3\n", "digits.csv")
    csv = write(
        tmp_path,
        "evtId,ipad,itime,amp,angle,dip\n0,40,267,5.5,3.5,16.9\n0,41,268,7,3.5,16.9\n1,47,274,1e3,4.5,16.9\n",
        "digits.dat",
    )
    a, b = (load(path, conditions=[ANGLE, DIP]) for path in (raw, csv))
    for name in ("responses", "conditions", "event_ids"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    plain = load(write(tmp_path, "40 267 5.5 41 268 7\n47 274 1e3\n"))
    np.testing.assert_array_equal(plain.responses, a.responses)


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfevtId,ipad,itime,amp\r\n1,40,267,5\r\n")
    assert load(path).responses[0, 0, 0] == 5
    raw = write(tmp_path, b"params: 1 2\r\n40 267 5\r\n")
    assert load(raw, conditions=[ANGLE, DIP]).responses[0, 0, 0] == 5


def test_offsets_subtract_the_integer_part_per_event(tmp_path: Path) -> None:
    path = write(tmp_path, "evtId,ipad,itime,amp,drift,pad\n1,40,270,5,267.9,39.2\n2,50,280,6,278.1,-1.5\n")
    columns = [{"name": "drift", "unit": "bin", "range": [0, 300]}, {"name": "pad", "unit": "pad", "range": [-5, 60]}]
    sample = load(path, conditions=columns, time_offset="drift", pad_offset="pad", pads=[0, 60], times=[0, 8])
    assert sample.responses[0, 40 - 39, 270 - 267] == 5
    assert sample.responses[1, 50 + 1, 280 - 278] == 6  # int(-1.5) is -1


def test_the_threshold_is_the_smallest_amplitude_that_is_kept(tmp_path: Path) -> None:
    sample = load(write(tmp_path, HEADER + "1,40,267,1.0\n1,41,267,0.5\n2,40,267,0\n"))
    assert sample.responses[0, 0, 0] == 1
    assert np.count_nonzero(sample.responses) == 1
    assert len(sample) == 2  # the second event is there, without a hit
    assert sample.notes == (
        "2 of 3 hits (66.67%), the first in event 1, are below the threshold of 1 ADC; they are left out",
    )


GOOD = "1,40,267,5\n1,41,267,6\n"
WITH = "evtId,ipad,itime,amp,angle,dip\n"
BOTH = {"conditions": [ANGLE, DIP]}


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        ("", {}, "the file is empty"),
        ("  \n\n", {}, "the file is empty"),
        (HEADER, {}, "a header but no hits"),
        ("evtId,ipad,itime\n1,40,267\n", {}, "row 1: the header misses the column amp"),
        (WITH + "1,40,267,5,1,2\n", {}, "row 1: the header has the extra column angle, dip; list every column"),
        (HEADER + GOOD, BOTH, "row 1: the header misses the column angle, dip"),
        ("evtId,ipad,itime,amp,amp\n1,1,1,1,1\n", {}, "has twice the column amp"),
        (HEADER + GOOD + "7,40,267\n", {}, "row 4, event 7: 3 columns, but the header has 4"),
        (HEADER + GOOD + "7,40,267,5,6\n", {}, "row 4, event 7: 5 columns, but the header has 4"),
        (HEADER + GOOD + "\n7,40,many,5\n", {}, "row 5, event 7: itime is 'many', not a number"),
        (HEADER + GOOD + "7,4_0,267,5\n", {}, "row 4, event 7: ipad is '4_0', not a number"),
        (HEADER + "1,40,267,5\n  \n7,40,267,5\n", {}, "row 3, event [?]: 1 columns, but the header has 4"),
        (HEADER + GOOD + "7,40,267,nan\n", {}, "row 4, event 7: the amplitude is nan"),
        (HEADER + GOOD + "7,40,267,inf\n", {}, "row 4, event 7: the amplitude is inf"),
        (HEADER + GOOD + "7,40,267,1e300\n", {}, "row 4, event 7: the amplitude is 1e\\+300"),
        (HEADER + GOOD + "\n\n7,40,267,-3\n", {}, "row 6, event 7: the amplitude is -3.0"),
        (HEADER + GOOD + "7,40.5,267,3\n", {}, "row 4, event 7: ipad is 40.5, not an integer"),
        (HEADER + GOOD + "7,40,nan,3\n", {}, "row 4, event 7: itime is nan, not an integer"),
        (HEADER + "1.5,40,267,3\n", {}, "row 2, event 1.5: evtId is 1.5, not an integer"),
        (HEADER + GOOD + "2,40,267,3\n1,40,267,9\n", {}, "row 5, event 1: pad 40, time bin 267 stands twice"),
        (
            WITH + "1,40,267,5,1,2\n2,40,267,5,1,2\n1,41,267,5,3,2\n",
            BOTH,
            "row 4, event 1: angle changes .* from 1 to 3",
        ),
        (WITH + "1,40,267,5,1,nan\n", BOTH, "row 2, event 1: dip is nan, not a finite number"),
        (WITH + "1,40,267,5,1,1e39\n", BOTH, "row 2, event 1: dip is 1e\\+39, not a finite number"),
        (
            WITH + "1,40,267,5,1,2\n2,40,267,5,16,2\n",
            BOTH,
            "row 3, event 2: 1 of 2 events .* angle outside its range of 0 to 15",
        ),
        (
            HEADER + GOOD + "7,48,267,5\n",
            {},
            r"row 4, event 7: 1 of 3 hits \(33.33%\), the first in event 7, lie outside the window",
        ),
        (HEADER + GOOD + "7,40,266,5\n", {}, "row 4, event 7"),
        ("hello\n", {}, "row 1: neither a CSV header"),
        (HEADER.encode() + b"1,40,267,\xff\n", {}, "row 2: byte 0xff is no text"),
        ("40 267 5 41\n", {}, "row 1, event 0: 4 numbers, which are no triplets"),
        ("40 267 5\n40 267\n", {}, "row 2, event 1: 2 numbers"),
        ("40 267 5\n\n40 267 5\n", {}, "row 2, event 1: an empty line"),
        ("40 267 5\n40 x 5\n", {}, "row 2, event 1: 'x' is not a number"),
        ("40 267 5\n40 params: 5\n", {}, "row 2, event 1: 'params:' is not a number"),
        ("params: params: 2\n40 267 5\n", BOTH, "row 1, event 0: 'params:' is not a number"),
        ("40 267 5\n40 267 5_0\n", {}, "row 2, event 1: '5_0' is not a number"),
        ("40 267 5\n40\u00a0267 5 5\n", {}, "row 2, event 1: .* is not a number"),
        ("40 267 5\n40\x1c267 5 5\n", {}, "row 2, event 1: .* is not a number"),
        ("40 267 5 40 267 6\n", {}, "row 1, event 0: pad 40, time bin 267 stands twice"),
        ("params: 1 2\n40 267 5\n", {}, "row 1, event 0: a 'params:' line, but no conditions are declared"),
        ("40 267 5\n", BOTH, "row 1, event 0: expected a line 'params: <angle, dip>'"),
        ("params: 1 2\nparams: 1 2\n", BOTH, "row 2, event 0: a second 'params:' line"),
        ("params: 1\n40 267 5\n", BOTH, "row 1, event 0: 1 parameters, but 2 conditions are declared"),
        ("params: 1 2\n40 267 5\nparams: 1 2\n", BOTH, "row 3, event 1: the file ends after a 'params:' line"),
        ("params: 1 2\n40 267 5\nparams: 1 x\n40 267 5\n", BOTH, "row 3, event 1: 'x' is not a number"),
        ("params: 1 2\n40 267 5\nparams: 1 2\n40 267 -5\n", BOTH, "row 4, event 1: the amplitude is -5.0"),
    ],
)
def test_bad_input_is_told_with_file_row_and_event(
    tmp_path: Path, text: str | bytes, parameters: dict[str, Any], message: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=message) as caught:
        load(path, **parameters)
    assert str(path) in str(caught.value)


def test_what_lies_outside_is_left_out_and_reported(tmp_path: Path) -> None:
    text = WITH + "1,40,267,5,1,2\n2,48,267,5,16,2\n3,40,300,5,1,2\n"
    sample = load(write(tmp_path, text), outside="report", **BOTH)
    assert len(sample) == 3
    assert np.count_nonzero(sample.responses) == 1
    window, angle = sample.notes
    assert window.startswith("2 of 3 hits (66.67%), the first in event 2, lie outside the window")
    assert "1 of 3 events (33.33%) have angle outside its range of 0 to 15 deg; they are kept" in angle


def test_an_offset_beyond_any_detector_puts_the_hit_outside(tmp_path: Path) -> None:
    drift = {"name": "drift", "unit": "bin", "range": [0, 1e38]}
    text = "evtId,ipad,itime,amp,drift\n1,40,267,5,1e37\n2,40,267,6,0\n"
    sample = load(write(tmp_path, text), conditions=[drift], time_offset="drift", outside="report")
    assert sample.responses.sum(axis=(1, 2)).tolist() == [0, 6]
    assert sample.notes[0].startswith("1 of 2 hits (50.00%), the first in event 1, lie outside the window")


def test_a_file_that_vanishes_after_validation(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + GOOD)
    params = TpcDigitsParams.model_validate_json(json.dumps({"path": str(path)}), strict=True)
    path.unlink()
    with pytest.raises(DataError, match="no such file"):
        TpcDigits().load(params, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"pads": [48, 40]}, "pads must be"),
        ({"times": [5, 5]}, "times must be"),
        ({"conditions": [{"name": "angle"}]}, "needs a range"),
        ({"conditions": [{"name": "angle", "range": [2, 1]}]}, "must be"),
        ({"conditions": [ANGLE | {"period": 0}]}, "greater than 0"),
        ({"conditions": [{"name": "amp", "range": [0, 1]}]}, "amp: a column of the hits"),
        ({"conditions": [ANGLE, ANGLE]}, "two conditions have one name"),
        ({"time_offset": "drift", "conditions": [ANGLE]}, "'drift', which is not among the conditions: angle"),
        ({"threshold": 0}, "greater than 0"),
        ({"path": "/absent/digits.csv"}, "no such data file"),
    ],
)
def test_bad_parameters(tmp_path: Path, parameters: dict[str, Any], message: str) -> None:
    path = write(tmp_path, HEADER + GOOD)
    with pytest.raises(ValidationError, match=message):
        load(path, **parameters)


AMPLITUDES = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(40, 47), st.integers(267, 274)),
    st.floats(1, 40_950, width=32),
    min_size=1,
    max_size=40,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(AMPLITUDES, st.randoms(use_true_random=False))
def test_any_events_are_read_back(tmp_path: Path, amplitudes: dict[tuple[int, int, int], float], order: Any) -> None:
    expected = np.zeros((6, 8, 8), np.float32)
    rows = []
    for (event, pad, time), amplitude in amplitudes.items():
        expected[event, pad - 40, time - 267] = amplitude
        rows.append(f"{event},{pad},{time},{amplitude!r}\n")
    order.shuffle(rows)
    sample = load(write(tmp_path, HEADER + "".join(rows)))
    np.testing.assert_array_equal(sample.responses, expected[sample.event_ids])
    assert set(sample.event_ids) == {event for event, _, _ in amplitudes}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text("evtIdipadmaprs:,. 0123456789-\n\r", max_size=200).map(str.encode)))
def test_any_file_gives_a_sample_or_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    for parameters in ({}, BOTH):
        with contextlib.suppress(DataError):
            load(path, **parameters)


@pytest.mark.data
def test_the_real_files(mpd_data: Path) -> None:
    sample = load(mpd_data / "mpd" / "digits_unconditional.csv")
    table = np.loadtxt(mpd_data / "mpd" / "digits_unconditional.csv", delimiter=",", skiprows=1)
    assert len(sample) == len(np.unique(table[:, 0]))
    assert np.count_nonzero(sample.responses) == len(table)
    assert sample.responses.sum(dtype=np.float64) == pytest.approx(table[:, 3].sum(), rel=1e-6)
    assert (sample.responses == 1).sum() == (table[:, 3] == 1).sum()
    assert sample.notes == ()


@pytest.mark.data
def test_the_real_raw_file_holds_the_first_events_of_the_csv_file(mpd_data: Path) -> None:
    columns = [{"name": "crossing_angle", "unit": "deg", "range": [0, 15]}, {**DIP, "name": "dip_angle"}]
    csv = load(mpd_data / "mpd" / "digits_crossing_angle.csv", conditions=columns)
    raw = load(mpd_data / "mpd" / "digits_crossing_angle_sample.dat", conditions=columns)
    assert len(raw) == 480
    np.testing.assert_array_equal(raw.responses, csv.responses[:480])
    np.testing.assert_array_equal(raw.conditions, csv.conditions[:480])
