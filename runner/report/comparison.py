"""Tables of a comparison."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from runner.report.tables import DIRECTIONS, Column, Table, finite, uncertain, with_columns, z_text

if TYPE_CHECKING:
    from runner.compare import Cell, ComparedScore, Comparison, Difference, Group

_FLOOR = "real responses"


def group_table(comparison: Comparison) -> Table:
    """Which runs each group is made of."""
    models = [group for group in comparison.groups if not group.reference]
    rows = tuple((group.label, ", ".join(map(str, group.seeds)), ", ".join(group.ids)) for group in models)
    return Table("Groups", (Column("group"), Column("seeds"), Column("runs")), rows)


def compared_scores(comparison: Comparison) -> Table:
    """One line for each score and group, below them what real responses score in the model's place."""
    names = ("score", "group", "value", "error", "z", "difference", "95 % interval", "p", "verdict", "unit", "good")
    columns = tuple(Column(name, "right" if name in names[2:8] else "left") for name in names)
    rows: list[tuple[str, ...]] = []
    for score in comparison.scores:
        lines = [_line(comparison, number, cell) for number, cell in enumerate(score.cells) if cell is not None]
        if score.floor is not None:
            # above the references, which are no models either
            models = sum(cell is not None for cell in score.cells[: _models(comparison)])
            lines.insert(models, (_FLOOR, uncertain(score.floor, score.floor_sd), "", "", "", "", "", "floor"))
        for number, line in enumerate(lines):
            named = (score.key, score.unit, DIRECTIONS[score.better]) if not number else ("", "", "")
            rows.append((named[0], *line, *named[1:]))
    notes = (
        "value: mean ± sd of the seeds (their number); error: of one evaluation; z: excess over the floor in its sd; "
        "*: best",
        *comparison.notes,
    )
    return Table("Scores", columns, tuple(rows), notes=notes)


def folded(scores: Table) -> Table:
    """Scores for paper, which is narrow: score, unit and good direction on a line of their own, not in columns."""
    spare = [name for name in ("score", "unit", "good") if name in scores.names]
    if "score" not in spare or "group" not in scores.names:
        return scores
    narrow = with_columns(scores, ["group", "*"], spare)
    rows = list[tuple[str, ...]]()
    for row, (group, *others) in zip(scores.rows, narrow.rows, strict=True):
        cells = dict(zip(scores.names, row, strict=True))
        if cells["score"]:
            unit = "" if cells.get("unit", "") in ("", "1") else f"[{cells['unit']}]"
            heading = " ".join(filter(None, (cells["score"], unit, cells.get("good", ""))))
            rows.append((heading, *("" for _ in others)))
        rows.append((f"\N{EM SPACE}{group}", *others))
    return replace(narrow, rows=tuple(rows))


def number_table(comparison: Comparison) -> Table:
    """The scores with all digits, one line for each score and group, for programs that read tables."""
    records = tuple(
        _record(score, group, cell)
        for score in comparison.scores
        for group, cell in zip(comparison.groups, score.cells, strict=True)
        if cell is not None
    )
    columns = tuple(Column(name) for name in (records[0] if records else ()))
    rows = tuple(tuple("" if value is None else str(value) for value in record.values()) for record in records)
    return Table("Scores", columns, rows)


def parameter_table(comparison: Comparison) -> Table:
    """What is not the same in all groups, or all that was asked for; of parameters and groups the more go down."""
    labels = [group.label for group in comparison.groups[: _models(comparison)]]
    found = comparison.parameters
    title = "Parameters that differ" if all(parameter.differs for parameter in found) else "Parameters"
    if len(labels) > len(found):
        columns = (Column("group"), *(Column(parameter.key) for parameter in found))
        values = zip(*(map(_value, parameter.values) for parameter in found), strict=True)
        rows = tuple((label, *row) for label, row in zip(labels, values, strict=False))
    else:
        columns = (Column("parameter"), *map(Column, labels))
        rows = tuple((parameter.key, *map(_value, parameter.values)) for parameter in found)
    return Table(title, columns, rows)


def comparison_json(comparison: Comparison) -> str:
    """All of a comparison for programs; what is undefined is null."""
    return json.dumps(finite(asdict(comparison)), indent=2, ensure_ascii=False, default=str)


def _models(comparison: Comparison) -> int:
    return sum(not group.reference for group in comparison.groups)


def _line(comparison: Comparison, number: int, cell: Cell) -> tuple[str, ...]:
    group, found = comparison.groups[number], cell.difference
    single = uncertain(cell.mean, cell.error).partition(" ")[0]  # as many digits as its error, which has its own column
    scatter = f"{uncertain(cell.mean, cell.sd)} ({cell.n})" if cell.n > 1 else single
    error = "" if cell.error is None else f"{cell.error:.2g}"
    line = (group.label, f"{scatter}{' *' if cell.best else ''}", error, z_text(cell.z))
    if group.reference:
        return (*line, "", "", "", "reference")
    if number == comparison.baseline:
        said = ("baseline" if _models(comparison) > 1 else "", cell.gap)
        return (*line, "", "", "", ", ".join(filter(None, said)))
    return (*line, "", "", "", cell.gap) if found is None else (*line, *_difference(found))


def _difference(found: Difference) -> tuple[str, ...]:
    reach = None if found.low is None or found.high is None else (found.high - found.low) / 2
    value = uncertain(found.value, reach).partition(" ")[0]
    ends = [uncertain(end, reach).partition(" ")[0] for end in (found.low, found.high) if end is not None]
    p = "" if found.p_holm is None else f"{found.p_holm:.2g}"
    return value, f"[{', '.join(ends)}]" if ends else "", p, found.verdict


def _value(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _record(score: ComparedScore, group: Group, cell: Cell) -> dict[str, Any]:
    return {
        "score": score.key,
        "unit": score.unit,
        "better": score.better,
        "group": group.label,
        "reference": group.reference,
        "seeds": " ".join(map(str, group.seeds)),
        "floor": score.floor,
        "floor_sd": score.floor_sd,
        **_numbers(cell),
    }


def _numbers(cell: Cell) -> dict[str, Any]:
    found = cell.difference
    names = ("value", "low", "high", "p", "p_holm", "test", "verdict")
    difference = {("difference" if name == "value" else name): getattr(found, name, None) for name in names}
    return {"mean": cell.mean, "sd": cell.sd, "n": cell.n, "error": cell.error, "z": cell.z} | difference
