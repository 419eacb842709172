import pytest

from runner.compare.verdict import verdict


@pytest.mark.parametrize(
    ("worse", "p", "interval", "at_floor", "expected"),
    [
        (1.0, 0.01, (0.5, 1.5), False, "worse"),
        (-1.0, 0.01, (-1.5, -0.5), False, "better"),
        (-1.0, 0.05, (-2.0, 0.0), False, "not distinguishable"),
        (-1.0, 0.2, (-1.5, -0.5), False, "not distinguishable"),  # significant only before the correction
        (-1.0, 1e-9, (-1.5, -0.5), True, "at floor"),
        (-1.0, None, (-1.5, -0.5), True, "at floor"),
        (1.0, None, (-0.5, 2.5), False, "not distinguishable"),
        (1.0, None, (0.5, 1.5), False, "too few seeds"),
        (-1.0, None, (-1.5, -0.5), False, "too few seeds"),
        (1.0, None, (None, None), False, "too few seeds"),
    ],
)
def test_rules(
    worse: float, p: float | None, interval: tuple[float | None, float | None], at_floor: bool, expected: str
) -> None:
    assert verdict(worse=worse, p_holm=p, interval=interval, at_floor=at_floor) == expected
