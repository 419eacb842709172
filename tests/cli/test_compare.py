import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner import config
from runner.cli import group, main
from runner.run_directory import RunDirectory
from tests.unit.compared_runs import row, run, seeds


@pytest.fixture
def runs(tmp_path: Path) -> list[RunDirectory]:
    return [
        *seeds(tmp_path / "runs", [9.0, 8.0, 8.6], name="gan-a", training={"steps": 5}),
        *seeds(tmp_path / "runs", [5.1, 3.9, 4.9], name="gan-b", training={"steps": 6}),
        run(tmp_path / "runs", name="gan-b", seed=9, training={"steps": 6}, record={"status": "diverged"}),
    ]


def named(run: RunDirectory) -> str:
    return f"{run.record.name} {run.record.id}"


def invoke(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, [*arguments, "--runs", str(tmp_path / "runs")])


def compared(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    result = invoke(tmp_path, "compare", *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("selectors", [("gan-a", "gan-b"), ("gan-*",), ("name=gan-* and training.steps>=5",)])
def test_names_globs_and_filters_give_groups_of_all_scored_runs(
    tmp_path: Path, runs: list[RunDirectory], selectors: tuple[str, ...]
) -> None:
    found = compared(tmp_path, *selectors)
    assert [(one["label"], one["seeds"]) for one in found["groups"]] == [("gan-a", [1, 2, 3]), ("gan-b", [1, 2, 3])]
    assert found["scores"][0]["cells"][1]["difference"]["verdict"] == "better"
    assert found["warnings"] == [f"{named(runs[-1])} has no scores (it is diverged), and is left out"]


def test_warnings_go_to_standard_error(tmp_path: Path, runs: list[RunDirectory]) -> None:
    result = invoke(tmp_path, "compare", "gan-*")
    assert result.exit_code == 0
    assert f"warning: {named(runs[-1])} has no scores" in result.stderr
    assert "warning" not in result.stdout
    for part in ("Groups", "Scores", "Parameters that differ", "gan-b", "training.steps", "better"):
        assert part in result.stdout


def test_a_baseline_is_named_as_a_group_or_a_run(tmp_path: Path, runs: list[RunDirectory]) -> None:
    run(tmp_path / "runs", row(value=6.0), name="gan-a", training={"steps": 7})
    label = f"gan-a {runs[0].record.id}"
    for baseline, expected in (("gan-b", 1), (str(runs[4].path), 1), (runs[4].record.id, 1), (label, 0)):
        assert compared(tmp_path, "gan-*", "--baseline", baseline)["baseline"] == expected
    for baseline in ("name=gan-b and status=finished", "training.steps = 6"):
        assert compared(tmp_path, "gan-*", "--baseline", baseline)["baseline"] == 1
    elsewhere = str(run(tmp_path / "with blanks", row(), name="c", training={"steps": 8}).path)
    assert compared(tmp_path, "gan-*", elsewhere, "--baseline", elsewhere)["baseline"] == 3
    wrong = invoke(tmp_path, "compare", "gan-b", "--baseline", runs[0].record.id)
    assert str(wrong.exception).startswith("--baseline: none of the groups that are compared; name one of them: gan-b")


def test_columns_order_and_file(tmp_path: Path, runs: list[RunDirectory]) -> None:
    file = tmp_path / "table.csv"
    options = ("--sort", "m/s", "--columns", "group", "--keep", "mean", "--format", "csv", "--output", str(file))
    result = invoke(tmp_path, "compare", "gan-*", *options)
    assert result.stdout == f"{file}\n"
    assert [line.split(",")[0] for line in file.read_text().splitlines()] == ["group", "gan-b", "gan-a"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["table.csv"]
    dropped = invoke(tmp_path, "compare", "gan-*", "--drop", "p", "--drop", "95*", "--format", "md").stdout
    assert "| score | group | value | error | z | difference | verdict |" in dropped


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [
        ("md", "**groups**"),
        ("csv", "score,unit"),
        ("json", "{"),
        ("tex", r"\begin{tabular}"),
        ("html", "<!doctype html>"),
    ],
)
def test_a_suffix_says_the_format(tmp_path: Path, runs: list[RunDirectory], suffix: str, beginning: str) -> None:
    file = tmp_path / f"table.{suffix}"
    assert invoke(tmp_path, "compare", "gan-*", "-o", str(file)).exit_code == 0
    assert file.read_text().lower().startswith(beginning)


def test_a_suffix_and_a_format_do_not_contradict_each_other(tmp_path: Path, runs: list[RunDirectory]) -> None:
    wrong = invoke(tmp_path, "compare", "gan-*", "--format", "table", "-o", str(tmp_path / "x.csv"))
    assert wrong.exit_code == 2
    assert "contradict each other" in wrong.output
    path = str(runs[0].path)
    unknown = invoke(tmp_path, "diff", path, path, "-o", str(tmp_path / "x.csv"))
    assert unknown.exit_code == 2
    assert "diff writes no csv" in unknown.output
    assert not (tmp_path / "x.csv").exists()
    assert invoke(tmp_path, "runs", "-o", str(tmp_path / "x.txt")).exit_code == 0
    assert (tmp_path / "x.txt").read_text().startswith("Runs in")


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("option", ["--columns", "--drop"])
def test_columns_are_those_of_a_table(tmp_path: Path, runs: list[RunDirectory], form: str, option: str) -> None:
    result = invoke(tmp_path, "compare", "gan-*", "--format", form, option, "p")
    assert result.exit_code == 2
    assert f"{form} always has everything" in result.output


def test_tables_in_markdown_have_titles(tmp_path: Path, runs: list[RunDirectory]) -> None:
    text = invoke(tmp_path, "compare", "gan-*", "--format", "md").stdout
    assert [line for line in text.splitlines() if line.startswith("**")] == [
        "**Groups**",
        "**Scores**",
        "**Parameters that differ**",
    ]
    assert "\n\n**Scores**\n\n| score |" in text


def test_a_pipe_is_written_to_and_its_name_is_no_part_of_the_table(tmp_path: Path, runs: list[RunDirectory]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    result = invoke(tmp_path, "compare", "gan-*", "--format", "csv", "-o", str(pipe))
    reader.join(10)
    assert (result.exit_code, result.stdout) == (0, "")
    assert read[0].startswith("score,unit,better,group")
    assert pipe.is_fifo()


@pytest.mark.parametrize("form", ["table", "md", "latex"])
def test_all_shows_all_parameters(tmp_path: Path, runs: list[RunDirectory], form: str) -> None:
    parameter = "evaluation.metrics.m.name"
    assert parameter not in invoke(tmp_path, "compare", "gan-*", "--format", form).stdout
    assert parameter in invoke(tmp_path, "compare", "gan-*", "--all", "--format", form).stdout


def test_runs_that_cannot_be_compared_are_a_mistake_of_the_call(
    tmp_path: Path, runs: list[RunDirectory], capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "runs", row(), name="other", digest="b" * 64)
    arguments = ["compare", "gan-a", "other", "--runs", str(tmp_path / "runs")]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "scored on different test events: digest aaaaaaaaaaaa in gan-a" in capsys.readouterr().err
    main([*arguments, "--force"])
    assert "warning: they were scored on different test events" in capsys.readouterr().err


def test_differences_of_two_runs(tmp_path: Path, runs: list[RunDirectory]) -> None:
    a, b = runs[0].record.id, runs[3].record.id
    table = invoke(tmp_path, "diff", a, b).stdout
    assert [line.split() for line in table.splitlines()[3:]] == [
        ["parameters", "name", "gan-a", "gan-b"],
        ["training.steps", "5", "6"],
    ]
    assert "| parameters | name | gan-a | gan-b |" in invoke(tmp_path, "diff", a, b, "--format", "md").stdout
    found = json.loads(invoke(tmp_path, "diff", a, b, "--format", "json").stdout)
    assert found["runs"] == [str(runs[0].path), str(runs[3].path)]
    assert found["differences"][1] == {"section": "parameters", "key": "training.steps", "first": 5, "second": 6}
    assert invoke(tmp_path, "diff", a, a).stdout == f"no difference between gan-a {a} and gan-a {a}\n"
    assert json.loads(invoke(tmp_path, "diff", a, a, "--format", "json").stdout)["differences"] == []


def test_runs_are_listed_by_selectors_in_any_order(tmp_path: Path, runs: list[RunDirectory]) -> None:
    def seeds_of(*arguments: str) -> list[int]:
        return [entry["seed"] for entry in json.loads(invoke(tmp_path, "runs", *arguments, "--format", "json").stdout)]

    assert seeds_of("gan-b", "--sort", "seed") == [1, 2, 3, 9]
    assert seeds_of("gan-b", "--sort", "m/s") == [2, 3, 1, 9]
    assert seeds_of("seed>2 and status=diverged") == [9]
    assert len(seeds_of()) == 7
    assert seeds_of("gan-a", "gan-?", "--sort", "name") == seeds_of("--sort", "name")
    chosen = json.loads(invoke(tmp_path, "runs", "gan-a", "--columns", "seed", "--format", "json").stdout)
    assert sorted(one["seed"] for one in chosen) == [1, 2, 3]
    assert {key for one in chosen for key in one} == {"seed"}
    (first, *_) = json.loads(invoke(tmp_path, "runs", "--drop", "s*", "--format", "json").stdout)
    assert set(first) == {"id", "name", "created", "path"}
    table = invoke(tmp_path, "runs", "gan-a", "--columns", "seed", "--format", "csv").stdout.split()
    assert sorted(table) == ["1", "2", "3", "seed"]


def test_comparing_loads_no_tensorflow(tmp_path: Path, runs: list[RunDirectory]) -> None:
    for name in ("tensorflow", "keras"):
        (tmp_path / f"{name}.py").write_text("raise AssertionError('TensorFlow is loaded')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "RUNNER_RUNS": str(tmp_path / "runs")}
    for arguments in (("compare", "gan-*"), ("diff", runs[0].path, runs[1].path), ("runs", "seed=1")):
        command = [sys.executable, "-m", "runner", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("seeds", "resolved"), [("3", [42, 43, 44]), ("1,5,7", [1, 5, 7]), ("5,", [5])])
def test_a_dry_run_of_several_seeds_says_which(root: Path, tmp_path: Path, seeds: str, resolved: list[int]) -> None:
    experiment = str(root / "experiments" / "quickstart.yaml")
    result = CliRunner().invoke(group, ["run", experiment, "--seeds", seeds, "--dry-run", "--runs", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "resolved.yaml").write_text(result.stdout)
    found = config.values(tmp_path / "resolved.yaml")
    assert found["seeds"] == resolved
    assert "seed" not in found


def test_jobs_are_for_several_seeds(root: Path, tmp_path: Path) -> None:
    experiment = str(root / "experiments" / "quickstart.yaml")
    result = CliRunner().invoke(group, ["run", experiment, "--jobs", "3", "--runs", str(tmp_path)])
    assert result.exit_code == 2
    assert "--jobs is for several seeds" in result.output


@pytest.mark.parametrize("seeds", ["0", "-1", "x", "1,1", "1,-2", "", "100000", "1.5", f"{2**63},1"])
def test_wrong_seeds_are_one_mistake(root: Path, tmp_path: Path, seeds: str) -> None:
    experiment = str(root / "experiments" / "quickstart.yaml")
    result = CliRunner().invoke(group, ["run", experiment, "--seeds", seeds, "--runs", str(tmp_path)])
    assert f"--seeds {seeds}: expected how many, such as 3, or which" in str(result.exception)
