"""Runs of which something is true, such as ``status=finished and training.steps>=1000``."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from runner import config
from runner.errors import ExperimentError, RunDirectoryError
from runner.run_directory.directory import RunDirectory
from runner.run_directory.keys import Described, check_key

log = logging.getLogger("runner")

_CLAUSE = re.compile(r"""\s*([^\s=!<>]+)\s*(!=|<=|>=|=|<|>)\s*("[^"]*"|'[^']*'|[^\s=<>!"'][^=<>]*?)\s*""")
_AND = re.compile(r"(?:^|\s+)and(?:\s+|$)")
_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")

_ORDERED: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


@dataclass(frozen=True)
class _Condition:
    key: str
    operator: str
    value: Any
    text: str

    def holds(self, run: Described) -> bool:
        """Whether it is true of a run; never where the run has no such key.

        Raises:
            ExperimentError: If an order is asked for of what is no number.
        """
        if not run.has(self.key):
            return False
        value = run.get(self.key)
        if self.operator not in _ORDERED:
            if isinstance(value, str):
                same = fnmatchcase(value, self.text)
            else:
                same = value == self.value and isinstance(value, bool) == isinstance(self.value, bool)
            return same == (self.operator == "=")
        if value is None:
            return False
        for found in (value, self.value):
            if isinstance(found, bool) or not isinstance(found, (int, float)):
                raise ExperimentError(
                    f"{self.key} {self.operator} {self.text}: {found!r} is no number; only numbers have an order"
                )
        return _ORDERED[self.operator](value, self.value)


def is_filter(selector: str) -> bool:
    """Whether a selector is a filter: it holds an operator, which no name does."""
    return any(operator in selector for operator in "=<>")


def filtered(text: str, runs: Sequence[RunDirectory]) -> list[RunDirectory]:
    """The runs of which a filter is true, in their order.

    Args:
        text: Conditions such as ``networks.generator.name=physgan_upsampling and training.steps>=1000``. Texts are
            compared as globs; values are read as in an experiment file.
        runs: The runs.

    Raises:
        ExperimentError: If the text is no filter, or no run has one of its keys.
    """
    conditions = [_condition(part, text) for part in _AND.split(text.strip())]
    described = [readable for run in runs if (readable := _readable(run, conditions))]
    if described:
        for condition in conditions:
            check_key(condition.key, described)
    return [one.run for one in described if all(condition.holds(one) for condition in conditions)]


def _condition(part: str, text: str) -> _Condition:
    match = _CLAUSE.fullmatch(part)
    if not match:
        raise ExperimentError(
            f"{text}: {part.strip() or 'nothing'!r} is no condition; expected KEY, one of {' '.join(_OPERATORS)} and "
            "a value, several of them joined by 'and', as in 'status=finished and training.steps>=1000'"
        )
    key, operator, value = match.groups()
    try:
        read = config.scalar(value)
    except ExperimentError as error:
        raise ExperimentError(f"{text}: {error}") from None
    return _Condition(key, operator, read, read if isinstance(read, str) else value)


def _readable(run: RunDirectory, conditions: Sequence[_Condition]) -> Described | None:
    """The run with all values the conditions need, or None where one cannot be read."""
    described = Described(run)
    try:
        for condition in conditions:
            described.has(condition.key)
    except (RunDirectoryError, ExperimentError) as error:
        log.warning("left out: %s", error)
        return None
    return described
