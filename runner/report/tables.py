"""Tables for people, papers and programs."""

from __future__ import annotations

import fnmatch
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

from runner.errors import ExperimentError

if TYPE_CHECKING:
    from runner.run_directory import ScoreFile, ScoreRow

Align = Literal["left", "right"]

DIRECTIONS = {"lower": "↓", "higher": "↑", "zero": "→ 0", "one": "→ 1", "none": ""}


@dataclass(frozen=True)
class Column:
    """A column's heading, its alignment, and whether its text may be wrapped on a narrow terminal."""

    name: str
    align: Align = "left"
    wrap: bool = False


@dataclass(frozen=True)
class Table:
    """A table, independent of how it is written.

    Attributes:
        title: One line above it.
        columns: The columns.
        rows: Texts, one per column.
        records: The same for programs: what ``--format json`` prints.
        notes: Lines below it.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    records: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [column.name for column in self.columns]


def with_columns(table: Table, keep: Sequence[str] = (), drop: Sequence[str] = ()) -> Table:
    """The table with some of its columns, and of its records what stands in these; with `keep`, that alone.

    Args:
        table: The table.
        keep: Globs of names; the columns are in their order. None: all columns.
        drop: Globs of names that are left out.

    Raises:
        ExperimentError: If a glob fits no column, or no column is left.
    """
    names = table.names
    for glob in (*keep, *drop):
        if not fnmatch.filter(names, glob):
            raise ExperimentError(f"{glob}: there is no such column; there are {', '.join(names)}")
    wanted = dict.fromkeys(name for glob in keep for name in fnmatch.filter(names, glob)) if keep else names
    dropped = {name for glob in drop for name in fnmatch.filter(names, glob)}
    places = [names.index(name) for name in wanted if name not in dropped]
    if not places:
        raise ExperimentError("no column is left to be shown")
    shown = [names[place] for place in places]

    def chosen(record: dict[str, Any]) -> dict[str, Any]:
        if keep:
            return {name: record[name] for name in shown if name in record}
        return {key: value for key, value in record.items() if key in shown or key not in names}

    return replace(
        table,
        columns=tuple(table.columns[place] for place in places),
        rows=tuple(tuple(row[place] for place in places) for row in table.rows),
        records=tuple(map(chosen, table.records)),
    )


def fitted(table: Table, spare: Sequence[str] = ()) -> Table:
    """The table for a terminal that it may be too wide for: without what can be spared, and then wrapped.

    Args:
        table: The table.
        spare: Names of columns that may be left out, the first one first.
    """
    from rich.cells import cell_len
    from rich.console import Console

    def fits() -> bool:
        return max(map(cell_len, _aligned(table))) <= screen.width

    screen = Console()
    if not screen.is_terminal:
        return table
    for name in spare:
        if not fits() and name in table.names and len(table.names) > 1:
            table = with_columns(table, drop=[name])
    if fits():
        return table
    # numbers are cut by no wrapping at blanks
    columns = tuple(
        replace(column, wrap=column.align == "left" or any(" " in row[place] for row in table.rows))
        for place, column in enumerate(table.columns)
    )
    return replace(table, columns=columns)


def render(table: Table, form: str) -> str:
    """The table as text.

    Args:
        table: The table.
        form: "table" (for a terminal), "md", "csv", "json" or "latex" (booktabs).
    """
    writers = {"table": _terminal, "md": _markdown, "csv": _csv, "json": _json, "latex": _latex}
    return writers[form](table)


def _terminal(table: Table) -> str:
    lines = _wrapped(table) if any(column.wrap for column in table.columns) else _aligned(table)
    return "\n".join([table.title, *filter(None, map(str.rstrip, lines)), *table.notes])


def _aligned(table: Table) -> list[str]:
    """Lines as wide as they are; rich would take 10 s for a comparison of a thousand runs."""
    from rich.cells import cell_len

    rows = [cells for row in table.rows for cells in zip_longest(*(cell.split("\n") for cell in row), fillvalue="")]
    padded, width = [], -3
    for column, *texts in zip(table.columns, *rows, strict=True):
        lengths = list(map(cell_len, (column.name, *texts)))
        widest = max(lengths)
        blanks = [" " * (widest - length) for length in lengths]
        cells = zip((column.name, *texts), blanks, strict=True)
        padded.append([blank + text if column.align == "right" else text + blank for text, blank in cells])
        width += 3 + widest
    head, *body = ["   ".join(cells) for cells in zip(*padded, strict=True)] or [""]
    return [f" {line}" for line in (head, "─" * width, *body)]


def _wrapped(table: Table) -> list[str]:
    """Lines that fit a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        drawn.add_column(Text(column.name), justify=column.align, overflow="fold", no_wrap=not column.wrap)
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    # only a terminal is narrow: what goes into a file or a pipe is never wrapped
    screen = Console()
    width = max(screen.width, _narrowest(table)) if screen.is_terminal else 10_000
    text = io.StringIO()
    Console(file=text, width=width).print(drawn)
    return text.getvalue().splitlines()


