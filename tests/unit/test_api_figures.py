"""Data of figures that do not fit each other are told where they are made."""

import numpy as np
import pytest

from runner.api import Axis, Bars, Curves, Histogram, Maps, Matrices, Profile, Scatter

ONE, PAIRS = np.ones(4), np.ones((4, 2))
LABELS = ("x", "y")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Histogram("a", "A", "x", "", PAIRS, ONE), r"a: real has shape \(4, 2\), not \(any\)"),
        (lambda: Scatter("a", "A", LABELS, LABELS, PAIRS, PAIRS.T), r"a: generated has shape \(2, 4\), not \(any, 2\)"),
        (lambda: Scatter("a", "A", ("x",), LABELS, PAIRS, PAIRS), "labels"),  # type: ignore[arg-type]
        (lambda: Profile("a", "A", LABELS, LABELS, ONE, np.ones((3, 4)), np.ones((3, 3))), r"real .* not \(3, 3\)"),
        (lambda: Maps("a", "A", "x", "", (Axis("p", 2), Axis("t", 4)), PAIRS, PAIRS.T), r"real .* not \(2, 4\)"),
        (lambda: Matrices("a", "A", ["r"], ["c", "d"], np.ones((2, 1)), np.ones((1, 2))), r"real .* not \(1, 2\)"),
        (lambda: Curves("a", "A", LABELS, LABELS, {"trees": ONE}), r"trees has shape \(4,\), not \(any, 2\)"),
        (lambda: Curves("a", "A", LABELS, LABELS, {}, PAIRS), r"band .* not \(any, 3\)"),
        (lambda: Bars("a", "A", "x", "", ["one"], ONE), r"values .* not \(1\)"),
        (lambda: Bars("a", "A", "x", "", list("abcd"), ONE, np.ones(3)), r"errors .* not \(4\)"),
        (lambda: Histogram("a", "A", "x", "", [1.0], ONE), "real must be a NumPy array, not list"),  # type: ignore[arg-type]
        (lambda: Histogram("../a", "A", "x", "", ONE, ONE), "cannot be the name of a figure"),
        (lambda: Histogram("", "A", "x", "", ONE, ONE), "cannot be the name of a figure"),
        (lambda: Histogram("a", "A\x1b[31m", "x", "", ONE, ONE), "is no text of a figure"),
        (lambda: Bars("a", "A", "x", "", ["a\nb"] * 4, ONE), "is no text of a figure"),
        (lambda: Curves("a", "A", LABELS, LABELS, {"x" * 501: PAIRS}), "is no text of a figure"),
        (lambda: Maps("a", "A", "x", "", (Axis("\n", 4), Axis("t", 2)), PAIRS, PAIRS), "is no text of a figure"),
    ],
)
def test_figures_that_could_not_be_drawn_or_stored_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=message):
        make()
