"""Typed parameters of a component, as written in an experiment file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo
from pydantic_core import PydanticCustomError


class Params(BaseModel):
    """Base of every component's parameters: immutable, unknown keys refused, defaults checked.

    Give each field a type and a ``Field(default, ge=..., description="... [unit]")``: the description is the
    help shown by ``runner plugins describe`` and in the JSON Schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _find_data_file(path: Path, info: ValidationInfo) -> Path:
    context = info.context or {}
    folders: Sequence[Path] = context.get("data_folders", (Path(),))
    candidates = [path] if path.is_absolute() else [folder / path for folder in folders]
    for candidate in candidates:
        if os.path.isfile(candidate):  # also where no file can have such a name
            return candidate.resolve()
    if not context.get("data_must_exist", True):
        return path
    looked = ", ".join(str(candidate.absolute()) for candidate in candidates)
    raise PydanticCustomError(
        "data_file_missing",
        "no such data file; looked for {looked}",
        {"looked": looked, "suggestion": "put the file there, or set RUNNER_DATA to the folder that holds it"},
    )


DataFile = Annotated[Path, AfterValidator(_find_data_file)]
"""A file that must exist. A relative path is looked up next to the experiment file, then in ``RUNNER_DATA``."""
