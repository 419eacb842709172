"""What a score's distance from the floor means, in words and as a bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runner.compare.verdict import FLOOR_REACH
from runner.report.tables import uncertain, z_text
from runner.run_directory import ScoreFile

LIMIT = FLOOR_REACH
"""Standard deviations of the floor beyond which a model can be told from real responses."""

AT_FLOOR, WORSE, BEYOND = "at the floor", "worse than real", "beyond the floor"

_LEFT, _RIGHT = -6.0, 15.0  # standard deviations at the ends of a bar's scale
_UNIT = 8  # pixels for each


def distance(z: float | None, better: str) -> float | None:
    """How far a score is off the floor to the worse, in standard deviations; None where that cannot be said.

    Args:
        z: Excess over the floor in standard deviations.
        better: "lower", "higher", "zero", "one" or "none".
    """
    if z is None or math.isnan(z) or better == "none":
        return None
    return {"lower": z, "higher": -z}.get(better, abs(z))


def verdict(z: float | None, better: str) -> str:
    """`AT_FLOOR`, `WORSE`, `BEYOND`, or "" where the floor is not known or the score is a figure to know."""
    off = distance(z, better)
    if off is None:
        return ""
    return WORSE if off >= LIMIT else BEYOND if off <= -LIMIT else AT_FLOOR


@dataclass(frozen=True)
class Bar:
    """A score's distance from the floor, to be drawn to the right of zero where it is to the worse.

    Attributes:
        kind: "floor", "worse" or "beyond".
        text: What is printed beside it: z.
        left: Where the bar begins [pixel].
        width: How long it is [pixel].
        capped: Whether it ends at the end of the scale because it does not fit.
    """

    kind: str
    text: str
    left: float
    width: float
    capped: bool

    # the scale, the same for all [pixel]
    length = round((_RIGHT - _LEFT) * _UNIT)
    zero = round(-_LEFT * _UNIT)
    band_left = round((-LIMIT - _LEFT) * _UNIT)
    band_width = round(2 * LIMIT * _UNIT)
    ticks = tuple((round((at - _LEFT) * _UNIT), f"{at:.0f}".replace("-", "\N{MINUS SIGN}")) for at in (-3, 0, 3, 10))


def bar(z: float | None, better: str) -> Bar | None:
    """The bar of a score; None where there is none."""
    off = distance(z, better)
    if off is None:
        return None
    said = verdict(z, better)
    shown = min(max(off, _LEFT), _RIGHT)
    begin, end = sorted((0.0, shown))
    kind = {AT_FLOOR: "floor", WORSE: "worse", BEYOND: "beyond"}[said]
    return Bar(
        kind=kind,
        text=z_text(z),
        left=round((begin - _LEFT) * _UNIT, 1),
        width=round((end - begin) * _UNIT, 1),
        capped=shown != off,
    )


def summary(scores: ScoreFile) -> list[str]:
    """What the main scores say, in sentences."""
    main = [row for row in scores.rows if row.headline and row.better != "none"]
    judged = [row for row in main if distance(row.z, row.better) is not None]
    if not judged:
        return ["No main score has a floor, so that nothing says how close the model is to real responses."]
    found = {kind: [row for row in judged if verdict(row.z, row.better) == kind] for kind in (AT_FLOOR, WORSE, BEYOND)}
    number, floored = len(judged), len(found[AT_FLOOR])
    sentences = [f"{floored or 'None'} of {number} main scores {'is' if floored < 2 else 'are'} at the floor."]
    if number == 1:
        sentences[0] = "The one main score with a floor is not at it."
    if not found[WORSE] and not found[BEYOND]:
        sentences[0] = (
            f"All {number} main scores are at the floor: by them the model cannot be told from real responses."
            if number > 1
            else "The one main score with a floor is at it: by it the model cannot be told from real responses."
        )
    if found[WORSE]:
        worst = max(found[WORSE], key=lambda row: distance(row.z, row.better) or 0.0)
        value = uncertain(worst.value, worst.error)
        floor = uncertain(worst.floor or 0.0, worst.floor_sd)
        unit = "" if worst.unit in ("", "1") else f" {worst.unit}"
        sentences.append(
            f"The worst is {worst.metric}/{worst.score}: {value}{unit}, where real responses score {floor}{unit} "
            f"(z {z_text(worst.z)})."
        )
    if found[BEYOND]:
        names = listed([f"{row.metric}/{row.score}" for row in found[BEYOND]])
        sentences.append(
            f"Better than real responses score against each other: {names}. "
            "That is no merit: look for copied training events and collapsed diversity."
        )
    if unjudged := [row for row in main if row not in judged]:
        sentences.append(f"Without a floor: {listed([f'{row.metric}/{row.score}' for row in unjudged])}.")
    return sentences


def listed(names: Sequence[str]) -> str:
    """Names with commas and an "and"."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def direction(better: str) -> str:
    """Which way a score is good, in words; "" for a figure to know."""
    return {"zero": "near 0", "one": "near 1", "none": ""}.get(better, better)