def _narrowest(table: Table) -> int:
    """Width below which names or numbers would be cut."""
    cells = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    widths = [
        min(12, max(len(word) for text in (column.name, *texts) for word in (text.split() or [""])))
        if column.wrap
        else max(len(text) for text in (column.name, *texts))
        for column, texts in zip(table.columns, cells, strict=True)
    ]
    return sum(widths) + 3 * len(widths)


def _markdown(table: Table) -> str:
    def escaped(text: str) -> str:
        return re.sub("([|<>])", r"\\\1", text).replace("\n", " ")

    def line(cells: tuple[str, ...]) -> str:
        return f"| {' | '.join(map(escaped, cells))} |"

    rule = "|" + "|".join("---:" if column.align == "right" else "---" for column in table.columns) + "|"
    head = line(tuple(column.name for column in table.columns))
    return "\n".join([head, rule, *(line(row) for row in table.rows), *(f"\n{escaped(note)}" for note in table.notes)])


def _csv(table: Table) -> str:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows(table.rows)
    return text.getvalue().rstrip("\n")


def _json(table: Table) -> str:
    return json.dumps([finite(record) for record in table.records], indent=2, ensure_ascii=False)


def finite(value: Any) -> Any:
    """A tree for JSON, which has no NaN and no infinity: null stands for them."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\to$",
    "\N{MINUS SIGN}": "$-$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "°": r"$^\circ$",
    "\N{EM SPACE}": r"\quad ",
    "µ": r"$\mu$",
    "|": "$|$",
    "<": r"$<$",
    ">": r"$>$",
    **{character: f"\\{character}" for character in "_%&#${}"},
}


_GREEK_CAPITALS = {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}


_MINUS = re.compile(r"(?<![\w.)-])-(?=[\d.])")
"""The hyphen of a negative number."""


def _latex_letter(letter: str) -> str:
    """A letter that LaTeX prints as it is; Greek is known to it only by its names."""
    import unicodedata

    name = unicodedata.name(letter, "").replace("LAMDA", "LAMBDA")
    script, _, word = name.lower().rpartition(" letter ")
    if script == "greek small" and word.isalpha() and word != "omicron":
        return f"$\\{word}$"
    if script == "greek capital" and word in _GREEK_CAPITALS:
        return f"$\\{word.capitalize()}$"
    return _LATEX.get(letter, letter)


def _latex(table: Table) -> str:
    def escaped(text: str) -> str:
        return "".join(map(_latex_letter, _MINUS.sub("\N{MINUS SIGN}", text)))

    def line(cells: tuple[str, ...]) -> str:
        text = " & ".join(map(escaped, cells))
        if len(cells) > 1 and cells[0] and not any(cells[1:]):  # a heading, as wide as the table
            text = rf"\multicolumn{{{len(cells)}}}{{l}}{{{escaped(cells[0])}}}"
        return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"  # which would belong to the line above

    columns = "".join("r" if column.align == "right" else "l" for column in table.columns)
    body = [line(row) for row in table.rows]
    notes = r"\par ".join(escaped(" ".join(note.splitlines())) for note in table.notes)
    head = line(tuple(column.name for column in table.columns))
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            *(
                [r"\par\smallskip", rf"\noindent\parbox{{\linewidth}}{{\footnotesize\raggedright {notes}}}"]
                if notes
                else ()
            ),
        ]
    )


def uncertain(value: float, error: float | None) -> str:
    """A value with its standard error, rounded to two significant digits of the error.

    >>> uncertain(0.12345, 0.0449)
    '0.123 ± 0.045'
    """
    if not math.isfinite(value):
        return "n/a" if math.isnan(value) else str(value)
    if error is None or not math.isfinite(error):
        return f"{value:.4g}"
    if error == 0:
        return f"{value:.4g} ± 0"
    exponent = math.floor(math.log10(float(f"{error:.1e}")))  # of the rounded error: 0.0996 is 0.10
    digits = max(0, 1 - exponent)
    if digits > 8 or exponent > 6:
        return f"{value:.4g} ± {error:.2g}"
    if exponent > 1:
        return f"{round(value, 1 - exponent):z.0f} ± {round(error, 1 - exponent):.0f}"
    return f"{value:z.{digits}f} ± {error:.{digits}f}"


def score_table(scores: ScoreFile, *, everything: bool = False) -> Table:
    """The scores of one run.

    Args:
        scores: The scores.
        everything: Whether all of them are shown, or the main one of each metric.
    """
    from dataclasses import asdict

    shown = [row for row in scores.rows if everything or row.headline]
    floored = any(row.floor is not None for row in shown)
    floor_columns = (Column("floor", "right"), Column("excess", "right"), Column("z", "right")) if floored else ()
    columns = (Column("score"), Column("value", "right"), *floor_columns, Column("unit"), Column("good"))
    rows = tuple(_score(row, floored) for row in shown)
    hidden = len(scores.rows) - len(shown)
    explained = f"floor: real against real responses, mean ± sd of {scores.halvings} halvings; z: excess in these sd"
    notes = (
        *((explained,) if floored else ()),
        *scores.notes,
        *((f"({hidden} further scores: --all)",) if hidden else ()),
    )
    return Table("Scores", columns, rows, tuple(asdict(row) | {"z": row.z} for row in scores.rows), notes)


def _score(row: ScoreRow, floored: bool) -> tuple[str, ...]:
    cells: tuple[str, ...] = (f"{row.metric}/{row.score}", uncertain(row.value, row.error))
    if floored:
        excess = "" if row.excess is None else uncertain(row.excess, row.error)
        floor = "" if row.floor is None else uncertain(row.floor, row.floor_sd)
        cells += (floor, excess, z_text(row.z))
    return (*cells, row.unit, DIRECTIONS[row.better])


def z_text(z: float | None) -> str:
    """Standard deviations off the floor: with a sign, "" where they are unknown, "n/a" where they are undefined."""
    if z is None or math.isnan(z):
        return "" if z is None else "n/a"
    if abs(z) < 0.05:
        return "0.0"
    return f"{z:+.1f}" if abs(z) < 99.95 else f"{z:+.0f}"


def reference_table(scores: ScoreFile) -> Table:
    """Main scores of what stands in for a model."""
    metrics = {row.metric: row for reference in scores.references for row in reference.rows}
    columns = [Column("score")]
    for reference in scores.references:
        columns += [Column(reference.name.replace("_", " "), "right"), Column("z", "right")]
    rows = []
    for metric, first in metrics.items():
        cells = [f"{metric}/{first.score}"]
        for reference in scores.references:
            row = next((row for row in reference.rows if row.metric == metric), None)
            cells += ["", ""] if row is None else [uncertain(row.value, row.error), z_text(row.z)]
        rows.append(tuple(cells))
    return Table("Real responses in the model's place", tuple(columns), tuple(rows))


def sensitivity_table(scores: ScoreFile) -> Table:
    """The smallest faults that each main score sees."""
    faults = list(dict.fromkeys(found.fault for found in scores.sensitivity))
    by_score: dict[str, dict[str, str]] = {}
    for found in scores.sensitivity:
        seen = f"> {found.largest:.0%}" if found.smallest is None else f"{found.smallest:.2%}"
        by_score.setdefault(f"{found.metric}/{found.score}", {})[found.fault] = seen
    columns = (Column("score"), *(Column(fault.replace("_", " "), "right") for fault in faults))
    rows = tuple((score, *(seen.get(fault, "") for fault in faults)) for score, seen in by_score.items())
    return Table("Smallest faults seen, at 3 sd of the floor", columns, rows)
