import logging
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ExperimentError, RunDirectoryError
from runner.run_directory import Described, RunDirectory, select
from runner.run_directory.filtering import filtered
from tests.unit.compared_runs import row, run


@pytest.fixture
def runs(tmp_path: Path) -> list[RunDirectory]:
    """Oldest first."""

    def made(number: int, name: str, *rows: Any, **changes: Any) -> RunDirectory:
        one = run(tmp_path, *rows, name=name, seed=number, **changes)
        one.update(created=f"2026-01-01T00:00:0{number}.000Z")
        return one

    return [
        made(1, "physgan-simple", row(value=3.0), networks={"g": {"name": "dense", "units": 8}}, flag=True),
        made(2, "physgan-deep", row(value=1.0), networks={"g": {"name": "conv"}}, rate=1e-4, nothing=None),
        made(3, "toy", networks={"g": {"name": "dense", "units": 80}}, record={"status": "diverged"}, flag=False),
    ]


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("networks.g.name=dense", [1, 3]),
        ("networks.g.name = 'dense'", [1, 3]),
        ("networks.g.name=d*", [1, 3]),
        ("networks.g.name!=dense", [2]),
        ("networks.g.units>8", [3]),
        ("networks.g.units>=8", [1, 3]),
        ("networks.g.units<8.5", [1]),
        ("networks.g.units!=8", [3]),  # a run without the key never fits
        ("rate<=1e-4", [2]),
        ("nothing=null", [2]),
        ("flag=true", [1]),
        ("flag!=true", [3]),
        ("flag=1", []),
        ("seed=2", [2]),
        ("status=finished", [1, 2]),
        ("name=physgan-*", [1, 2]),
        ("created=2026-01-01T00:00:03*", [3]),
        ("m/s<2", [2]),
        ("m/s>=1 and m/s<=3", [1, 2]),
        ("networks.g.name=dense and status=finished", [1]),
        ("status=finished  and  seed>1 and seed<9", [2]),
        ("seed>100", []),
        ("name=__import__('os').getcwd()", []),  # a text like any other
    ],
)
def test_conditions(runs: list[RunDirectory], text: str, seeds: list[int]) -> None:
    assert [one.record.seed for one in filtered(text, runs)] == seeds


def test_an_id_is_a_text_though_it_may_look_like_a_number(runs: list[RunDirectory]) -> None:
    runs[0].update(id="012345")
    assert filtered("id=012345", runs) == runs[:1]
    assert filtered("id=12345", runs) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("networks.g.nam=dense", r"networks\.g\.nam: no run has this key; did you mean networks\.g\.name"),
        ("m/t>1", r"m/t: no run has this key; did you mean m/s\?"),
        ("qqqqqq=1", r"qqqqqq: no run has this key; runner compare RUN --all shows"),
        ("seed==1", r"'seed==1' is no condition; expected KEY, one of = != < <= > >= and a value"),
        ("seed=", "'seed=' is no condition"),
        ("=1", "'=1' is no condition"),
        ("seed=1 and", "'nothing' is no condition"),
        ("and seed=1", "'nothing' is no condition"),
        ("seed=1 and status", "'status' is no condition"),
        ("seed=1 or seed=2", "'seed=1 or seed=2' is no condition"),
        ("seed<1<2", "'seed<1<2' is no condition"),
        ("seed=[1", r"seed=\[1: .*not valid YAML"),
        ("networks.g.name>3", "networks.g.name > 3: 'dense' is no number; only numbers have an order"),
        ("seed>many", "seed > many: 'many' is no number"),
        ("flag<1", "flag < 1: True is no number"),
    ],
)
def test_mistakes(runs: list[RunDirectory], text: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        filtered(text, runs)


def test_a_run_that_cannot_be_read_is_left_out_with_a_warning(
    runs: list[RunDirectory], caplog: pytest.LogCaptureFixture
) -> None:
    runs[0].scores.write_text("{")
    with caplog.at_level(logging.WARNING):
        assert filtered("m/s>0", runs) == runs[1:2]
    assert f"{runs[0].scores}: is not valid JSON" in caplog.text
    assert filtered("seed=1", runs) == runs[:1]  # its scores are not asked for


@pytest.mark.parametrize(
    ("selector", "seeds"),
    [
        ("physgan-*", [1, 2]),
        ("*", [1, 2, 3]),
        ("t?y", [3]),
        ("toy", [3]),
        ("@last", [3]),
        ("status=finished", [1, 2]),
    ],
)
def test_selectors(tmp_path: Path, runs: list[RunDirectory], selector: str, seeds: list[int]) -> None:
    assert [one.record.seed for one in select(selector, tmp_path)] == seeds


def test_a_name_selects_all_its_runs(tmp_path: Path, runs: list[RunDirectory]) -> None:
    again = run(tmp_path, name="toy", seed=4)
    assert select("toy", tmp_path) == [runs[2], again]
    assert select(str(again.path), tmp_path) == [again]
    assert select(again.record.id, tmp_path) == [again]


@pytest.mark.parametrize("selector", ["x*", "seed=77"])
def test_nothing_selected_is_an_error(tmp_path: Path, runs: list[RunDirectory], selector: str) -> None:
    with pytest.raises(RunDirectoryError, match=r"no run in .* is like that"):
        select(selector, tmp_path)
    with pytest.raises(RunDirectoryError, match="tooy: no such run"):
        select("tooy", tmp_path)


def test_runs_have_an_order_by_any_key(tmp_path: Path, runs: list[RunDirectory]) -> None:
    def order(key: str) -> list[int]:
        described = sorted(map(Described, runs), key=lambda one: one.rank(key))
        return [one.run.record.seed for one in described]

    assert order("m/s") == [2, 1, 3]
    assert order("networks.g.units") == [1, 3, 2]  # missing last
    assert order("networks.g.name") == [2, 1, 3]


def test_better_scores_come_first_whatever_the_direction(tmp_path: Path) -> None:
    values = [("higher", (1.0, 3.0, 2.0), [1, 2, 0]), ("zero", (-3.0, 1.0, -0.5), [2, 1, 0])]
    for better, scores, expected in [*values, ("none", (2.0, 1.0, 3.0), [1, 0, 2])]:
        made = [run(tmp_path, row(value=value, better=better), seed=seed) for seed, value in enumerate(scores)]
        ranked = sorted(map(Described, made), key=lambda one: one.rank("m/s"))
        assert [one.run.record.seed for one in ranked] == expected
