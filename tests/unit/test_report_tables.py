import csv
import io
import json
import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from runner.report.tables import (
    Column,
    Table,
    reference_table,
    render,
    score_table,
    sensitivity_table,
    uncertain,
    z_text,
)
from runner.run_directory import ReferenceScores, ScoreFile, ScoreRow, Sensitivity

TABLE = Table(
    "Title",
    (Column("name"), Column("value", "right")),
    (("a_b & 50%", "1.0 ± 0.1"), ("x|y \\ {z} ~^$#", "2 ↓ <3>")),
    ({"name": "a_b", "value": 1.0}, {"name": "x", "value": math.nan}),
    ("a note",),
)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.12345, 0.0449, "0.123 ± 0.045"),
        (12.345, 1.24, "12.3 ± 1.2"),
        (1234.5, 12.4, "1234 ± 12"),
        (123456.0, 1456.0, "123500 ± 1500"),
        (1000.0, 99.6, "1000 ± 100"),
        (-7e6, 2.34e6, "-7000000 ± 2300000"),
        (0.5, 0.0996, "0.50 ± 0.10"),
        (-3.0, 0.5, "-3.00 ± 0.50"),
        (-0.001, 0.5, "0.00 ± 0.50"),
        (2.0, 0.0, "2 ± 0"),
        (2.34567, None, "2.346"),
        (2.34567, math.nan, "2.346"),
        (math.nan, 1.0, "n/a"),
        (math.inf, None, "inf"),
        (1e-12, 1e-13, "1e-12 ± 1e-13"),
        (1e12, 1e9, "1e+12 ± 1e+09"),
    ],
)
def test_errors_have_two_significant_digits(value: float, error: float | None, text: str) -> None:
    assert uncertain(value, error) == text


def test_a_table_for_a_pipe_is_never_wrapped() -> None:
    wide = Table("Wide", (Column("text", wrap=True),), (("word " * 100,),))
    assert ("word " * 100).strip() in render(wide, "table")


def test_columns_are_aligned_whatever_is_in_them() -> None:
    rows = (("a_b & 50%", "1.0 ± 0.1"), ("x|y\nz", "漢字"), ("", ""))
    assert render(Table("Title", (Column("name"), Column("value", "right")), rows, (), ("a note",)), "table") == (
        "Title\n"
        " name            value\n"
        " ─────────────────────\n"
        " a_b & 50%   1.0 ± 0.1\n"
        " x|y              漢字\n"
        " z\n"
        "a note"
    )
    assert render(Table("E", (Column("name"), Column("b", "right")), ()), "table") == "E\n name   b\n ────────"


@pytest.mark.parametrize("rows", [(), TABLE.rows, (("漢字\nb", ""), ("x" * 300, "1"))])
def test_what_is_not_wrapped_looks_like_what_is(rows: tuple[tuple[str, str], ...]) -> None:
    plain, wrapped = (Table("t", (Column("name", wrap=wrap), Column("value", "right")), rows) for wrap in (False, True))
    assert render(plain, "table") == render(wrapped, "table")


def test_the_terminal_shows_title_cells_and_notes() -> None:
    lines = render(TABLE, "table").splitlines()
    assert lines[0] == "Title"
    assert lines[-1] == "a note"
    assert any("a_b & 50%" in line and "1.0 ± 0.1" in line for line in lines)


def test_square_brackets_are_text_and_no_markup() -> None:
    assert "[red]" in render(Table("[b]", (Column("[i]"),), (("[red]",),)), "table")


def test_csv_is_read_back() -> None:
    rows = list(csv.reader(io.StringIO(render(TABLE, "csv"))))
    assert rows == [["name", "value"], *map(list, TABLE.rows)]


def test_json_has_no_nan_at_any_depth() -> None:
    deep = Table("t", (), (), ({"a": [{"b": math.inf}, (1.5, math.nan)]},))
    assert json.loads(render(deep, "json")) == [{"a": [{"b": None}, [1.5, None]]}]


def test_json_has_no_nan() -> None:
    assert json.loads(render(TABLE, "json")) == [{"name": "a_b", "value": 1.0}, {"name": "x", "value": None}]


def test_markdown_escapes_bars() -> None:
    lines = render(TABLE, "md").splitlines()
    assert lines[:2] == ["| name | value |", "|---|---:|"]
    assert "x\\|y" in lines[3]
    assert "\\<3\\>" in lines[3]


