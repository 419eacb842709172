"""Conditions of generated responses: from settings, from a table, from real events."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runner import testing
from runner.api import Axis, Condition, DataInfo, Sample
from runner.errors import DataError, ExperimentError
from runner.launch.conditions import RangeCheck, Setting, check_settings, count_rows, drawn, from_csv

INFO = DataInfo(
    (Axis("pad", 8), Axis("time", 8)),
    "amplitude",
    "ADC",
    1.0,
    (Condition("angle", "deg", 0.0, 15.0), Condition("drift", "cm", 0.0, 163.0)),
)


def together(parts: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(parts))


def test_a_setting_is_a_value_or_a_range() -> None:
    assert Setting.parse("angle=5") == Setting("angle", 5.0, 5.0)
    assert Setting.parse("angle = -1.5:1e1") == Setting("angle", -1.5, 10.0)


@pytest.mark.parametrize(
    "text", ["angle", "angle=", "=3", "angle=x", "angle=3:1", "angle=nan", "angle=0:inf", "angle=1e39", "a=1:2:3"]
)
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(ExperimentError, match=r"(?s)expected a name and a value or a range.*crossing_angle=0:15"):
        Setting.parse(text)


def test_all_wrong_settings_are_named_at_once() -> None:
    settings = [Setting("angel", 1, 1), Setting("drift", 1, 1), Setting("drift", 2, 2)]
    with pytest.raises(ExperimentError) as caught:
        check_settings(settings, INFO)
    text = str(caught.value)
    assert "angel: the run has no such condition" in text
    assert "drift: is set twice" in text
    assert "its conditions: angle, drift" in text
    check_settings([Setting("drift", 1, 1)], INFO)


def real() -> Sample:
    return testing.sample(INFO, events=200, seed=4)


def test_conditions_are_those_of_real_events_kept_together() -> None:
    values = together(drawn(real(), [], 2500, seed=1, size=1000))
    assert values.shape == (2500, 2)
    pairs = {tuple(row) for row in real().conditions}
    assert {tuple(row) for row in values} <= pairs
    assert len({tuple(row) for row in values}) > 190


def test_parts_depend_on_the_seed_and_their_number_alone() -> None:
    few, many = (together(drawn(real(), [Setting("angle", 0, 9)], n, seed=1, size=500)) for n in (700, 1900))
    np.testing.assert_array_equal(few, many[:700])
    assert (together(drawn(real(), [], 500, seed=2, size=500)) != many[:500]).any()
    assert (many[:500] != many[500:1000]).any()


def test_what_is_set_replaces_its_own_column() -> None:
    plain = together(drawn(real(), [], 4000, seed=1, size=1000))
    values = together(drawn(real(), [Setting("drift", 20.0, 40.0)], 4000, seed=1, size=1000))
    np.testing.assert_array_equal(values[:, 0], plain[:, 0])
    drift = values[:, 1]
    assert (drift >= 20).all()
    assert (drift <= 40).all()
    assert abs(drift.mean() - 30) < 5 * 20 / np.sqrt(12 * 4000)
    fixed = together(drawn(real(), [Setting("angle", 5.0, 5.0)], 30, seed=1, size=1000))
    assert (fixed[:, 0] == 5).all()


def test_a_table_is_read_by_name_part_by_part(tmp_path: Path) -> None:
    path = tmp_path / "conditions.csv"
    path.write_text("\ufeffdrift, note ,angle\n" + "".join(f"{n},0,{n / 10}\n" for n in range(25)) + "\n")
    assert count_rows(path, INFO) == 25
    parts = list(from_csv(path, INFO, 23, size=10))
    assert [len(part) for part in parts] == [10, 10, 3]
    values = np.concatenate(parts)
    np.testing.assert_array_equal(values[:, 1], np.arange(23))
    np.testing.assert_allclose(values[:, 0], np.arange(23) / 10, rtol=1e-6)
    assert values.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("angle\n1\n", "row 1: the header must name drift once, it has angle"),
        ("", "row 1: the header must name angle, drift once"),
        ("angle,drift,drift\n1,2,3\n", "must name drift once"),
        ("angle,drift\n1,2\n3,x\n", "row 3: a condition is missing or no finite number"),
        ("angle,drift\n\n1,2\n3\n", "row 4"),
        ("angle,drift\n1,1e39\n3,1\n", "row 2"),
    ],
)
def test_a_wrong_table_is_refused_with_its_row(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "conditions.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        together(from_csv(path, INFO, 2, size=10))


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.csv: cannot be read: No such file"):
        count_rows(tmp_path / "absent.csv", INFO)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"binary\.csv: cannot be read"):
        count_rows(tmp_path / "binary.csv", INFO)


def test_events_outside_the_declared_range_are_counted() -> None:
    check = RangeCheck(INFO)
    parts = [np.array([[5, 10], [16, 10]], np.float32), np.array([[-1, 163]], np.float32)]
    assert len(together(check.watch(iter(parts)))) == 3
    (note,) = check.notes()
    assert note == "2 of 3 events have angle outside 0 to 15 deg, where the networks were trained"
