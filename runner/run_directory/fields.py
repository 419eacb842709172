"""JSON files of a run folder, read with every type checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from runner.errors import RunDirectoryError
from runner.run_directory.files import failure

T = TypeVar("T")

_LARGEST_FILE = 10_000_000  # bytes


@dataclass(frozen=True)
class Fields:
    """One JSON object.

    Attributes:
        path: The file it stands in.
        tree: Its content; keys that are not asked for are ignored, newer versions may write more.
        key: Where it stands in the file, "" for the outermost object.
    """

    path: Path
    tree: Mapping[str, Any]
    key: str = ""

    @classmethod
    def read(cls, path: Path, schema_version: str) -> Fields:
        """The object a file holds.

        Raises:
            RunDirectoryError: If the file cannot be read, holds no object or is of a later major version.
        """
        try:
            if path.exists() and not path.is_file():
                raise RunDirectoryError(f"{path}: is not a file")
            if path.stat().st_size > _LARGEST_FILE:
                raise RunDirectoryError(f"{path}: is larger than {_LARGEST_FILE // 1_000_000} MB; not a file of a run")
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise failure(path, "cannot be read", error) from error
        except UnicodeDecodeError as error:
            raise RunDirectoryError(f"{path}: is not UTF-8 text: {error}") from error
        return cls.parse(text, path, schema_version)

    @classmethod
    def parse(cls, text: str, path: Path, schema_version: str) -> Fields:
        """The object in a file's text; see `read`."""
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RunDirectoryError(f"{path}: is not valid JSON: {error}") from error
        if not isinstance(tree, dict):
            raise RunDirectoryError(f"{path}: must hold a JSON object, not {_kind(tree)}")
        fields = cls(path, tree)
        found = fields.text("schema_version")
        try:
            newer = int(found.partition(".")[0]) > int(schema_version.partition(".")[0])
        except ValueError:
            fields._fail("schema_version", "a version such as 1.0", found)
        if newer:
            raise RunDirectoryError(
                f"{path}: has schema version {found}, this program knows {schema_version}; install a newer tpc-runner"
            )
        return fields

    def text(self, key: str) -> str:
        """A text; halves of surrogate pairs, which could not be printed, become question marks."""
        value = self._get(key)
        if not isinstance(value, str):
            self._fail(key, "a text", value)
        return value.encode(errors="replace").decode()

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of some texts."""
        value = self.text(key)
        if value not in known:
            raise RunDirectoryError(f"{self.path}: {self._where(key)} must be one of {', '.join(known)}, not {value!r}")
        return value

    def integer(self, key: str) -> int:
        """A whole number."""
        value = self._get(key)
        return value if type(value) is int else self._fail(key, "a whole number", value)

    def number(self, key: str) -> float:
        """A number; infinities are written as text."""
        value = self._get(key)
        if type(value) not in (int, float) and value not in ("Infinity", "-Infinity"):
            self._fail(key, "a number", value)
        try:
            return float(value)
        except OverflowError:
            self._fail(key, "a number", value)

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        return value if isinstance(value, bool) else self._fail(key, "true or false", value)

    def optional(self, read: Callable[[str], T], key: str) -> T | None:
        """What `read` (a method of this object) returns, or None for null."""
        return None if self._get(key) is None else read(key)

    def section(self, key: str) -> Fields:
        """An object."""
        value = self._get(key)
        where = self._where(key)
        return Fields(self.path, value, where) if isinstance(value, dict) else self._fail(key, "an object", value)

    def sections(self, key: str) -> tuple[Fields, ...]:
        """A list of objects."""
        entries = self._list(key)
        return tuple(entries.section(name) for name in entries.tree)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        entries = self._list(key)
        return tuple(entries.text(name) for name in entries.tree)

    def _list(self, key: str) -> Fields:
        """A list as an object whose keys are its positions."""
        value = self._get(key)
        if not isinstance(value, list):
            self._fail(key, "a list", value)
        return Fields(self.path, {str(number): entry for number, entry in enumerate(value)}, self._where(key))

    def _get(self, key: str) -> Any:
        if key not in self.tree:
            raise RunDirectoryError(f"{self.path}: {self._where(key)} is missing")
        return self.tree[key]

    def _where(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key else key

    def _fail(self, key: str, expected: str, value: object) -> NoReturn:
        raise RunDirectoryError(f"{self.path}: {self._where(key)} must be {expected}, not {_kind(value)}")


def _kind(value: object) -> str:
    """A value in a message: itself where it is short, its kind otherwise."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value)[:40]
