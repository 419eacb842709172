"""Data of figures come back as they were written, and a damaged file gives one error."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from runner.api import Axis, Bars, Curves, Figure, Histogram, Maps, Matrices, Profile, Scatter
from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, read_figures, write_figures

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=60)
PAIRS, POINTS = RNG.normal(size=(60, 2)), RNG.random((5, 2)).astype(np.float32)
AXES = (Axis("pad", 3, "pad", 40.5), Axis("time", 4))
BINS = np.where(RNG.random((3, 6)) < 0.2, np.nan, 1.0)
KINDS: tuple[Figure, ...] = (
    Histogram("width", "Width", "width", "pad", VALUES, VALUES.astype(np.float32), log_y=True, mark=0.25),
    Histogram("empty", "Nothing $ é", "width", "", VALUES[:0], VALUES[:1]),
    Scatter("cloud", "Cloud", ("angle", "width"), ("°", ""), PAIRS, PAIRS[:7], trend=True),
    Profile("profile", "Profile", ("angle", "width"), ("deg", "pad"), np.arange(7.0), BINS, BINS),
    Maps("map", "Map", "mean amplitude", "ADC", AXES, np.ones((3, 4)), np.full((3, 4), np.inf), log=True),
    Matrices("matrix", "Matrix", ("a", "b"), ["c", "d", "e"], np.ones((2, 3)), np.full((2, 3), np.nan)),
    Curves("roc", "ROC", ("x", "y"), ("", "1"), {"z last": POINTS, "a/b": POINTS[:0]}, RNG.random((4, 3))),
    Curves("none", "No curve", ("x", "y"), ("", "1"), {}),
    Bars("time", "Time", "time", "ms", ("one", "two"), np.ones(2), np.array([0.5, np.nan]), log=True),
    Bars("bare", "Time", "time", "ms", (), np.ones(0)),
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    return bool(tuple(a) == tuple(b)) if isinstance(a, list | tuple) else bool(a == b)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory(tmp_path)
    write_figures(run, {"validity": KINDS, "a_metric_without": ()}, step=20)
    return run


def test_every_kind_comes_back_as_it_was(run: RunDirectory) -> None:
    found = read_figures(run)
    assert list(found) == ["validity", "a_metric_without"]
    assert found["a_metric_without"] == ()
    assert [type(figure) for figure in found["validity"]] == [type(figure) for figure in KINDS]
    for was, now in zip(KINDS, found["validity"], strict=True):
        for field in fields(was):
            assert same(getattr(was, field.name), getattr(now, field.name)), (was.name, field.name)


def test_a_run_of_before_has_none(tmp_path: Path) -> None:
    assert read_figures(RunDirectory(tmp_path)) == {}


def test_whole_numbers_become_floats_and_the_later_of_two_names_stays(tmp_path: Path) -> None:
    run, counts = RunDirectory(tmp_path), np.arange(4)
    both = [Histogram("n", title, "n", "", counts, counts) for title in ("first", "second")]
    write_figures(run, {"m": both}, step=1)
    (found,) = read_figures(run)["m"]
    assert isinstance(found, Histogram)
    assert found.title == "second"
    assert found.real.dtype == np.float64
    np.testing.assert_array_equal(found.real, counts)


def test_what_many_events_give_is_small(tmp_path: Path) -> None:
    run, sparse = RunDirectory(tmp_path), np.round(RNG.gamma(2, 10, (5000, 13)), 1).astype(np.float32)
    features = [Histogram(f"f{k}", "Feature", "f", "", sparse[:, k], sparse[::-1, k]) for k in range(13)]
    write_figures(run, {"m": features}, step=1)
    assert run.figure_data.stat().st_size < 0.8 * 2 * sparse.nbytes


def test_a_file_says_what_it_is_without_this_program(run: RunDirectory) -> None:
    with h5py.File(run.figure_data) as file:
        assert (file.attrs["schema_version"], file.attrs["step"]) == ("1.0", 20)
        width = file["validity/width"]
        assert (width.attrs["kind"], width.attrs["unit"], width.attrs["mark"]) == ("histogram", "pad", 0.25)
        np.testing.assert_array_equal(width["real"], VALUES)


Damage = Callable[[h5py.File], None]


def without(name: str) -> Damage:
    return lambda file: file.__delitem__(f"validity/{name}")


def attribute(where: str, name: str, value: Any) -> Damage:
    return lambda file: file[where].attrs.__setitem__(name, value)


def instead(name: str, **arguments: Any) -> Damage:
    def change(file: h5py.File) -> None:
        del file[f"validity/{name}"]
        file.create_dataset(f"validity/{name}", **arguments)

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("width"), "width"),
        (without("width/real"), "figure 'width': .*real"),
        (instead("width/real", data=np.ones((3, 2))), r"figure 'width': .*real has shape \(3, 2\), not \(any\)"),
        (instead("width/real", data=np.arange(3)), "figure 'width': real must be a dataset of float32 or float64"),
        (instead("width/real", data=h5py.Empty("f8")), "real must be a dataset"),
        (instead("width/real", data=np.array([b"x"], object), dtype=h5py.string_dtype()), "real must be a dataset"),
        (instead("width", data=np.ones(3)), "figure 'width'"),
        (instead("profile/edges", data=np.arange(3.0)), r"real has shape \(3, 6\), not \(3, 2\)"),
        (instead("map/real", data=np.ones((4, 3))), r"figure 'map'.*not \(3, 4\)"),
        (attribute("validity/map/axes/0", "size", 2**40), "figure 'map'"),
        (attribute("validity/map/axes/0", "start", np.nan), "start is nan"),
        (attribute("validity/map/axes/0", "size", "many"), "figure 'map'"),
        (attribute("validity/cloud", "labels", ["one"]), "labels has shape"),
        (attribute("validity/cloud", "units", 3), "figure 'cloud'"),
        (attribute("validity/roc/curves", "names", ["x", "y", "z"]), "figure 'roc'"),
        (attribute("validity/width", "kind", "pie"), "figure 'width': 'pie'"),
        (attribute("validity/width", "kind", "scatter"), "figure 'width'"),
        (attribute("validity/width", "mark", "low"), "could not convert"),
        (attribute("validity/width", "name", "../../../.bashrc"), "cannot be the name of a figure"),
        (attribute("validity/width", "name", "empty"), "it has another name"),
        (attribute("validity/width", "title", "\x1b[31mred"), "is no text of a figure"),
        (attribute("validity/width", "title", "x" * 5000), "is no text of a figure"),
        (attribute("validity", "figures", ["width", "unknown"]), "unknown"),
        (attribute("/", "metrics", ["../x"]), "'../x' is no name of a metric"),
        (attribute("/", "metrics", ["validity/width"]), "is no name of a metric"),
        (attribute("/", "schema_version", "2.0"), "install a newer tpc-runner"),
        (attribute("/", "schema_version", "new"), "'new'"),
        (lambda file: file.attrs.__delitem__("metrics"), "metrics"),
    ],
)
def test_a_damaged_file_is_refused_with_its_path(run: RunDirectory, damage: Damage, message: str) -> None:
    with h5py.File(run.figure_data, "r+") as file:
        damage(file)
    with pytest.raises(RunDirectoryError, match=f"{run.figure_data}: is not a file of figures: .*({message})"):
        read_figures(run)


def test_a_file_cut_short_is_refused(run: RunDirectory) -> None:
    whole = run.figure_data.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        run.figure_data.write_bytes(whole[:length])
        with pytest.raises(RunDirectoryError, match=r"figures.h5: is not a file of figures"):
            read_figures(run)