def test_latex_escapes_what_it_must() -> None:
    text = render(TABLE, "latex")
    assert r"a\_b \& 50\% & 1.0 $\pm$ 0.1 \\" in text
    assert r"x$|$y \textbackslash{} \{z\} \textasciitilde{}\textasciicircum{}\$\# & 2 $\downarrow$ $<$3$>$ \\" in text
    assert text.startswith(r"\begin{tabular}{lr}")
    assert text.endswith("\n\\noindent\\parbox{\\linewidth}{\\footnotesize\\raggedright a note}")


def test_latex_names_what_its_fonts_lack() -> None:
    letters = "\N{GREEK SMALL LETTER CHI}\N{GREEK SMALL LETTER LAMDA}\N{GREEK CAPITAL LETTER OMEGA}"
    letters += "\N{MINUS SIGN}\N{MICRO SIGN}é"
    text = render(Table("t", (Column("a"),), ((letters,),)), "latex")
    assert r"$\chi$$\lambda$$\Omega$$-$$\mu$é \\" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_latex_compiles(tmp_path: Path) -> None:
    body = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n%s\n\\end{document}\n"
    (tmp_path / "table.tex").write_text(body % render(TABLE, "latex"))
    subprocess.run(["pdflatex", "-halt-on-error", "table.tex"], cwd=tmp_path, check=True, capture_output=True)


def row(score: str, better: str, headline: bool = False) -> ScoreRow:
    return ScoreRow(
        metric="m",
        score=score,
        value=1.0,
        error=0.1,
        unit="ADC",
        better=better,
        split="test",
        step=1,
        events=5,
        version=1,
        headline=headline,
    )


def test_the_main_scores_are_shown_and_the_others_on_demand() -> None:
    scores = ScoreFile(data_digest="x", rows=(row("main", "lower", True), row("known", "none")), notes=("m: note",))
    table = score_table(scores)
    assert table.rows == (("m/main", "1.00 ± 0.10", "ADC", "↓"),)
    assert table.notes == ("m: note", "(1 further scores: --all)")
    assert len(table.records) == 2
    assert [cells[0] for cells in score_table(scores, everything=True).rows] == ["m/main", "m/known"]


def test_a_score_is_shown_beside_its_floor() -> None:
    floored = replace(row("main", "lower", True), floor=0.4, floor_sd=0.05)
    table = score_table(ScoreFile(data_digest="x", rows=(floored,), halvings=10))
    assert [column.name for column in table.columns] == ["score", "value", "floor", "excess", "z", "unit", "good"]
    assert table.rows == (("m/main", "1.00 ± 0.10", "0.400 ± 0.050", "0.60 ± 0.10", "+12.0", "ADC", "↓"),)
    assert table.records[0]["z"] == pytest.approx(12)
    assert table.notes == ("floor: real against real responses, mean ± sd of 10 halvings; z: excess in these sd",)


@pytest.mark.parametrize(
    ("z", "text"),
    [
        (None, ""),
        (0.0, "0.0"),
        (-0.04, "0.0"),
        (math.nan, "n/a"),
        (-2.04, "-2.0"),
        (1234.5, "+1234"),
        (math.inf, "+inf"),
    ],
)
def test_z_has_a_sign(z: float | None, text: str) -> None:
    assert z_text(z) == text


def test_references_are_shown_with_their_distance_from_the_floor() -> None:
    floored = replace(row("main", "lower", True), floor=0.4, floor_sd=0.05)
    other = replace(floored, metric="other")
    references = (
        ReferenceScores(name="shuffled_conditions", rows=(floored, other)),
        ReferenceScores(name="nearest_condition", rows=(floored,)),
    )
    table = reference_table(ScoreFile(data_digest="x", rows=(floored,), references=references))
    assert [column.name for column in table.columns] == ["score", "shuffled conditions", "z", "nearest condition", "z"]
    assert table.rows == (
        ("m/main", "1.00 ± 0.10", "+12.0", "1.00 ± 0.10", "+12.0"),
        ("other/main", "1.00 ± 0.10", "+12.0", "", ""),
    )


def test_what_is_not_seen_says_so() -> None:
    found = (
        Sensitivity(metric="m", score="main", fault="width", smallest=0.0123, largest=0.5),
        Sensitivity(metric="m", score="main", fault="amplitude_scale", smallest=None, largest=0.5),
    )
    table = sensitivity_table(ScoreFile(data_digest="x", rows=(), sensitivity=found))
    assert [column.name for column in table.columns] == ["score", "width", "amplitude scale"]
    assert table.rows == (("m/main", "1.23%", "> 50%"),)
