"""Pages are written where the command says, from files alone."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.errors import ExperimentError, RunDirectoryError
from tests.report_runs import FIGURES, RECORD, make_bare_run, make_group, make_run


def report(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["report", *map(str, arguments)])


def test_one_run_gets_its_page(tmp_path: Path) -> None:
    run = make_bare_run(tmp_path)
    result = report("charge-model", "--runs", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{run.report}\n"
    assert "charge-model" in run.report.read_text(encoding="utf-8")


def test_several_runs_get_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_group(tmp_path / "runs", "first", (1, 2))
    make_group(tmp_path / "runs", "second", (1,))
    result = report("first", "second")
    assert result.exit_code == 0, result.output
    assert result.stdout == "comparison.html\n"
    assert "Comparison of first and second" in Path("comparison.html").read_text(encoding="utf-8")
    result = report("first", "second", "-o", "other.html")
    assert result.stdout == "other.html\n"
    assert Path("other.html").read_bytes() == Path("comparison.html").read_bytes()


def test_a_glob_or_a_filter_means_all_runs_and_a_name_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = make_group(tmp_path / "runs", "first", (1, 2))
    for selector in ("fir*", "name=first and seed>0"):
        result = report(selector)
        assert result.stdout == "comparison.html\n"
        assert "first" in Path("comparison.html").read_text(encoding="utf-8")
        Path("comparison.html").unlink()
    result = report("first")
    assert Path(result.stdout.strip()).absolute() in {run.report for run in made}
    assert result.stderr == "the newest of 2 runs of first; 'runner compare first' shows all\n"
    assert report(str(made[0].path)).stderr == ""


def test_the_page_of_compare_leads_to_the_runs_from_where_it_is(tmp_path: Path) -> None:
    (first,) = make_group(tmp_path / "runs", "first", (1,))
    make_group(tmp_path / "runs", "second", (1,))
    first.report.write_text("its own page")
    page = tmp_path / "pages" / "page.html"
    page.parent.mkdir()
    arguments = ["compare", "first", "second", "--runs", str(tmp_path / "runs"), "--format", "html", "-o", str(page)]
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    assert f'href="../runs/first/{first.path.name}/report.html"' in page.read_text(encoding="utf-8")


def test_figures_are_written_beside_the_page(tmp_path: Path) -> None:
    run = make_run(tmp_path, figures={})
    result = report("charge-model", "--runs", tmp_path, "--figures")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{run.report}\n{run.figures}\n"
    for name in ("gallery", "mean_response", "losses", "validation"):
        assert {path.suffix for path in run.figures.glob(f"{name}.*")} == {".png", ".pdf"}


def test_figures_of_a_comparison_are_written_beside_its_page(tmp_path: Path) -> None:
    charge = {"wasserstein": FIGURES["wasserstein"][:1]}
    runs = [make_run(tmp_path, dataclasses.replace(RECORD, name=name), figures=charge) for name in ("a", "b")]
    for run in runs:
        run.resolved.write_text(run.resolved.read_text() + f"training: {{model: {run.record.name}}}\n")
    page = tmp_path / "pages" / "page.html"
    page.parent.mkdir()
    result = report("a", "b", "--runs", tmp_path, "-o", page, "--figures")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:2] == [str(page), str(page.parent / "figures")]
    for name in ("scores", "gallery", "losses", "wasserstein/charge"):
        assert {path.suffix for path in page.parent.glob(f"figures/{name}.*")} == {".png", ".pdf"}


def test_a_run_without_data_of_figures_says_what_makes_them(tmp_path: Path) -> None:
    run = make_run(tmp_path, figures={})
    run.figure_data.unlink()
    result = report("charge-model", "--runs", tmp_path, "--figures")
    assert f"no data of figures: runner evaluate {run.record.id} makes them" in result.stderr


def test_a_page_of_one_run_has_its_place(tmp_path: Path) -> None:
    make_bare_run(tmp_path)
    result = report("charge-model", "--runs", tmp_path, "-o", tmp_path / "x.html")
    assert result.exit_code == 2
    assert "--output is for the page of several runs" in result.output


def test_a_run_that_another_process_writes_to_is_left_alone(tmp_path: Path) -> None:
    run = make_bare_run(tmp_path, dataclasses.replace(RECORD, status="running"))
    with run.lock():
        result = report("charge-model", "--runs", tmp_path)
    assert isinstance(result.exception, RunDirectoryError)
    assert "writes to this run" in str(result.exception)
    assert not run.report.exists()


def test_scores_of_different_data_are_compared_by_force_alone(tmp_path: Path) -> None:
    make_group(tmp_path / "runs", "first", (1,))
    (other,) = make_group(tmp_path / "runs", "second", (1,))
    other.scores.write_text(other.scores.read_text().replace("d" * 64, "e" * 64))
    arguments = ("first", "second", "--runs", tmp_path / "runs", "-o", tmp_path / "x.html")
    assert isinstance(report(*arguments).exception, ExperimentError)
    assert not (tmp_path / "x.html").exists()
    result = report(*arguments, "--force")
    assert result.exit_code == 0, result.output
    assert "different" in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_no_page_loads_tensorflow(tmp_path: Path) -> None:
    make_bare_run(tmp_path)
    code = (
        "import sys\nfrom runner.cli import group\n"
        f"group.main(['report', 'charge-model', '--runs', {str(tmp_path)!r}], standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
