import csv
import io
import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.compare import Comparison, compare
from runner.errors import ExperimentError
from runner.report.comparison import (
    compared_scores,
    comparison_json,
    folded,
    group_table,
    number_table,
    parameter_table,
)
from runner.report.tables import Column, Table, fitted, render, with_columns
from runner.run_directory import ReferenceScores
from tests.unit.compared_runs import row, run, seeds


@pytest.fixture
def comparison(tmp_path: Path) -> Comparison:
    """Two groups of three seeds and one of one, with floor and reference, and a figure that is neither good nor bad."""
    reference = ReferenceScores(name="shuffled_conditions", rows=(row(value=9.0),))
    changes: dict[str, Any] = {"networks": {"g": {"name": "dense"}}, "references": [reference]}
    runs = [
        *seeds(tmp_path, [9.0, 8.0, 8.6], name="a", **changes),
        *seeds(tmp_path, [5.1, 3.9, 4.9], name="b", **{**changes, "networks": {"g": {"name": "50%_[x]|y"}}}),
        run(tmp_path, row(value=6.0), name="c", **{**changes, "networks": {"g": {"name": "conv"}}}),
    ]
    return compare(runs)


def lines(comparison: Comparison) -> dict[str, dict[str, str]]:
    table = compared_scores(comparison)
    names = [column.name for column in table.columns]
    return {cells[1]: dict(zip(names, cells, strict=True)) for cells in table.rows}


def test_every_group_floor_and_reference_has_its_line(comparison: Comparison) -> None:
    found = lines(comparison)
    assert list(found) == ["a", "b", "c", "real responses", "shuffled_conditions"]
    assert found["a"]["score"] == "m/s"
    assert found["b"]["score"] == ""
    assert found["a"]["value"] == "8.53 ± 0.50 (3)"
    assert found["b"]["value"] == "4.63 ± 0.64 (3) *"
    assert found["c"]["value"] == "6.00"
    assert found["a"]["error"] == "0.3"
    assert found["a"]["z"] == "+15.1"
    assert found["real responses"]["value"] == "1.00 ± 0.50"
    assert {group: line["verdict"] for group, line in found.items()} == {
        "a": "baseline",
        "b": "better",
        "c": "too few seeds",
        "real responses": "floor",
        "shuffled_conditions": "reference",
    }


def test_differences_stand_with_interval_and_p_value(comparison: Comparison) -> None:
    found = lines(comparison)
    expected = comparison.scores[0].cells[1]
    assert expected is not None
    assert expected.difference is not None
    difference = expected.difference
    assert difference.low is not None
    assert difference.high is not None
    low, high = map(float, re.findall(r"-?[\d.]+", found["b"]["95 % interval"]))
    assert float(found["b"]["difference"]) == pytest.approx(difference.value, abs=0.05)
    assert (low, high) == pytest.approx((difference.low, difference.high), abs=0.05)
    assert float(found["b"]["p"]) == pytest.approx(difference.p_holm, rel=0.05)
    assert found["c"]["p"] == ""
    assert found["a"]["difference"] == ""


def test_notes_say_what_was_tested_and_what_is_missing(comparison: Comparison) -> None:
    text = render(compared_scores(comparison), "table")
    assert "Holm's method for the main scores of a group (1)" in text
    assert "no p-value: 3 and 1 seeds, 3 are needed (c)" in text
    assert "do not include training scatter" in text


def test_groups_are_listed_with_their_seeds_and_runs(comparison: Comparison) -> None:
    table = group_table(comparison)
    assert [cells[:2] for cells in table.rows] == [("a", "1, 2, 3"), ("b", "1, 2, 3"), ("c", "1")]
    assert table.rows[0][2] == ", ".join(comparison.groups[0].ids)


def test_of_parameters_and_groups_the_more_go_down(comparison: Comparison, tmp_path: Path) -> None:
    across = parameter_table(comparison)  # three groups, one parameter
    assert [column.name for column in across.columns] == ["group", "networks.g.name"]
    assert across.rows == (("a", '"dense"'), ("b", '"50%_[x]|y"'), ("c", '"conv"'))
    runs = [run(tmp_path, row(), name=str(steps), p={"x": steps, "y": -steps}, z=steps) for steps in (1, 2)]
    down = parameter_table(compare(runs))
    assert [column.name for column in down.columns] == ["parameter", "1", "2"]
    assert down.rows == (("p.x", "1", "2"), ("p.y", "-1", "-2"), ("z", "1", "2"))


def test_csv_has_the_numbers_with_all_their_digits(comparison: Comparison) -> None:
    found = list(csv.DictReader(io.StringIO(render(number_table(comparison), "csv"))))
    assert [line["group"] for line in found] == ["a", "b", "c", "shuffled_conditions"]
    cell = comparison.scores[0].cells[1]
    assert cell is not None
    assert cell.difference is not None
    assert float(found[1]["mean"]) == cell.mean
    assert float(found[1]["difference"]) == cell.difference.value
    assert float(found[1]["p_holm"]) == cell.difference.p_holm
    assert found[1]["test"] == "paired"
    assert found[1]["seeds"] == "1 2 3"
    assert found[0]["difference"] == ""


