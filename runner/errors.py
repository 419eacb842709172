"""Everything that can go wrong in a way the user can mend, each with its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_TOLD = 100
"""How many mistakes are looked into and told at once; a file with more is none that somebody has written by hand."""

_LONGEST = 2000  # characters


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, which key it concerns, what is wrong and what to do.

    Attributes:
        where: ``file:line:column``, the text of an override, or "" where no place is known.
        key: Full dotted key in the experiment ("training.steps"), or "".
        message: What was found and what was expected.
        suggestion: What to do, for example the nearest right name; "" when there is none.
        data: True when the data are at fault rather than the experiment (exit code 4 instead of 2).
    """

    where: str
    key: str
    message: str
    suggestion: str = ""
    data: bool = False

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.where, self.key) if part)
        text = _shown(f"{head}: {self.message}" if head else self.message)
        return f"{text}\n    {_shown(self.suggestion)}" if self.suggestion else text


def _shown(text: str) -> str:
    """A text that may quote a file, as a terminal can show it: no control characters, not without end."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in cut
    )


class RunnerError(Exception):
    """Root of all errors shown to the user as one message, without a traceback."""

    exit_code = 1


class ExperimentError(RunnerError):
    """Mistakes in an experiment file or in the call; carries all of them at once."""

    exit_code = 2

    def __init__(self, problems: str | Sequence[Problem]) -> None:
        self.problems = (Problem("", "", problems),) if isinstance(problems, str) else tuple(problems)
        if all(problem.data for problem in self.problems):
            self.exit_code = DataError.exit_code
        told = [str(problem) for problem in self.problems[:MOST_TOLD]]
        super().__init__("\n".join([*told, "and more"] if len(self.problems) > MOST_TOLD else told))


class PluginError(RunnerError):
    """A plugin that cannot be loaded, or that breaks its contract."""

    exit_code = 3


class DataError(RunnerError):
    """Data that cannot be read, or that are not what the experiment says."""

    exit_code = 4


class RunDirectoryError(RunnerError):
    """A run folder that cannot be found, made, read or written."""

    exit_code = 5


class DivergedError(RunnerError):
    """Training produced a NaN or an infinite loss."""

    exit_code = 6


class InterruptedRunError(RunnerError):
    """Training was asked to stop and did so at a checkpoint."""

    exit_code = 75
