"""What comes after training reads the run folder and nothing else."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.launch.evaluate import Request, _overrides, _with_data
from runner.plan import plan_run
from runner.run_directory import RunDirectory
from tests.end_to_end.forking import completed

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("runs")]


def rows(scores: dict[str, Any], metric: str) -> list[tuple[str, Any, Any, int]]:
    return [
        (row["score"], row["value"], row["error"], row["events"]) for row in scores["rows"] if row["metric"] == metric
    ]


@pytest.fixture
def copy(quickstart: Any, tmp_path: Path) -> Path:
    """A run folder that a test may change."""
    folder = tmp_path / "runs" / "quickstart" / quickstart.folder.name
    shutil.copytree(quickstart.folder, folder)
    return folder


@pytest.fixture
def runner(quickstart: Any, tmp_path: Path) -> Any:
    def run(*arguments: str | Path, poison: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {"COLUMNS": "250", "RUNNER_RUNS": str(quickstart.runs)}
        if not poison:
            return completed(*arguments, cwd=tmp_path, environment=environment)
        folder = tmp_path / "poison"
        folder.mkdir(exist_ok=True)
        for name in ("tensorflow", "keras"):
            (folder / f"{name}.py").write_text("raise AssertionError('TensorFlow is loaded')")
        environment = {**os.environ, **environment, "PYTHONPATH": str(folder)}
        command = [sys.executable, "-m", "runner", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


def test_evaluating_again_gives_the_same_scores_without_tensorflow(quickstart: Any, copy: Path, runner: Any) -> None:
    (copy / "scores.json").unlink()
    done = runner("evaluate", copy, "--format", "json", poison=True)
    assert done.returncode == 0, done.stderr
    again = json.loads((copy / "scores.json").read_text())
    assert rows(again, "cluster_shape") == rows(quickstart.scores, "cluster_shape")
    assert again["data_digest"] == quickstart.scores["data_digest"]


def test_another_metric_joins_the_scores(root: Path, quickstart: Any, copy: Path, runner: Any) -> None:
    plugin = root / "examples" / "charge" / "charge.py"
    done = runner("evaluate", copy, "--metrics", "mean_charge", "--plugin", plugin, poison=True)
    assert done.returncode == 0, done.stderr
    again = json.loads((copy / "scores.json").read_text())
    assert rows(again, "cluster_shape") == rows(quickstart.scores, "cluster_shape")
    assert len(rows(again, "mean_charge")) == 1


def test_scores_stand_beside_what_real_responses_score(quickstart: Any) -> None:
    scores = quickstart.scores
    assert scores["halvings"] == 10
    main = next(row for row in scores["rows"] if row["headline"])
    assert main["events"] == quickstart.record["data"]["test"] // 2
    assert 0.5 < main["floor"] < 2  # of the largest Kolmogorov-Smirnov distance of seven
    assert 0 < main["floor_sd"] < 1
    assert main["value"] > main["floor"] + 3 * main["floor_sd"]  # hardly trained
    named = {reference["name"]: reference["rows"] for reference in scores["references"]}
    assert set(named) >= {"nearest_condition", "shuffled_conditions"}
    for rows_of in named.values():  # it does not look at conditions, and sees no fault in either
        (row,) = (row for row in rows_of if row["metric"] == "cluster_shape")
        assert abs(row["value"] - row["floor"]) < 4 * row["floor_sd"]


def test_the_smallest_faults_are_found_on_demand(copy: Path, runner: Any) -> None:
    text = (copy / "resolved.yaml").read_text()
    (copy / "resolved.yaml").write_text(text.replace("sensitivity: false", "sensitivity: true"))
    done = runner("evaluate", copy, poison=True)
    assert done.returncode == 0, done.stderr
    assert "Smallest faults seen" in done.stdout
    found = json.loads((copy / "scores.json").read_text())["sensitivity"]
    assert {entry["fault"] for entry in found} == {"amplitude_scale", "width", "collapsed_share"}
    assert all(0 < entry["smallest"] < 0.5 for entry in found if entry["smallest"] is not None)


def test_without_the_data_set_the_references_are_left_out(quickstart: Any, copy: Path, runner: Any) -> None:
    text = (copy / "resolved.yaml").read_text()
    assert "events: 1000" in text
    (copy / "resolved.yaml").write_text(text.replace("events: 1000", "events: 999"))
    done = runner("evaluate", copy, poison=True)
    assert done.returncode == 0, done.stderr
    assert "references are not scored, for want of the events trained on" in done.stderr
    again = json.loads((copy / "scores.json").read_text())
    assert again["references"] == []
    assert again["rows"] == quickstart.scores["rows"]


def test_another_number_of_events_is_generated_by_the_saved_networks(quickstart: Any, copy: Path, runner: Any) -> None:
    done = runner("evaluate", copy, "--events", "300")
    assert done.returncode == 0, done.stderr
    (copy / "samples" / "generated.h5").unlink()
    done = runner("evaluate", copy)  # the saved networks give the same responses as the trained ones did
    assert done.returncode == 0, done.stderr
    assert rows(json.loads((copy / "scores.json").read_text()), "cluster_shape") == rows(
        quickstart.scores, "cluster_shape"
    )
    done = runner("evaluate", copy, "--events", "50")
    assert done.returncode == 0, done.stderr
    fewer = json.loads((copy / "scores.json").read_text())
    assert {row["events"] for row in fewer["rows"]} == {50}
    previous = json.loads((copy / "scores-previous.json").read_text())
    assert rows(previous, "cluster_shape") == rows(quickstart.scores, "cluster_shape")


@pytest.mark.data
def test_another_data_file(small: Any, mpd_data: Path, tmp_path: Path, runner: Any) -> None:
    trained = small("physgan/unconditional.yaml", RUNNER_DATA=str(mpd_data))
    assert trained.code == 0, trained.err
    lines = (mpd_data / "mpd" / "digits_unconditional.csv").read_text().splitlines(keepends=True)
    other = tmp_path / "other.csv"
    other.write_text("".join(lines[:40_000]))
    done = runner("evaluate", trained.folder, "--data", other, "--metrics", "cluster_shape,memorisation")
    assert done.returncode == 0, done.stderr
    scores = json.loads((trained.folder / "scores.json").read_text())
    assert scores["data_digest"] != trained.record["data"]["digest"]
    request, directory = Request(data=other), RunDirectory.open(trained.folder)
    plan = plan_run(directory, _overrides(directory, request))
    _, whole, training = _with_data(plan, directory, request)
    assert whole is not None
    assert len(whole) < trained.record["data"]["events"]
    assert training is not None  # copies are looked for among the events trained on, not among the other file's
    assert len(training) == trained.record["data"]["train"]
    done = runner("evaluate", trained.folder, "--data", tmp_path / "absent.csv")
    assert done.returncode == 4
    assert "absent.csv: no such file" in done.stderr


def test_compare_prints_scores_with_errors_and_what_differs(quickstart: Any, small: Any, runner: Any) -> None:
    other = small("quickstart.yaml", "dataset.events=1000", "networks.generator=physgan_upsampling")
    done = runner("compare", quickstart.folder, other.folder, poison=True)
    assert done.returncode == 0, done.stderr
    for part in ("cluster_shape/largest_ks", "±", "*", "real responses", "nearest_condition", "shuffled_conditions"):
        assert part in done.stdout
    assert "networks.generator.name" in done.stdout
    assert "physgan_upsampling" in done.stdout
    assert "training.steps" not in done.stdout
    assert "no p-value: 1 and 1 seeds, 3 are needed" in done.stdout
    found = json.loads(runner("compare", quickstart.folder, other.folder, "--all", "--format", "json").stdout)
    first = found["scores"][0]
    a, b = first["cells"][:2]
    assert b["difference"]["value"] == pytest.approx(b["mean"] - a["mean"])
    reach = 1.959964 * (a["error"] ** 2 + b["error"] ** 2) ** 0.5
    assert b["difference"]["high"] == pytest.approx(b["difference"]["value"] + reach)
    table = runner("compare", quickstart.folder, other.folder, "--format", "csv").stdout
    assert len(list(csv.reader(io.StringIO(table)))) == 1 + sum(cell is not None for cell in first["cells"])
    assert "\\toprule" in runner("compare", quickstart.folder, other.folder, "--format", "latex").stdout
    assert runner("compare", quickstart.folder, other.folder, "--format", "md").stdout.count("|") > 20


def test_runs_of_other_events_are_not_compared(quickstart: Any, small: Any, runner: Any) -> None:
    other = small("quickstart.yaml", "dataset.events=1000", "data_seed=5")
    done = runner("compare", quickstart.folder, other.folder)
    assert done.returncode == 2
    assert "scored on different test events" in done.stderr
    forced = runner("compare", quickstart.folder, other.folder, "--force")
    assert forced.returncode == 0
    assert "warning" in forced.stderr


def test_runs_are_listed_with_their_main_score(quickstart: Any, runner: Any) -> None:
    done = runner("runs", "--name", "quick*", "--status", "finished", "--format", "json", poison=True)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert listed == sorted(listed, key=lambda run: run["created"], reverse=True)
    mine = next(run for run in listed if run["path"] == str(quickstart.folder))
    assert mine["score"]["score"] == "largest_ks"
    assert "largest_ks" in runner("runs").stdout


def test_a_run_without_a_model_says_so(copy: Path, runner: Any) -> None:
    shutil.rmtree(copy / "model")
    done = runner("evaluate", copy, "--events", "50")
    assert done.returncode == 5
    assert "no trained generator in" in done.stderr
