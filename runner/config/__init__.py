"""Experiment files: YAML 1.2 with the position of every value, ``extends:`` and ``--set``.

Only text, numbers, truth values, null, lists and mappings can be written: no tags, no code.
"""

from runner.config.document import Document, read
from runner.config.entries import values
from runner.config.flat import flat
from runner.config.overrides import scalar
from runner.config.writing import dump

__all__ = ["Document", "dump", "flat", "read", "scalar", "values"]