def test_json_has_everything_and_no_nan(tmp_path: Path) -> None:
    comparison = compare([run(tmp_path, row(value=math.nan)), run(tmp_path, row(), device="cpu")])
    found = json.loads(comparison_json(comparison), parse_constant=pytest.fail)
    assert found["scores"][0]["cells"][0]["mean"] is None
    assert found["scores"][0]["cells"][1]["mean"] == 3.0
    assert found["groups"][0]["paths"] == [str(comparison.groups[0].paths[0])]
    assert set(found) == {"groups", "baseline", "scores", "parameters", "notes", "warnings"}


def test_markdown_has_as_many_cells_in_each_line(comparison: Comparison) -> None:
    table = render(compared_scores(comparison), "md").split("\n\n")[0].splitlines()
    assert {line.replace("\\|", "").count("|") for line in table} == {12}


@pytest.mark.skipif(
    shutil.which("pdflatex") is None and shutil.which("tectonic") is None, reason="neither pdflatex nor tectonic here"
)
def test_latex_compiles_and_fits_a_page(comparison: Comparison, tmp_path: Path) -> None:
    long: dict[str, Any] = {"metric": "physgan_cluster_shape", "score": "chi2_max", "unit": "reco_units"}
    groups = [
        *seeds(tmp_path, [9.13, 8.31, 8.62], name="physgan-unparameterized", **long),
        *seeds(tmp_path, [9.11, 7.93, 8.92], name="upsampling-spectral", training={"steps": 3}, **long),
    ]
    scores = folded(compared_scores(comparison))
    interval_first = with_columns(compared_scores(comparison), ["95*", "*"])
    wide = folded(compared_scores(compare(groups)))
    tables = (group_table(comparison), scores, interval_first, wide, parameter_table(comparison))
    body = "\n\n".join(f"\\noindent {render(table, 'latex')}" for table in tables)
    assert body.count(r"\toprule") == 5
    assert "\n{}[$-$" in body  # else an argument of the line before
    document = (
        "\\documentclass[letterpaper]{article}\\usepackage{booktabs}\\usepackage[landscape,margin=1in]{geometry}\n"
        "\\begin{document}\\footnotesize\n%s\n\\end{document}\n"
    )
    (tmp_path / "table.tex").write_text(document % body, encoding="utf-8")
    engine = ["pdflatex", "-halt-on-error"] if shutil.which("pdflatex") else ["tectonic"]
    done = subprocess.run([*engine, "table.tex"], cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout, done.stdout


def test_on_paper_a_score_has_a_line_with_unit_and_direction(comparison: Comparison) -> None:
    table = folded(compared_scores(comparison))
    assert table.names == ["group", "value", "error", "z", "difference", "95 % interval", "p", "verdict"]
    assert table.rows[0] == ("m/s [ADC] ↓", *[""] * 7)
    assert [cells[0].strip() for cells in table.rows[1:]] == ["a", "b", "c", "real responses", "shuffled_conditions"]
    assert r"\multicolumn{8}{l}{m/s [ADC] $\downarrow$} \\" in render(table, "latex")
    assert folded(TABLE) == TABLE


@pytest.mark.parametrize(
    ("width", "spared"), [(160, set()), (130, {"good"}), (117, {"good", "unit"}), (100, {"good", "unit"})]
)
def test_a_narrow_terminal_spares_columns_and_then_wraps(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch, width: int, spared: set[str]
) -> None:
    table = compared_scores(comparison)
    monkeypatch.setenv("COLUMNS", str(width))
    assert fitted(table, ("good", "unit")) == table  # no terminal
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for one
    found = fitted(table, ("good", "unit"))
    assert set(table.names) - set(found.names) == spared
    text = re.sub("\x1b\\[[\\d;]*m", "", render(replace(found, notes=()), "table"))
    assert max(map(len, text.splitlines())) <= width
    assert {"+15.1", "-3.90", "-2.53", "0.00088"} <= set(text.split())  # no number is cut


TABLE = Table("t", (Column("id"), Column("score"), Column("steps")), (("1", "2", "3"),))


@pytest.mark.parametrize(
    ("keep", "drop", "names"),
    [
        ((), (), ["id", "score", "steps"]),
        (("s*",), (), ["score", "steps"]),
        (("steps", "id"), (), ["steps", "id"]),
        ((), ("s*",), ["id"]),
        (("s*",), ("steps",), ["score"]),
        (("s*", "score"), (), ["score", "steps"]),
    ],
)
def test_columns_are_chosen_by_globs(keep: tuple[str, ...], drop: tuple[str, ...], names: list[str]) -> None:
    table = with_columns(TABLE, keep, drop)
    assert [column.name for column in table.columns] == names
    assert table.rows == (tuple({"id": "1", "score": "2", "steps": "3"}[name] for name in names),)


def test_a_column_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ExperimentError, match="setps: there is no such column; there are id, score, steps"):
        with_columns(TABLE, ["setps"])
    with pytest.raises(ExperimentError, match="x: there is no such column"):
        with_columns(TABLE, (), ["x"])
    with pytest.raises(ExperimentError, match="no column is left"):
        with_columns(TABLE, ["id"], ["i*"])
