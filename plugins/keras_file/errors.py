"""What is said of a file that is refused."""

from __future__ import annotations

from reprlib import Repr

from runner.api import Hdf5Error


class ModelFileError(Hdf5Error):
    """Why a model file is refused, in words for whoever wants to use it."""


_LONGEST = 120  # characters
_REPR = Repr()
_REPR.maxstring = _REPR.maxother = _LONGEST


def shown(value: object) -> str:
    """A value from a file for a message: on one line, and short however long it is."""
    text = _REPR.repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
