"""Options of one layer, as a file gives them: each is checked when it is asked for.

An option that is not asked for, is not for training only, and is set, is refused: it could change what the layer
computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.keras_file.errors import ModelFileError, shown

LARGEST = 2**22
"""Largest size of anything, and most elements of one layer's output for one event."""

ACTIVATIONS = {
    **{name: name for name in ("linear", "relu", "elu", "selu", "gelu", "silu", "softplus", "softsign", "softmax")},
    **{name: name for name in ("tanh", "sigmoid", "exponential")},
    "swish": "silu",
}
"""By their names in files; those that mean the same in Keras 2 and 3 (hard_sigmoid, for one, does not)."""

_FOR_TRAINING = ("_initializer", "_regularizer", "_constraint")
_UNREAD = {"name", "trainable", "dtype", "batch_input_shape", "seed", "momentum", "renorm_momentum", "synchronized"}
_REQUIRED: Any = object()


class Options:
    """Options of one layer as the file gives them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def integer(self, name: str, default: int = _REQUIRED) -> int:
        """A size."""
        return _integer(name, self._take(name, default))

    def integers(self, name: str, default: None = _REQUIRED, low: int = 1) -> tuple[int, ...] | None:
        """A list of sizes, or None where that is the default."""
        values = self._take(name, default)
        if values is None and default is None:
            return None
        if not isinstance(values, list) or not 1 <= len(values) <= 8:
            raise _wrong(name, values, "a list of one to eight integers")
        return tuple(_integer(name, value, low) for value in values)

    def pair(self, name: str, default: tuple[int, int] = _REQUIRED) -> tuple[int, int]:
        """Two sizes, of which a single number is both."""
        value = self._take(name, default)
        values = [value, value] if isinstance(value, int) else value
        if not isinstance(values, list | tuple) or len(values) != 2:
            raise _wrong(name, value, "one integer or two")
        return _integer(name, values[0]), _integer(name, values[1])

    def margins(self, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """((top, bottom), (left, right))."""
        value = self._take(name)
        pairs = value if isinstance(value, list) else []
        if len(pairs) != 2 or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise _wrong(name, value, "two pairs of integers")
        (top, bottom), (left, right) = ([_integer(name, number, 0) for number in pair] for pair in pairs)
        return (top, bottom), (left, right)

    def axis(self, name: str = "axis", default: int = _REQUIRED) -> int:
        """One axis, maybe in a list."""
        value = self._take(name, default)
        return _integer(name, value[0] if isinstance(value, list) and len(value) == 1 else value, -8)

    def number(self, name: str, default: float | None = _REQUIRED, low: float = 0, high: float = 1e30) -> float | None:
        """A number, or None where that is the default."""
        value = self._take(name, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _wrong(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise _wrong(name, value, "true or false")
        return value

    def one_of(self, name: str, allowed: Mapping[str, str], default: str = _REQUIRED) -> str:
        """One of some names."""
        value = self._take(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise _wrong(name, value, f"one of those that are read: {', '.join(allowed)}")
        return allowed[value]

    def activation(self) -> str:
        """A function by its name."""
        return self.one_of("activation", ACTIVATIONS, "linear")

    def padding(self) -> str:
        """Of a convolution or pooling."""
        return self.one_of("padding", {"valid": "valid", "same": "same"}, "valid")

    def only(self, name: str, value: Any) -> None:
        """An option of which one value is supported."""
        found = self._take(name, value)
        if found != value:
            raise _wrong(name, found, f"{shown(value)}, which alone is supported")

    def finish(self) -> None:
        """Refuses what has not been asked for."""
        for name, value in self._values.items():
            unread = name in _UNREAD or name.endswith(_FOR_TRAINING)
            if not unread and value is not None and value is not False:
                raise ModelFileError(f"option {shown(name)} is {shown(value)}, which is not supported")

    def _take(self, name: str, default: Any = _REQUIRED) -> Any:
        value = self._values.pop(name, default)
        if value is _REQUIRED:
            raise ModelFileError(f"option {name} is missing")
        return value


def _integer(name: str, value: Any, low: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= LARGEST:
        raise _wrong(name, value, f"an integer from {low} to {LARGEST}")
    return value


def _wrong(name: str, value: Any, wanted: str) -> ModelFileError:
    return ModelFileError(f"option {name} is {shown(value)}, not {wanted}")
