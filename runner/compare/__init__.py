"""Runs side by side: those that differ in the seed as one group, each group against a baseline."""

from runner.compare.choosing import choose
from runner.compare.comparing import compare
from runner.compare.differing import Differing, differing
from runner.compare.result import Cell, ComparedScore, Comparison, Difference, Group, Parameter

__all__ = [
    "Cell",
    "ComparedScore",
    "Comparison",
    "Difference",
    "Differing",
    "Group",
    "Parameter",
    "choose",
    "compare",
    "differing",
]
